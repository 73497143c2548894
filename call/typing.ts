/**
 * What the caller types and presses. Lines wait here under a number until they are sent, because the
 * machine knows no words; keys wait until no more of them follow, and make one line together.
 *
 * @module
 */

import type { LegNews } from "../legs/leg.ts";
import { type CallEvent, NOTHING_PLAYS } from "./turns/events.ts";

export interface TypingSettings {
  /** Lines that wait to be sent; a caller can't type faster than this for long. */
  readonly maxLines: number;
  readonly maxDigits: number;
  /** Keys pressed within this time of one another are told together. */
  readonly digitPauseMs: number;
}

export const TYPING_DEFAULTS = { maxLines: 50, maxDigits: 64 };

export interface TypingPort {
  /** Runs `fn` after `ms`, in the place of what was set before. */
  pause(ms: number, fn: () => void): void;
  step(event: CallEvent): void;
  tell(news: LegNews): void;
}

export class Typing {
  readonly #settings: TypingSettings;
  readonly #port: TypingPort;
  readonly #lines = new Map<number, string>();
  #lastRef = 0;
  #digits = "";

  constructor(
    settings: Pick<TypingSettings, "digitPauseMs"> & Partial<TypingSettings>,
    port: TypingPort,
  ) {
    this.#settings = { ...TYPING_DEFAULTS, ...settings };
    this.#port = port;
  }

  text(text: string): void {
    const { maxLines } = this.#settings;
    if (this.#lines.size >= maxLines) {
      const message = `${maxLines} lines wait already: this one was not taken.`;
      return this.#port.tell({ type: "error", code: "too_many_lines", message });
    }
    const ref = ++this.#lastRef;
    this.#lines.set(ref, text);
    this.#port.step({ type: "caller_wrote", ref, playing: NOTHING_PLAYS });
  }

  /** A key of the phone. */
  digit(digit: string): void {
    const { maxDigits, digitPauseMs } = this.#settings;
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

  clear(): void {
    this.#lines.clear();
    this.#digits = "";
  }
}
