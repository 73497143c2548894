/**
 * A caller who counts: asks stamped questions, and knows of each answer which words were heard, when,
 * and with how much silence in between. While they are silent, each frame bears the call's own number,
 * so that a brain knows whose link is whose.
 *
 * @module
 */

import { FRAME_BYTES, FRAME_MS, sound } from "../../bench/turns/life/sounds.ts";
import { stamp } from "../../bench/turns/stamps.ts";
import { type PhraseName, PHRASES } from "../../call/phrases.ts";
import type { Phone, PhoneOptions } from "../../cli/phone/phone.ts";
import { findSpeech } from "../calls/audio.ts";
import type { SpeechName } from "../speech/speech.ts";
import {
  answersHeard,
  FIRST_CALL,
  type HeardAnswer,
  MAX_CALLS,
  MAX_QUESTION,
  wordEnds,
} from "./words.ts";

/** How often a caller listens whether the last word was said. */
const LISTEN_MS = 60;
/** What a caller remembers of what they heard. */
const KEEP_MS = 120_000;
const WORD_FRAMES = 10;
const BYTES_PER_MS = 8;

let questions = 0, calls = 0;

/** A number for a question that no other call is asking at this time. */
export function nextQuestion(): number {
  return questions++ % MAX_QUESTION + 1;
}

/** A question that was asked. Times are ms of the phone's clock. */
export interface Asked {
  readonly question: number;
  /** Its frames in which something can be heard: these bear stamps. */
  readonly frames: ReadonlySet<number>;
  readonly startedAtMs: number;
  /** When the caller's mouth closed; NaN while it is open. */
  endedAtMs: number;
  readonly said: Promise<void>;
}

interface Saying {
  readonly frames: readonly Uint8Array[];
  at: number;
  readonly done: (endedAtMs: number) => void;
}

export class FaultCall {
  readonly phone: Phone;
  readonly asked: Asked[] = [];
  /** The number of the call; see `FaultBrain.linkOf`. */
  readonly number = FIRST_CALL + calls++ % MAX_CALLS;
  readonly #silent = new Uint8Array(FRAME_BYTES).fill(0xff);
  /** When the end of each word was heard, or will be unless it is cleared: by question and word. */
  readonly #wordHeardAtMs = new Map<string, number>();
  #saying: Saying | null = null;
  #frameAtMs = NaN;

  /** @param makePhone With the options that it is given. */
  constructor(makePhone: (options: Partial<PhoneOptions>) => Phone) {
    stamp(this.#silent, 0, this.number, 0);
    this.phone = makePhone({
      keepHeardMs: KEEP_MS,
      pollMs: LISTEN_MS,
      fillFrame: (frame, index) => this.#fill(frame, index),
      onMedia: (bytes, atMs) => this.#arrived(bytes, atMs),
      onClear: (atMs) => this.#cleared(atMs),
    });
  }

  /** @throws {Error} When the call comes to nothing. */
  async dial(): Promise<void> {
    if (await this.phone.dial() === "streaming") return;
    throw new Error(`The call came to nothing: ${this.phone.describe()}`);
  }

  /** Asks a question, from the next frame on. */
  ask(name: SpeechName = "question_open", question: number = nextQuestion()): Asked {
    if (this.#saying) throw new Error("Cannot ask: the caller is speaking already");
    const { frames, voiced, ms } = sound(name, 0);
    const stamped = new Set<number>();
    const own = frames.map((frame, n) => {
      if (!voiced[n]) return frame;
      stamped.add(n);
      const copy = frame.slice();
      stamp(copy, 0, question, n);
      return copy;
    });
    const said = new Promise<void>((resolve) => {
      const done = (lastFrameAtMs: number) => {
        one.endedAtMs = lastFrameAtMs - own.length * FRAME_MS + ms;
        resolve();
      };
      this.#saying = { frames: own, at: 0, done };
    });
    const startedAtMs = this.phone.now();
    const one: Asked = { question, frames: stamped, startedAtMs, endedAtMs: NaN, said };
    this.asked.push(one);
    return one;
  }

  /** What was heard of the answer to a question, so far; 0 is the greeting. */
  answerTo(question: number, sinceMs = this.startedAtMs): HeardAnswer | undefined {
    const answer = answersHeard(this.phone.heard(sinceMs)).find((one) => one.question === question);
    if (!answer) return undefined;
    return { ...answer, fromMs: answer.fromMs + sinceMs, toMs: answer.toMs + sinceMs };
  }

  get startedAtMs(): number {
    return this.phone.times.streamStartedAtMs;
  }

  /**
   * Waits until the end of a word of the answer has been heard, or the call is over.
   *
   * @returns False when the call ended or the time was up.
   */
  async heard(question: number, word: number, timeoutMs: number): Promise<boolean> {
    const key = `${question} ${word}`;
    const enough = () => (this.#wordHeardAtMs.get(key) ?? Infinity) <= this.phone.now();
    const over = () => enough() ? "heard" : this.phone.end ? "ended" : null;
    const how = await this.phone.waitFor(over, timeoutMs, `word ${word}`).catch(() => "late");
    return how === "heard";
  }

  /** When the end of a word of an answer was heard, ms of the phone's clock; NaN when it was not. */
  heardAtMs(question: number, word: number): number {
    return this.#wordHeardAtMs.get(`${question} ${word}`) ?? NaN;
  }

  /** Our own phrases that were heard. */
  phrases(): PhraseName[] {
    const heard = this.phone.heard(this.startedAtMs, this.phone.end?.atMs ?? this.phone.now());
    const names = Object.keys(PHRASES) as PhraseName[];
    return names.filter((name) => findSpeech(heard, Uint8Array.fromBase64(PHRASES[name])) >= 0);
  }

  #arrived(bytes: Uint8Array<ArrayBuffer>, atMs: number): void {
    const endMs = atMs + this.phone.stream.playout.queuedMs(atMs);
    for (const { question, word, endBytes } of wordEnds(bytes)) {
      const key = `${question} ${word}`;
      const heardAtMs = endMs - (bytes.length - endBytes) / BYTES_PER_MS;
      this.#wordHeardAtMs.set(key, Math.min(heardAtMs, this.#wordHeardAtMs.get(key) ?? Infinity));
    }
  }

  #cleared(atMs: number): void {
    for (const [key, heardAtMs] of this.#wordHeardAtMs) {
      if (heardAtMs > atMs) this.#wordHeardAtMs.delete(key);
    }
  }

  #fill(frame: Uint8Array, index: number): void {
    const nowMs = this.phone.now();
    const saying = this.#saying;
    // Who is moved to another stream speaks on meanwhile.
    if (saying && index === 0 && !Number.isNaN(this.#frameAtMs)) {
      saying.at += Math.max(0, Math.floor((nowMs - this.#frameAtMs) / FRAME_MS) - 1);
    }
    this.#frameAtMs = nowMs;
    frame.set(saying?.frames[saying.at] ?? this.#silent);
    if (!saying || ++saying.at < saying.frames.length) return;
    this.#saying = null;
    saying.done(nowMs);
  }
}

/** Words (200 ms each) of a question of which a frame is missing, and those that came twice. */
export function wordsOfCaller(
  { frames }: Asked,
  came: ReadonlyMap<number, number>,
): { lost: number; twice: number } {
  const lost = new Set<number>(), twice = new Set<number>();
  for (const frame of frames) {
    const times = came.get(frame) ?? 0;
    if (times === 0) lost.add(Math.floor(frame / WORD_FRAMES));
    if (times > 1) twice.add(Math.floor(frame / WORD_FRAMES));
  }
  return { lost: lost.size, twice: twice.size };
}
