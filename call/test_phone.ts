/**
 * A phone at the end of a line with a delay, on plain numbers: it plays what arrives at the speed of
 * sound, answers marks, and can be cleared. Time moves a millisecond at a time, and only when told.
 *
 * @module
 */

import { base64ByteLength } from "../media/base64.ts";
import { type AudioFormat, bytesPerMs, PCMU } from "../media/format.ts";
import type { Clock } from "../runtime/clock.ts";
import { Playback } from "./playback.ts";
import type { PlaybackPort, PlaybackSettings } from "./playback_port.ts";

/** Time that passes when told to. */
export class FakeClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Set<{ atMs: number; fn: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, fn };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** A millisecond passes; runs what is due. */
  tick(): void {
    this.#nowMs++;
    for (const timer of [...this.#timers]) {
      if (timer.atMs > this.#nowMs || !this.#timers.delete(timer)) continue;
      timer.fn();
    }
  }

  pass(ms: number): void {
    for (let i = 0; i < ms; i++) this.tick();
  }
}

type Message = { bytes: Uint8Array } | { mark: string } | "clear";

export interface PhoneSettings {
  readonly bytesPerMs: number;
  /** One way, and the same back. */
  readonly delayMs: number;
  /** What the phone gathers before it begins to play. */
  readonly bufferMs: number;
  /** Extra delay of the n-th message; messages never overtake one another. */
  jitterMs(n: number): number;
  /** Marks are lost. */
  readonly marksLost?: boolean;
}

export class TestPhone {
  /** Every byte that was heard, in order. */
  readonly heard: number[] = [];
  /** The most that ever waited in the phone, in ms. */
  mostAheadMs = 0;
  clears = 0;
  /** Told when a mark is back at the server. */
  markBack: (name: string) => void = () => {};
  readonly #settings: PhoneSettings;
  readonly #clock: FakeClock;
  readonly #down: { atMs: number; message: Message }[] = [];
  readonly #up: { atMs: number; name: string }[] = [];
  #queue: Message[] = [];
  #offset = 0;
  #playsFromMs = Infinity;
  #waitingBytes = 0;
  #messages = 0;

  constructor(clock: FakeClock, settings: PhoneSettings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  send(message: Message): void {
    const { delayMs, jitterMs } = this.#settings;
    const last = this.#down.at(-1)?.atMs ?? 0;
    const atMs = Math.max(last, this.#clock.nowMs() + delayMs + jitterMs(this.#messages++));
    this.#down.push({ atMs, message });
  }

  /** A millisecond passes at the phone. */
  tick(): void {
    const nowMs = this.#clock.nowMs();
    while (this.#down.length > 0 && this.#down[0]!.atMs <= nowMs) {
      this.#arrive(this.#down.shift()!.message, nowMs);
    }
    if (nowMs >= this.#playsFromMs) this.#play(this.#settings.bytesPerMs);
    while (this.#up.length > 0 && this.#up[0]!.atMs <= nowMs) {
      this.markBack(this.#up.shift()!.name);
    }
  }

  #arrive(message: Message, nowMs: number): void {
    if (message === "clear") {
      this.clears++;
      for (const waiting of this.#queue.splice(0)) {
        if (waiting !== "clear" && "mark" in waiting) this.#answer(waiting.mark);
      }
      this.#waitingBytes = 0;
      this.#offset = 0;
      this.#playsFromMs = Infinity;
      return;
    }
    this.#queue.push(message);
    if ("bytes" in message) {
      this.#waitingBytes += message.bytes.length;
      this.mostAheadMs = Math.max(this.mostAheadMs, this.#waitingBytes / this.#settings.bytesPerMs);
      if (this.#playsFromMs === Infinity) this.#playsFromMs = nowMs + this.#settings.bufferMs;
    } else if (this.#playsFromMs === Infinity) this.#play(0);
  }

  /** Plays up to `bytes`, and answers the marks that it comes by. */
  #play(bytes: number): void {
    for (;;) {
      const first = this.#queue[0];
      if (first === undefined || first === "clear") break;
      if ("mark" in first) {
        this.#answer(first.mark);
        this.#queue.shift();
        continue;
      }
      if (bytes === 0) return;
      const take = Math.min(bytes, first.bytes.length - this.#offset);
      for (let i = 0; i < take; i++) this.heard.push(first.bytes[this.#offset + i]!);
      this.#offset += take;
      this.#waitingBytes -= take;
      bytes -= take;
      if (this.#offset === first.bytes.length) {
        this.#queue.shift();
        this.#offset = 0;
      }
    }
    this.#playsFromMs = Infinity;
  }

  #answer(name: string): void {
    if (this.#settings.marksLost) return;
    this.#up.push({ atMs: this.#clock.nowMs() + this.#settings.delayMs, name });
  }
}

/** A port that keeps what playback tells, and passes the rest to a phone, if there is one. */
export class TestPort implements PlaybackPort {
  readonly sentTexts: string[] = [];
  readonly startsAtMs: number[] = [];
  readonly marks: string[] = [];
  /** `silent`, `sent`, `clear` and so on, in order. */
  readonly told: string[] = [];
  readonly heardAtMs: number[] = [];
  overflowMs = 0;
  corks = 0;
  phone: TestPhone | null = null;
  #sentBytes = 0;

  send(payload: string, startsAtMs: number): void {
    this.sentTexts.push(payload);
    this.#sentBytes += base64ByteLength(payload);
    this.startsAtMs.push(startsAtMs);
    this.phone?.send({ bytes: Uint8Array.fromBase64(payload) });
  }
  finish(): void {}
  mark(name: string): void {
    this.marks.push(name);
    this.phone?.send({ mark: name });
  }
  clear(): void {
    this.told.push("clear");
    this.phone?.send("clear");
  }
  cork(write: () => void): void {
    this.corks++;
    write();
  }
  sent(): void {
    this.told.push("sent");
  }
  heard(atMs: number): void {
    this.told.push("heard");
    this.heardAtMs.push(atMs);
  }
  silent(): void {
    this.told.push("silent");
  }
  overflow(ms: number): void {
    this.overflowMs += ms;
  }

  sentEverMs(bytesPerMs: number): number {
    return this.#sentBytes / bytesPerMs;
  }

  get sentBytes(): Uint8Array {
    const pieces = this.sentTexts.map((text) => Uint8Array.fromBase64(text));
    const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }
}

/** Audio of `ms`, as base64; no two neighbouring bytes are alike. */
export function audio(ms: number, format: AudioFormat = PCMU): string {
  return new Uint8Array(ms * bytesPerMs(format)).map((_, i) => (i * 7 + (i >> 8)) & 0xff)
    .toBase64();
}

/** Playback with nobody at the other end: marks come back when a test says so. */
export class Rig {
  readonly clock = new FakeClock();
  readonly port = new TestPort();
  readonly playback: Playback;

  constructor(settings: Partial<PlaybackSettings> = {}, readonly format: AudioFormat = PCMU) {
    this.playback = new Playback(format, this.port, this.clock, settings);
  }

  /** An answer of one item, all of it at once. */
  answer(ms: number, itemId = "item_1"): void {
    this.playback.begin();
    this.playback.enqueue(itemId, audio(ms, this.format));
    this.playback.complete();
  }

  get sentMs(): number {
    return this.port.sentBytes.length / bytesPerMs(this.format);
  }
  times(word: string): number {
    return this.port.told.filter((told) => told === word).length;
  }
}
