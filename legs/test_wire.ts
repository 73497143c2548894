/**
 * Both ends of a leg for tests: a socket that keeps what is sent, and a call that keeps what it is
 * told and objects to whatever comes after `ended`.
 *
 * @module
 */

import type { ServerSocket } from "../runtime/runtime.ts";
import type { LegHandlers } from "./leg.ts";

/** A peer of whom we see all that was sent. Closing is asked of it, and happens when a test says. */
export class FakeSocket implements ServerSocket {
  readonly sent: (string | Uint8Array)[] = [];
  readonly closes: { code: number; reason: string }[] = [];
  corks = 0;

  send(data: string | Uint8Array<ArrayBuffer>): boolean {
    // Copied: a leg may reuse its buffer once this returns.
    this.sent.push(typeof data === "string" ? data : data.slice());
    return true;
  }

  cork(write: () => void): void {
    this.corks++;
    write();
  }

  /** What the kernel has not taken. */
  waitingBytes = 0;

  bufferedBytes(): number {
    return this.waitingBytes;
  }

  close(code: number, reason: string): void {
    this.closes.push({ code, reason });
  }

  /** The text messages, parsed. */
  get messages(): Record<string, unknown>[] {
    return this.sent.filter((data) => typeof data === "string").map((data) => JSON.parse(data));
  }
}

/** A call that keeps what its leg tells. */
export class FakeCall implements LegHandlers {
  readonly frames: Uint8Array[] = [];
  readonly payloads: (string | null)[] = [];
  readonly marks: string[] = [];
  readonly digits: string[] = [];
  readonly texts: string[] = [];
  readonly problems: Error[] = [];
  readonly ends: string[] = [];
  /** What the leg told after `ended`, which its contract forbids. */
  readonly late: string[] = [];

  #told(what: string): void {
    if (this.ends.length > 0) this.late.push(what);
  }

  audio(bytes: Uint8Array, payload: string | null): void {
    this.#told("audio");
    this.frames.push(bytes.slice());
    this.payloads.push(payload);
  }

  markHeard(name: string): void {
    this.#told("markHeard");
    this.marks.push(name);
  }

  digit(digit: string): void {
    this.#told("digit");
    this.digits.push(digit);
  }

  text(text: string): void {
    this.#told("text");
    this.texts.push(text);
  }

  problem(error: Error): void {
    this.#told("problem");
    this.problems.push(error);
  }

  ended(by: "caller" | "us" | "lost"): void {
    this.#told("ended");
    this.ends.push(by);
  }

  /** All audio in one piece. */
  get heard(): Uint8Array {
    const bytes = new Uint8Array(this.frames.reduce((sum, frame) => sum + frame.length, 0));
    let at = 0;
    for (const frame of this.frames) {
      bytes.set(frame, at);
      at += frame.length;
    }
    return bytes;
  }
}
