/**
 * A caller who lives in the frames of a phone: with each frame they listen, think one step further
 * in what they are up to, and speak or are silent. So the same caller can stand in a real call and
 * in a simulated one.
 *
 * @module
 */

import type { SpeechName } from "../../../tests/speech/speech.ts";
import { Random } from "../../vad/random.ts";
import type { LinePhone } from "../line.ts";
import type { PhoneFrame } from "../rehearsal.ts";
import { BLOCK_MS, readStamps, type Stamp, stamp } from "../stamps.ts";
import type { Conversation } from "../conversation.ts";
import { FRAME_BYTES, FRAME_MS, GAINS_DB, QUIET, type Sound, sound } from "./sounds.ts";

/** `speech` has to be answered, a `filler` may be, `noise` is nothing. */
export type UtteranceKind = "speech" | "filler" | "noise" | "keys";

export interface Utterance {
  readonly number: number;
  readonly what: string;
  readonly kind: UtteranceKind;
  /** When the mouth opened and closed; NaN until it does. */
  fromMs: number;
  endMs: number;
  readonly voicedFrames: number;
}

/** What a caller expects. */
export interface Need {
  readonly behaviour: string;
  readonly utterances: Utterance[];
  /**
   * `answer`: an answer to these words. `any`: anything that the agent says from now on. `goes_on`:
   * what is being said is said to its end. `either`: an answer, or that.
   */
  readonly wants: "answer" | "any" | "goes_on" | "either";
  /** What the agent was saying when it began. */
  readonly over: number | null;
  /** The caller takes the word: the agent falls silent. */
  readonly interrupts: boolean;
}

/** Whether a caller has waited long enough. */
export type Probe = () => boolean;
/**
 * What a caller does. Between two steps it waits, and says what for: that is asked frame by frame,
 * which costs less than waking the whole plot.
 */
export type Steps<T> = Generator<Probe, T, void>;
export type Plot = Steps<void>;

const LOUD_CODE = 0x1e;
const LOUD_SAMPLES = 8;
/** Behind this much silence the agent has finished. */
export const OVER_MS = 500;

export class LifeCaller {
  readonly utterances: Utterance[] = [];
  readonly needs: Need[] = [];
  readonly random: Random;
  /** The sources that were heard so far. */
  readonly heard = new Map<number, number>();
  /** When the agent's sound was heard last. */
  lastSoundMs = -Infinity;
  /** The block of the agent's that was heard last, and when. */
  lastStamp: Stamp | null = null;
  nowMs = 0;
  /** The plot has come to its end. */
  over = false;
  /** How loud they speak. */
  gainDb: number;
  /** The line has fallen still: no frames, not even silent ones. */
  absent = false;
  /** The stand-in's side of this call; null where there is none to ask. */
  brain: () => Conversation | null = () => null;
  readonly #plot: Plot;
  #waitsFor: Probe = () => true;
  #phone: LinePhone | null = null;
  #saying: { readonly sound: Sound; readonly utterance: Utterance; at: number } | null = null;
  #listenedMs = 0;

  constructor(seed: string, plot: (caller: LifeCaller) => Plot) {
    this.random = new Random(seed);
    this.gainDb = this.random.pick(GAINS_DB);
    this.#plot = plot(this);
  }

  attach(phone: LinePhone): void {
    this.#phone = phone;
  }

  get speaking(): boolean {
    return this.#saying !== null;
  }

  /** How long the agent has been silent. */
  get quietMs(): number {
    return this.nowMs - this.lastSoundMs;
  }

  say(what: SpeechName, kind: UtteranceKind = "speech"): Utterance {
    if (this.#saying) throw new Error("Cannot say: the caller is speaking already");
    const clip = sound(what, this.gainDb);
    const utterance = this.#utter(what, kind, clip.voiced.filter(Boolean).length);
    this.#saying = { sound: clip, utterance, at: 0 };
    return utterance;
  }

  press(digits: string): Utterance {
    const utterance = this.#utter(digits, "keys", 0);
    for (const digit of digits) this.#phone!.press(digit);
    utterance.fromMs = utterance.endMs = this.nowMs;
    return utterance;
  }

  need(behaviour: string, utterances: Utterance[], more: Partial<Need> = {}): Need {
    const need: Need = {
      behaviour,
      utterances,
      wants: "answer",
      over: null,
      interrupts: false,
      ...more,
    };
    this.needs.push(need);
    return need;
  }

  #utter(what: string, kind: UtteranceKind, voicedFrames: number): Utterance {
    const number = this.utterances.length + 1;
    const utterance = { number, what, kind, fromMs: NaN, endMs: NaN, voicedFrames };
    this.utterances.push(utterance);
    return utterance;
  }

  /** How much of what the agent is saying is still to be heard, ms; Infinity when unknown. */
  get restMs(): number {
    const { lastStamp } = this;
    if (!lastStamp || this.quietMs > 100) return Infinity;
    const answer = this.brain()?.responses.findLast(({ items }) =>
      items.some(({ source }) => source === lastStamp.source)
    );
    if (!answer || answer.status === "in_progress") return Infinity;
    let restMs = 0;
    for (const { source, ms } of answer.items) if (source >= lastStamp.source) restMs += ms;
    return restMs - (lastStamp.block + 1) * BLOCK_MS;
  }

  /** One frame of the phone: for `Rehearsal`. */
  frame(index: number): PhoneFrame {
    this.#live();
    const saying = this.#saying;
    if (!saying) return QUIET[(index * 7) % QUIET.length]!;
    const { sound: { frames, voiced, ms }, utterance, at } = saying;
    if (at === 0) {
      // A frame leaves when all of it has been spoken.
      utterance.fromMs = this.nowMs - FRAME_MS;
      utterance.endMs = utterance.fromMs + ms;
    }
    const bytes = frames[at]!.slice();
    if (voiced[at]) stamp(bytes, 0, utterance.number, at);
    if (++saying.at >= frames.length) this.#saying = null;
    return { bytes, payload: bytes.toBase64() };
  }

  /** The same for `PhoneOptions.fillFrame`. */
  readonly fillFrame = (frame: Uint8Array, index: number): void | false => {
    const { bytes } = this.frame(index);
    if (this.absent) return false;
    frame.set(bytes);
  };

  #live(): void {
    const phone = this.#phone;
    if (!phone) return;
    this.nowMs = phone.now();
    this.#listen(phone);
    if (this.over || !this.#waitsFor()) return;
    const step = this.#plot.next();
    if (step.done) this.over = true;
    else this.#waitsFor = step.value;
  }

  #listen(phone: LinePhone): void {
    const fromMs = Math.max(this.#listenedMs, this.nowMs - 1000);
    const bytes = phone.heard(fromMs, this.nowMs) as Uint8Array<ArrayBuffer>;
    this.#listenedMs = this.nowMs;
    let loud = 0;
    for (let i = 0; i < bytes.length; i++) if ((~bytes[i]! & 0x7f) >= LOUD_CODE) loud++;
    if (loud >= LOUD_SAMPLES) this.lastSoundMs = this.nowMs;
    if (loud === 0 && this.quietMs > FRAME_BYTES) return;
    const last = readStamps(bytes).at(-1);
    if (!last) return;
    this.lastStamp = last;
    this.lastSoundMs = this.nowMs;
    this.heard.set(last.source, (this.heard.get(last.source) ?? 0) + 1);
  }
}
