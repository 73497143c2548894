/**
 * A caller who counts: asks stamped questions, and knows of each answer which words were heard, when,
 * and with how much silence in between.
 *
 * @module
 */

import { sound } from "../../bench/turns/life/sounds.ts";
import { stamp } from "../../bench/turns/stamps.ts";
import type { Phone } from "../../cli/phone/phone.ts";
import type { PhraseName } from "../../call/phrases.ts";
import { PHRASES } from "../../call/phrases.ts";
import type { SpeechName } from "../speech/speech.ts";
import { findSpeech } from "../calls/audio.ts";
import { answersHeard, type HeardAnswer, MAX_QUESTION } from "./words.ts";

const FRAME_BYTES = 160, FRAME_MS = 20;
/** How often a caller listens whether the last word was said. */
const LISTEN_MS = 60;
/** What a caller remembers of what they heard. */
const KEEP_MS = 120_000;
const WORD_FRAMES = 10;

let asked = 0;

/** A number for a question that no other call is asking at this time. */
export function nextQuestion(): number {
  return asked++ % MAX_QUESTION + 1;
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

export const PHONE_OPTIONS = { keepHeardMs: KEEP_MS, pollMs: LISTEN_MS } as const;

export class FaultCall {
  readonly phone: Phone;
  readonly asked: Asked[] = [];

  constructor(phone: Phone) {
    this.phone = phone;
  }

  /** @throws {Error} When the call comes to nothing. */
  async dial(): Promise<void> {
    if (await this.phone.dial() === "streaming") return;
    throw new Error(`The call came to nothing: ${this.phone.describe()}`);
  }

  /** Asks a question, behind what is being said. */
  ask(name: SpeechName = "question_open", question: number = nextQuestion()): Asked {
    const { frames, voiced, ms } = sound(name, 0);
    const bytes = new Uint8Array(frames.length * FRAME_BYTES);
    const stamped = new Set<number>();
    frames.forEach((frame, n) => {
      bytes.set(frame, n * FRAME_BYTES);
      if (!voiced[n]) return;
      stamp(bytes, n * FRAME_BYTES, question, n);
      stamped.add(n);
    });
    const said = this.phone.say(bytes).then(({ firstFrameAtMs }) => {
      one.endedAtMs = firstFrameAtMs - FRAME_MS + ms;
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
   * Waits until that many words of the answer have been heard, or the call is over.
   *
   * @returns False when the call ended or the time was up.
   */
  async heard(question: number, word: number, timeoutMs: number): Promise<boolean> {
    const sinceMs = this.asked.find((one) => one.question === question)?.startedAtMs ??
      this.startedAtMs;
    const enough = () => (this.answerTo(question, sinceMs)?.times[word - 1] ?? 0) > 0;
    const over = () => enough() ? "heard" : this.phone.end ? "ended" : null;
    const how = await this.phone.waitFor(over, timeoutMs, `word ${word}`).catch(() => "late");
    return how === "heard";
  }

  /** Our own phrases that were heard. */
  phrases(): PhraseName[] {
    const heard = this.phone.heard(this.startedAtMs, this.phone.end?.atMs ?? this.phone.now());
    const names = Object.keys(PHRASES) as PhraseName[];
    return names.filter((name) => findSpeech(heard, Uint8Array.fromBase64(PHRASES[name])) >= 0);
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
