/**
 * The agent's numbered words: "one two three …", each with a sound of its own length that says in
 * every 10 ms which word of the answer to which question it is. So a phone can tell from its audio
 * alone which words were heard, once, twice or never, and a brain from a text item how far it came.
 *
 * @module
 */

import { BLOCK_BYTES, BLOCK_MS, readStamps, stamp } from "../../bench/turns/stamps.ts";
import { pcm16ToMulaw } from "../../media/mulaw.ts";

/** An answer counts so far, in 2.6 s. */
export const ANSWER_WORDS = 8;
const NUMBERS = "one two three four five six seven eight".split(" ");
/** The answer to question `n` is stamped with this much more than the question; 0 is the greeting. */
const FIRST_SOURCE = 1024;
/** Questions are numbered from 1 ... */
export const MAX_QUESTION = 511;
/** ... and calls from here. */
export const FIRST_CALL = MAX_QUESTION + 1;
export const MAX_CALLS = FIRST_SOURCE - FIRST_CALL;
/** The first words of an answer name the question, so that no two answers are alike. */
const OPENING = /answer-(\d+):/g;

/** Longer words take longer: a product that guesses from lengths guesses as well as with speech. */
function wordBlocks(word: number): number {
  return 12 + 5 * NUMBERS[word - 1]!.length;
}

/** Blocks before each word. */
const STARTS = [0];
for (let word = 1; word <= ANSWER_WORDS; word++) {
  STARTS[word] = STARTS[word - 1]! + wordBlocks(word);
}

/** What is written of a word; counted from 1. */
export function wordText(question: number, word: number): string {
  return `${word === 1 ? `answer-${question}: ` : ""}${NUMBERS[word - 1]} `;
}

const TONE = Uint8Array.from(
  { length: 8000 },
  (_, i) => pcm16ToMulaw(Math.round(6000 * Math.sin(2 * Math.PI * 310 * i / 8000))),
);

/** The sound of a word, µ-law. */
export function wordAudio(question: number, word: number): Uint8Array<ArrayBuffer> {
  const blocks = wordBlocks(word);
  const bytes = TONE.slice(0, blocks * BLOCK_BYTES);
  for (let i = 0; i < blocks; i++) {
    stamp(bytes, i * BLOCK_BYTES, FIRST_SOURCE + question, STARTS[word - 1]! + i);
  }
  return bytes;
}

/** How far an agent's text came: the last question that it answers, and words said of that answer. */
export function wordsIn(text: string): { question: number; words: number } | null {
  const opening = [...text.matchAll(OPENING)].at(-1);
  if (!opening) return null;
  const said = text.slice(opening.index + opening[0].length).split(/[^a-z]+/);
  let words = 0;
  for (const each of said) if (each === NUMBERS[words]) words++;
  return { question: Number(opening[1]), words };
}

/** How many words fit wholly into the first `ms` of an answer. */
export function wordsWithin(ms: number): number {
  let words = 0;
  while (words < ANSWER_WORDS && STARTS[words + 1]! * BLOCK_MS <= ms) words++;
  return words;
}

/** The words of which the last sound stands in a piece of audio, and where it ends there; in bytes. */
export function* wordEnds(
  bytes: Uint8Array<ArrayBuffer>,
): Generator<{ question: number; word: number; endBytes: number }> {
  for (const { source, block, at } of readStamps(bytes)) {
    const word = STARTS.indexOf(block + 1);
    if (source < FIRST_SOURCE || word < 1) continue;
    yield { question: source - FIRST_SOURCE, word, endBytes: at + BLOCK_BYTES };
  }
}

/** What a caller heard of one answer. */
export interface HeardAnswer {
  readonly question: number;
  /** How often each word was heard whole; by its number less one. */
  readonly times: readonly number[];
  /** Sound that was heard again, ms. */
  readonly againMs: number;
  /** When its first and last sound were heard, ms from the beginning of what was heard. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Silence in the midst of it, all of it together; ms. */
  readonly silenceMs: number;
  /** The longest of that in one piece. */
  readonly longestSilenceMs: number;
}

/** A stamp may be lost where sound was cut. */
const MISSED_BLOCKS = 2;
/** Blocks may stand as far apart as they are long, and a little more where a clock was rounded. */
const GAP_MS = BLOCK_MS + 5;

/** The answers in what a phone heard, in the order in which they began. */
export function answersHeard(heard: Uint8Array<ArrayBuffer>): HeardAnswer[] {
  const stamps = readStamps(heard).filter(({ source }) => source >= FIRST_SOURCE);
  const answers: HeardAnswer[] = [];
  for (const source of new Set(stamps.map((each) => each.source))) {
    const own = stamps.filter((each) => each.source === source);
    const counts = new Uint16Array(STARTS[ANSWER_WORDS]!);
    let silenceMs = 0, longestSilenceMs = 0;
    own.forEach(({ block, at }, i) => {
      if (block < counts.length) counts[block]!++;
      const gapMs = i > 0 ? (at - own[i - 1]!.at) / 8 : 0;
      if (gapMs <= GAP_MS) return;
      silenceMs += gapMs - BLOCK_MS;
      longestSilenceMs = Math.max(longestSilenceMs, gapMs - BLOCK_MS);
    });
    const times = Array.from({ length: ANSWER_WORDS }, (_, i) => timesHeard(counts, i + 1));
    const again = counts.reduce((sum, count) => sum + Math.max(0, count - 1), 0);
    answers.push({
      question: source - FIRST_SOURCE,
      times,
      againMs: again * BLOCK_MS,
      fromMs: own[0]!.at / 8,
      toMs: own.at(-1)!.at / 8 + BLOCK_MS,
      silenceMs,
      longestSilenceMs,
    });
  }
  return answers;
}

/** The most often that all blocks but a few were heard. */
function timesHeard(counts: Uint16Array, word: number): number {
  const own = [...counts.subarray(STARTS[word - 1]!, STARTS[word]!)].sort((a, b) => a - b);
  return own[MISSED_BLOCKS]!;
}
