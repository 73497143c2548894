/**
 * What the agent says, between the brain that makes it faster than anyone can listen and a leg that
 * should never hold more than a second of it: what was received, what was sent, what was heard.
 *
 * Positions are ms of audio since the last answer began. Whatever is sent and not yet heard is kept,
 * so that a false alarm can go on from the very word where the caller stopped hearing.
 *
 * @module
 */

import { type AudioFormat, bytesPerMs } from "../media/format.ts";
import { base64ByteLength } from "../media/base64.ts";
import type { Clock } from "./clock.ts";
import { PlayoutClock } from "./playout_clock.ts";
import type { Heard } from "./turns/events.ts";

export interface PlaybackSettings {
  /** How far sending runs ahead of hearing. Enough for a stalled network, little to clear. */
  readonly aheadMs: number;
  /** Marks are at most this far apart. */
  readonly markEveryMs: number;
  /** The longest audio sent in one message. */
  readonly maxChunkMs: number;
  /** The longest answer that is kept; what comes on top of it is dropped and counted. */
  readonly maxQueuedMs: number;
  /** An answer counts as heard this long after its last sample, when no mark says so. */
  readonly markPatienceMs: number;
}

export const PLAYBACK_DEFAULTS: PlaybackSettings = {
  aheadMs: 1000,
  markEveryMs: 400,
  maxChunkMs: 240,
  maxQueuedMs: 300_000,
  markPatienceMs: 1000,
};

/** Where playback sends, and whom it tells. */
export interface PlaybackPort {
  /**
   * Sends audio in the brain's format to the caller, who will begin to hear it at `startsAtMs`.
   *
   * @param begins It is the beginning of an item: no part of what was sent before it.
   */
  send(payload: string, startsAtMs: number, begins: boolean): void;
  /** All of an item was sent. */
  finish(): void;
  mark(name: string): void;
  clear(): void;
  cork(write: () => void): void;
  /** The first audio of an answer was sent. */
  sent(nowMs: number): void;
  /** The first audio of an answer was heard, dated back from its mark. */
  heard(atMs: number): void;
  /** All that came was heard: nothing of ours is to be heard now. More may come. */
  silent(): void;
  overflow(ms: number): void;
}

interface Chunk {
  readonly payload: string;
  /** The first of its item. */
  readonly begins: boolean;
  readonly startMs: number;
  readonly endMs: number;
}

interface Item {
  readonly itemId: string;
  readonly startMs: number;
  endMs: number;
  /** Our own words (an apology): no business of the brain's. */
  readonly ours: boolean;
}

/** Base64 is cut at 8 characters: 6 bytes, so whole samples of G.711 and PCM16 alike. */
const CUT_CHARS = 8;
const CUT_BYTES = 6;
const PROBE = "probe";
const OURS = "ours";
const LEAD_SLACK_MS = 200;
/** Marks that may be on their way; a leg that never answers them costs no more. */
const MAX_MARKS = 1000;
/** Without marks, audio is let go of this long after it should have been heard. */
const KEEP_MS = 5000;
/** An answer whose next piece is this late has run dry. */
const DRY_MS = 100;

export class Playback {
  readonly #port: PlaybackPort;
  readonly #clock: Clock;
  readonly #settings: PlaybackSettings;
  readonly #ear = new PlayoutClock();
  #bytesPerMs: number;
  #generation = 0;
  #markSeq = 0;
  /** Marks on their way: name and position, in order. */
  #marks: { name: string; positionMs: number }[] = [];
  #chunks: Chunk[] = [];
  /** Index in `#chunks` of what is sent next. */
  #next = 0;
  #items: Item[] = [];
  #receivedMs = 0;
  #sentMs = 0;
  #markedMs = 0;
  #held = false;
  #complete = true;
  #audible = false;
  /** Position where the present answer begins. */
  #answerMs = 0;
  #firstSent = false;
  #firstHeard = false;
  /** Of the item that was sent last, the port has not been told the end. */
  #unfinished = false;
  #probeAtMs = -1;
  #cancelTimer: (() => void) | null = null;

  constructor(
    format: AudioFormat,
    port: PlaybackPort,
    clock: Clock,
    settings: Partial<PlaybackSettings> = {},
  ) {
    this.#bytesPerMs = bytesPerMs(format);
    this.#port = port;
    this.#clock = clock;
    this.#settings = { ...PLAYBACK_DEFAULTS, ...settings };
  }

  /** Sends a mark into the empty buffer: its echo measures the way to the caller and back. */
  probe(): void {
    this.#probeAtMs = this.#clock.nowMs();
    this.#port.mark(PROBE);
  }

  /** The brain answered in another format than was asked for. Only between answers. */
  set format(format: AudioFormat) {
    this.#bytesPerMs = bytesPerMs(format);
  }

  /** The next audio is the beginning of an answer, perhaps behind one that still plays. */
  begin(): void {
    this.#answerMs = this.#receivedMs;
    this.#firstSent = false;
    this.#firstHeard = false;
  }

  /**
   * Takes one piece of an answer; it is sent as soon as its turn comes.
   *
   * @returns True when nothing of ours was to be heard before it.
   */
  enqueue(itemId: string, payload: string, ours = false): boolean {
    const durationMs = base64ByteLength(payload) / this.#bytesPerMs;
    if (!(durationMs > 0)) return false;
    const queuedMs = this.#receivedMs - this.#heardNow();
    if (queuedMs + durationMs > this.#settings.maxQueuedMs) {
      this.#port.overflow(durationMs);
      return false;
    }
    this.#complete = false;
    const last = this.#items.at(-1);
    const begins = last?.itemId !== itemId;
    if (!begins) last.endMs += durationMs;
    else {
      const startMs = this.#receivedMs;
      this.#items.push({ itemId, startMs, endMs: startMs + durationMs, ours });
    }
    this.#split(payload, durationMs, begins);
    const breaksSilence = !this.#audible;
    this.#audible = true;
    this.#pump();
    return breaksSilence;
  }

  /** Says something of our own, behind what plays; it is no answer, and none is timed by it. */
  say(payload: string): void {
    const nothingElse = this.#complete;
    this.#firstSent = true;
    this.#firstHeard = true;
    this.enqueue(OURS, payload, true);
    if (nothingElse) this.complete();
  }

  /** Nothing more will come of this answer. */
  complete(): void {
    this.#complete = true;
    this.#pump();
  }

  /** A mark came back from the leg. Those of a cleared generation count for nothing. */
  markHeard(name: string): void {
    const nowMs = this.#clock.nowMs();
    if (name === PROBE && this.#probeAtMs >= 0) {
      this.#ear.roundTripMs = nowMs - this.#probeAtMs;
      this.#probeAtMs = -1;
      return;
    }
    const index = this.#marks.findIndex((mark) => mark.name === name);
    if (index < 0) return;
    const { positionMs } = this.#marks[index]!;
    this.#marks.splice(0, index + 1);
    this.#ear.proven(positionMs, nowMs);
    if (!this.#firstHeard && positionMs > this.#answerMs) {
      this.#firstHeard = true;
      this.#port.heard(nowMs - (positionMs - this.#answerMs));
    }
    this.#forget(positionMs);
    this.#pump();
  }

  /** Silence at once. What the caller has not heard is kept for `resume`. */
  hold(): void {
    if (this.#held) return;
    const heardMs = this.#heardNow();
    if (this.#sentMs > heardMs || this.#marks.length > 0) this.#clear();
    this.#held = true;
    this.#restart(heardMs);
  }

  /** Plays on from where the caller stopped hearing. */
  resume(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#pump();
  }

  /** Forgets the answer; clears the leg if any of it is still there. */
  drop(): void {
    if (!this.#held && (this.#sentMs > this.#heardNow() || this.#marks.length > 0)) {
      this.#clear();
    }
    this.#reset();
  }

  /** The brain's items that have not been heard to their end, oldest first, in whole ms. */
  playing(): Heard[] {
    const heardMs = this.#heardNow();
    const playing: Heard[] = [];
    for (const { itemId, startMs, endMs, ours } of this.#items) {
      // Of the present answer more may come; those before it are over when they are heard.
      const whole = this.#complete || endMs <= this.#answerMs;
      if (ours || (endMs <= heardMs && whole)) continue;
      const receivedMs = Math.floor(endMs - startMs);
      const heard = Math.floor(Math.min(heardMs, endMs) - startMs);
      playing.push({ itemId, heardMs: Math.max(0, heard), receivedMs });
    }
    return playing;
  }

  /** Audio that waits here or in the leg, in ms. */
  get queuedMs(): number {
    return Math.max(0, this.#receivedMs - this.#heardNow());
  }

  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#reset();
  }

  #heardNow(): number {
    return this.#ear.heardMs(this.#clock.nowMs());
  }

  #split(payload: string, durationMs: number, begins: boolean): void {
    const maxBytes = this.#settings.maxChunkMs * this.#bytesPerMs;
    const chars = Math.floor(maxBytes / CUT_BYTES) * CUT_CHARS;
    if (payload.length <= chars) return this.#push(payload, durationMs, begins);
    for (let at = 0; at < payload.length; at += chars) {
      const piece = payload.slice(at, at + chars);
      this.#push(piece, base64ByteLength(piece) / this.#bytesPerMs, begins && at === 0);
    }
  }

  #push(payload: string, durationMs: number, begins: boolean): void {
    const startMs = this.#receivedMs;
    this.#receivedMs += durationMs;
    this.#chunks.push({ payload, begins, startMs, endMs: this.#receivedMs });
  }

  /** Sends what may be sent, and plans the next look. */
  #pump(): void {
    if (this.#held) return;
    const nowMs = this.#clock.nowMs();
    const due = this.#next < this.#chunks.length &&
      this.#sentMs - this.#ear.heardMs(nowMs) < this.#settings.aheadMs;
    const endDue = this.#complete && this.#next >= this.#chunks.length &&
      (this.#unfinished || this.#markedMs < this.#sentMs);
    // Corking one small message costs more than it saves.
    const single = due && this.#next === this.#chunks.length - 1 && this.#firstSent &&
      this.#chunks[this.#next]!.endMs - this.#markedMs < this.#settings.markEveryMs;
    if (single && !this.#complete) this.#sendNow();
    else if (due || endDue) this.#port.cork(this.#sendNow);
    this.#plan(nowMs);
  }

  /** Bound once: this runs for every piece of audio. */
  readonly #sendNow = () => {
    const nowMs = this.#clock.nowMs();
    while (
      this.#next < this.#chunks.length &&
      this.#sentMs - this.#ear.heardMs(nowMs) < this.#settings.aheadMs
    ) {
      const chunk = this.#chunks[this.#next++]!;
      if (chunk.begins) this.#finish();
      // After a hold, the first chunk may have been heard in part.
      const skipMs = this.#sentMs - chunk.startMs;
      const skipChars = Math.floor(skipMs * this.#bytesPerMs / CUT_BYTES) * CUT_CHARS;
      const startsAtMs = nowMs + this.#sentMs - this.#ear.heardMs(nowMs);
      const payload = skipChars > 0 ? chunk.payload.slice(skipChars) : chunk.payload;
      this.#port.send(payload, startsAtMs, chunk.begins);
      this.#unfinished = true;
      this.#ear.sent(chunk.endMs, nowMs);
      this.#sentMs = chunk.endMs;
      if (!this.#firstSent && chunk.endMs > this.#answerMs) {
        this.#firstSent = true;
        this.#port.sent(nowMs);
        this.#mark(); // its echo tells when the caller heard the first sound
      } else if (this.#sentMs - this.#markedMs >= this.#settings.markEveryMs) this.#mark();
    }
    if (!this.#complete || this.#next < this.#chunks.length) return;
    this.#finish();
    if (this.#markedMs < this.#sentMs) this.#mark();
  };

  #finish(): void {
    if (!this.#unfinished) return;
    this.#unfinished = false;
    this.#port.finish();
  }

  #clear(): void {
    this.#unfinished = false;
    this.#port.clear();
  }

  #mark(): void {
    const name = `${this.#generation}:${++this.#markSeq}`;
    this.#marks.push({ name, positionMs: this.#sentMs });
    if (this.#marks.length > MAX_MARKS) this.#marks.shift();
    this.#forget(this.#heardNow() - KEEP_MS);
    this.#markedMs = this.#sentMs;
    this.#port.mark(name);
  }

  /** One timer at most: for the next chunk, or for the end of the answer. */
  #plan(nowMs: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    const heardMs = this.#ear.heardMs(nowMs);
    let waitMs: number;
    if (this.#next < this.#chunks.length) {
      // A little lead is left to run down, so that audio goes out in whole chunks.
      waitMs = Math.max(5, this.#sentMs - heardMs - this.#settings.aheadMs + LEAD_SLACK_MS);
    } else if (!this.#audible) {
      // It had run dry, and that was the end of it.
      if (this.#complete && heardMs >= this.#sentMs) this.#reset();
      return;
    } else if (this.#complete) {
      if (this.#marks.length === 0 && heardMs >= this.#sentMs) return this.#finished();
      waitMs = this.#sentMs - heardMs + this.#settings.markPatienceMs;
    } else waitMs = this.#sentMs - heardMs + DRY_MS;
    this.#cancelTimer = this.#clock.after(waitMs, () => {
      this.#cancelTimer = null;
      const allHeard = this.#next >= this.#chunks.length && this.#heardNow() >= this.#sentMs;
      if (!allHeard) this.#pump();
      else if (this.#complete) this.#finished();
      else this.#ranDry();
    });
  }

  /** The brain makes us wait for the rest of its answer. */
  #ranDry(): void {
    this.#audible = false;
    this.#port.silent();
  }

  #finished(): void {
    const wasAudible = this.#audible;
    this.#reset();
    if (wasAudible) this.#port.silent();
  }

  /** Lets go of chunks that are proven to have been heard. */
  #forget(positionMs: number): void {
    let gone = 0;
    while (gone < this.#next && this.#chunks[gone]!.endMs <= positionMs) gone++;
    if (gone === 0) return;
    this.#chunks.splice(0, gone);
    this.#next -= gone;
  }

  /** Goes back to `positionMs`: what was sent after it will be sent again. */
  #restart(positionMs: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#generation++;
    this.#marks = [];
    this.#ear.restart(positionMs);
    this.#sentMs = positionMs;
    this.#markedMs = positionMs;
    const index = this.#chunks.findIndex((chunk) => chunk.endMs > positionMs);
    this.#next = index < 0 ? this.#chunks.length : index;
  }

  #reset(): void {
    this.#chunks = [];
    this.#items = [];
    this.#receivedMs = 0;
    this.#restart(0);
    this.#held = false;
    this.#complete = true;
    this.#audible = false;
    this.#unfinished = false;
    this.#answerMs = 0;
    this.#firstSent = false;
    this.#firstHeard = false;
  }
}
