/**
 * What the caller types and presses. Lines wait here under a number until they are sent, because the
 * machine knows no words; keys wait until no more of them follow, and make one line together.
 *
 * @module
 */

import type { LegNews } from "../legs/leg.ts";
import { TokenBucket } from "../runtime/token_bucket.ts";
import { type CallEvent, NOTHING_PLAYS } from "./turns/events.ts";

export interface TypingSettings {
  /** Lines that wait to be sent. */
  readonly maxLines: number;
  /** Lines that may come at once. */
  readonly lineBurst: number;
  /** Over time: each line is an interruption, a turn and a request for an answer. */
  readonly linesPerSecond: number;
  /** Keys of one burst. */
  readonly maxDigits: number;
  /** Over time: no phone dials faster. */
  readonly keysPerSecond: number;
  /** Keys pressed within this time of one another are told together. */
  readonly digitPauseMs: number;
}

const TYPING_DEFAULTS = {
  maxLines: 50,
  lineBurst: 20,
  linesPerSecond: 5,
  maxDigits: 64,
  keysPerSecond: 10,
};

export interface TypingPort {
  nowMs(): number;
  /** Runs `fn` after `ms`, in the place of what was set before. */
  pause(ms: number, fn: () => void): void;
  step(event: CallEvent): void;
  tell(news: LegNews): void;
}

export class Typing {
  readonly #settings: TypingSettings;
  readonly #port: TypingPort;
  readonly #lines = new Map<number, string>();
  readonly #lineRate: TokenBucket;
  readonly #keyRate: TokenBucket;
  #lastRef = 0;
  #digits = "";

  constructor(
    settings: Pick<TypingSettings, "digitPauseMs"> & Partial<TypingSettings>,
    port: TypingPort,
  ) {
    this.#settings = { ...TYPING_DEFAULTS, ...settings };
    this.#port = port;
    const { lineBurst, linesPerSecond, maxDigits, keysPerSecond } = this.#settings;
    this.#lineRate = new TokenBucket(linesPerSecond, lineBurst, port.nowMs);
    this.#keyRate = new TokenBucket(keysPerSecond, maxDigits, port.nowMs);
  }

  text(text: string): void {
    const { maxLines, linesPerSecond } = this.#settings;
    if (this.#lines.size >= maxLines) {
      return this.#refuse(`${maxLines} lines wait already: this one was not taken.`);
    }
    if (!this.#lineRate.take()) {
      return this.#refuse(`${linesPerSecond} lines a second are taken: this one was not.`);
    }
    const ref = ++this.#lastRef;
    this.#lines.set(ref, text);
    this.#port.step({ type: "caller_wrote", ref, playing: NOTHING_PLAYS });
  }

  /** A key of the phone. */
  digit(digit: string): void {
    const { maxDigits, keysPerSecond, digitPauseMs } = this.#settings;
    if (!this.#keyRate.take()) {
      return this.#refuse(`${keysPerSecond} keys a second are taken: this one was not.`);
    }
    if (this.#digits.length < maxDigits) this.#digits += digit;
    this.#port.step({ type: "caller_types" });
    this.#port.pause(digitPauseMs, () => {
      const digits = this.#digits;
      this.#digits = "";
      this.text(`The caller pressed ${digits}.`);
    });
  }

  /** The line is sent now. @returns Its words. */
  take(ref: number): string {
    const text = this.#lines.get(ref) ?? "";
    this.#lines.delete(ref);
    return text;
  }

  #refuse(message: string): void {
    this.#port.tell({ type: "error", code: "too_many_lines", message });
  }

  clear(): void {
    this.#lines.clear();
    this.#digits = "";
  }
}
