/**
 * What answers behind the fault-injecting brain: it counts. It looks only into the conversation that
 * its session has, as a model would, so a word that the session was never told is a word that is
 * lost: an answer goes on behind the last word that stands there, and what a question holds of the
 * caller's voice is written down.
 *
 * @module
 */

import { readStamps } from "../../bench/turns/stamps.ts";
import type {
  Answerer,
  AnswerPiece,
  AnswerRequest,
  TranscriptionRequest,
} from "../../brain/realtime/answerer.ts";
import type { AudioClip } from "../../brain/realtime/clip.ts";
import type { Item, Message } from "../../brain/realtime/items.ts";
import { ANSWER_WORDS, MAX_QUESTION, wordAudio, wordsIn, wordsWithin, wordText } from "./words.ts";

/** An answer that was begun. */
export interface Counted {
  readonly atMs: number;
  readonly question: number;
  /** The first word; above 1 when it goes on with an answer that was cut. */
  readonly from: number;
  /** How often each frame of the question stood in the conversation, by its number. */
  readonly frames: ReadonlyMap<number, number>;
}

/** How a caller asks the agent to hang up: the answer to this question ends with a call of the tool. */
export type HangsUp = (question: number) => boolean;

export class CountingBrain implements Answerer {
  /** The newest are kept. */
  readonly answers: Counted[] = [];
  readonly #hangsUp: HangsUp;
  readonly #keep: number;

  constructor(hangsUp: HangsUp = () => false, keep = 10_000) {
    this.#hangsUp = hangsUp;
    this.#keep = keep;
  }

  answer({ items, tools }: AnswerRequest): Iterator<AnswerPiece> {
    // Not in the generator, whose body waits until the first piece is wanted.
    const { question, from, frames } = place(items);
    this.answers.push({ atMs: performance.now(), question, from, frames });
    if (this.answers.length > this.#keep) this.answers.shift();
    const [tool] = tools;
    const hangsUp = this.#hangsUp(question) && tool?.type === "function" ? tool.name! : null;
    return count(question, from, hangsUp);
  }

  /** Writes down the number of the question: a caller's words are known by nothing else. */
  transcribe({ clip }: TranscriptionRequest): string {
    return `question-${questionIn(clip) ?? 0}`;
  }
}

/** Counts to the end, and then calls the tool, if there is one to call. */
function* count(question: number, from: number, tool: string | null): Generator<AnswerPiece> {
  for (let word = from; word <= ANSWER_WORDS; word++) {
    yield { words: wordText(question, word), audio: wordAudio(question, word) };
  }
  if (tool !== null) yield { call: { name: tool, arguments: "{}" } };
}

/** What is asked, and how far its answer came, by what stands in the conversation. */
function place(
  items: readonly Item[],
): { question: number; from: number; frames: Map<number, number> } {
  const messages = items.filter((item) => item.type === "message");
  const asked = messages.findLastIndex(({ role }) => role === "user");
  const question = asked < 0 ? 0 : questionOf(messages[asked]!) ?? 0;
  let words = 0;
  for (const item of messages.slice(asked + 1)) {
    if (item.role === "assistant") words = Math.max(words, wordsOf(item, question, words));
  }
  const frames = new Map<number, number>();
  for (const item of messages) {
    if (item.role === "user") countFrames(item, question, frames);
  }
  // Asked to go on with what is complete already, a model says something all the same.
  return { question, from: Math.min(words + 1, ANSWER_WORDS), frames };
}

function clipsOf(item: Message): AudioClip[] {
  return item.parts.flatMap((part) => part.type === "input_audio" && part.clip ? [part.clip] : []);
}

/** Of questions, not of the silence between them. */
function stampsOf(clip: AudioClip) {
  const stamps = readStamps(new Uint8Array(clip.slice(0, clip.byteLength)));
  return stamps.filter(({ source }) => source <= MAX_QUESTION);
}

/** The last one whose voice is in it. */
function questionIn(clip: AudioClip): number | undefined {
  return stampsOf(clip).at(-1)?.source;
}

function questionOf(item: Message): number | undefined {
  for (const clip of clipsOf(item)) {
    const question = questionIn(clip);
    if (question !== undefined) return question;
  }
  for (const part of item.parts) {
    const text = "text" in part ? part.text : "transcript" in part ? part.transcript ?? "" : "";
    const named = /question-(\d+)/.exec(text);
    if (named) return Number(named[1]);
  }
  return undefined;
}

/** @param before Words that stood before this item: it may go on with an answer. */
function wordsOf(item: Message, question: number, before: number): number {
  for (const part of item.parts) {
    if (part.type === "output_text") return countOn(part.text, question, before);
    if (part.type !== "output_audio") continue;
    if (part.transcript) return countOn(part.transcript, question, before);
    // Truncated: what is left of its sound tells.
    return wordsWithin(part.durationMs);
  }
  return before;
}

function countOn(text: string, question: number, before: number): number {
  const found = wordsIn(text) ?? wordsIn(wordsUpTo(question, before) + text);
  return found?.question === question ? found.words : before;
}

function wordsUpTo(question: number, words: number): string {
  let text = `answer-${question}: `;
  for (let word = 1; word <= words; word++) text += wordText(question, word).split(": ").at(-1);
  return text;
}

function countFrames(item: Message, question: number, frames: Map<number, number>): void {
  for (const clip of clipsOf(item)) {
    for (const { source, block } of stampsOf(clip)) {
      if (source === question) frames.set(block, (frames.get(block) ?? 0) + 1);
    }
  }
}
