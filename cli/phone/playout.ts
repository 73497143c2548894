/**
 * The far end of a media stream as Twilio plays it: what the server sends is queued and played at
 * real time, a mark is due when everything before it has been played, `clear` drops what has not
 * been played and makes all marks due at once. Time is an argument; nothing here owns a clock.
 *
 * Source: Twilio, "Media Streams - WebSocket Messages" (media, mark and clear to Twilio).
 *
 * @module
 */

import { BLOCK_BYTES, firstAudible, lastAudible } from "./audible.ts";

/** µ-law at 8000 Hz. */
const BYTES_PER_MS = 8;
const SILENCE = 0xff;
/** A queue that was empty for less than this between two pieces ran dry; longer was a pause. */
const UNDERRUN_MAX_MS = 400;

/** One piece of audio on the playout clock. `endMs` moves forward when `clear` cuts it. */
interface Piece {
  readonly startMs: number;
  endMs: number;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Bounds of what is kept and queued. */
export interface PlayoutLimits {
  /** Played audio that `heard` can still answer for, ms. */
  readonly keepMs: number;
  /** Marks that may wait at once; Twilio publishes no number. */
  readonly maxMarks: number;
  /** Audio that may wait to be played, ms; what comes on top is dropped and counted. */
  readonly maxQueuedMs: number;
}

/** How steadily the server fed the queue. */
export interface PlayoutCounts {
  playedMs: number;
  clears: number;
  /** Audio that `clear` threw away, ms. */
  clearedMs: number;
  /** Audio dropped because more than `maxQueuedMs` was waiting, ms. */
  overflowMs: number;
  /** Times that the queue ran dry for less than 400 ms, and for how long in all. */
  underruns: number;
  underrunMs: number;
}

/** The playout queue of one stream. All times are in ms of the caller's clock. */
export class Playout {
  readonly #limits: PlayoutLimits;
  #pieces: Piece[] = [];
  /** Index of the oldest piece that is kept: they are let go in batches. */
  #first = 0;
  #marks: { name: string; dueMs: number }[] = [];
  #tailMs = -Infinity;
  readonly counts: PlayoutCounts = {
    playedMs: 0,
    clears: 0,
    clearedMs: 0,
    overflowMs: 0,
    underruns: 0,
    underrunMs: 0,
  };

  constructor(limits: PlayoutLimits) {
    this.#limits = limits;
  }

  /** Queues audio behind what is there. */
  media(bytes: Uint8Array<ArrayBuffer>, nowMs: number): void {
    if (this.queuedMs(nowMs) > this.#limits.maxQueuedMs) {
      this.counts.overflowMs += bytes.length / BYTES_PER_MS;
      return;
    }
    const gapMs = nowMs - this.#tailMs;
    if (gapMs > 0 && gapMs < UNDERRUN_MAX_MS) {
      this.counts.underruns++;
      this.counts.underrunMs += gapMs;
    }
    const startMs = Math.max(nowMs, this.#tailMs);
    this.#tailMs = startMs + bytes.length / BYTES_PER_MS;
    this.#pieces.push({ startMs, endMs: this.#tailMs, bytes });
    this.counts.playedMs += bytes.length / BYTES_PER_MS;
    this.#forget(nowMs);
  }

  /**
   * Queues a mark behind the audio; it is due at once when nothing is left to play.
   *
   * @returns False when `maxMarks` are waiting already, and this one was dropped.
   */
  mark(name: string, nowMs: number): boolean {
    if (this.#marks.length >= this.#limits.maxMarks) return false;
    this.#marks.push({ name, dueMs: Math.max(nowMs, this.#tailMs) });
    return true;
  }

  /** Drops what has not been played. @returns The marks that were waiting, now due at once. */
  clear(nowMs: number): string[] {
    this.counts.clears++;
    this.counts.clearedMs += this.#cut(nowMs);
    const names = this.#marks.map((mark) => mark.name);
    this.#marks = [];
    return names;
  }

  /** The call is over: what has not been played never will be, and no mark comes back. */
  stop(nowMs: number): void {
    this.#cut(nowMs);
    this.#marks = [];
  }

  /** Drops what lies behind `nowMs`. @returns How much that was, ms. */
  #cut(nowMs: number): number {
    let cutMs = 0;
    for (let i = this.#pieces.length - 1; i >= this.#first; i--) {
      const piece = this.#pieces[i]!;
      if (piece.endMs <= nowMs) break;
      const keepBytes = Math.max(0, Math.floor((nowMs - piece.startMs) * BYTES_PER_MS));
      const lostMs = (piece.bytes.length - keepBytes) / BYTES_PER_MS;
      cutMs += lostMs;
      this.counts.playedMs -= lostMs;
      if (keepBytes === 0) this.#pieces.pop();
      else {
        piece.bytes = piece.bytes.subarray(0, keepBytes);
        piece.endMs = piece.startMs + keepBytes / BYTES_PER_MS;
      }
    }
    this.#tailMs = Math.min(this.#tailMs, nowMs);
    return cutMs;
  }

  /** Takes the marks that are due, in order. */
  takeDueMarks(nowMs: number): string[] {
    const names: string[] = [];
    while (this.#marks.length > 0 && this.#marks[0]!.dueMs <= nowMs) {
      names.push(this.#marks.shift()!.name);
    }
    return names;
  }

  /** When the next mark falls due, or Infinity. */
  nextMarkMs(): number {
    return this.#marks[0]?.dueMs ?? Infinity;
  }

  /** Audio that waits to be played, ms. */
  queuedMs(nowMs: number): number {
    return Math.max(0, this.#tailMs - nowMs);
  }

  /**
   * What the caller heard between two moments: µ-law, with silence where nothing was played.
   * Nothing behind `nowMs` is heard yet, so pass `toMs <= nowMs`.
   */
  heard(fromMs: number, toMs: number): Uint8Array<ArrayBuffer> {
    const length = Math.max(0, Math.round((toMs - fromMs) * BYTES_PER_MS));
    const out = new Uint8Array(length).fill(SILENCE);
    for (let i = this.#indexAt(fromMs); i < this.#pieces.length; i++) {
      const piece = this.#pieces[i]!;
      if (piece.startMs >= toMs) break;
      const offset = Math.round((piece.startMs - fromMs) * BYTES_PER_MS);
      const skip = Math.max(0, -offset);
      const room = length - Math.max(0, offset);
      if (skip < piece.bytes.length && room > 0) {
        out.set(piece.bytes.subarray(skip, skip + room), Math.max(0, offset));
      }
    }
    return out;
  }

  /** When sound was first heard at or after `fromMs`, up to `nowMs`; null when there was none. */
  firstHeardAfter(fromMs: number, nowMs: number): number | null {
    for (let i = this.#indexAt(fromMs); i < this.#pieces.length; i++) {
      const piece = this.#pieces[i]!;
      if (piece.startMs > nowMs) break;
      const skip = Math.max(0, Math.ceil((fromMs - piece.startMs) * BYTES_PER_MS));
      const at = firstAudible(judged(piece, nowMs), skip);
      if (at >= 0) return piece.startMs + at / BYTES_PER_MS;
    }
    return null;
  }

  /** When sound was last heard up to `nowMs`; null when there never was any that is kept. */
  lastHeard(nowMs: number): number | null {
    for (let i = this.#pieces.length - 1; i >= this.#first; i--) {
      const piece = this.#pieces[i]!;
      if (piece.startMs >= nowMs) continue;
      const at = lastAudible(judged(piece, nowMs));
      if (at > 0) return piece.startMs + at / BYTES_PER_MS;
    }
    return null;
  }

  /** Index of the first piece that ends after `fromMs`. Pieces never overlap. */
  #indexAt(fromMs: number): number {
    let low = this.#first;
    let high = this.#pieces.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#pieces[middle]!.endMs > fromMs) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #forget(nowMs: number): void {
    const pieces = this.#pieces;
    while (
      this.#first < pieces.length && pieces[this.#first]!.endMs < nowMs - this.#limits.keepMs
    ) this.#first++;
    if (this.#first > 256 && this.#first * 2 > pieces.length) {
      this.#pieces = pieces.slice(this.#first);
      this.#first = 0;
    }
  }
}

/**
 * The part of a piece that can be called sound or silence by now: whole blocks that have been
 * played. A block that is being played is left for later, or its verdict could change.
 */
function judged(piece: Piece, nowMs: number): Uint8Array<ArrayBuffer> {
  if (piece.endMs <= nowMs) return piece.bytes;
  const played = Math.floor((nowMs - piece.startMs) * BYTES_PER_MS);
  return piece.bytes.subarray(0, played - played % BLOCK_BYTES);
}
