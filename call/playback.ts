/**
 * What the agent says, between the brain that makes it faster than anyone can listen and a leg that
 * should never hold more than a second of it: what was received, what was sent, what was heard.
 *
 * Positions are ms of audio since the last answer began. Whatever is sent and not yet heard is kept,
 * so that a false alarm can go on from the very word where the caller stopped hearing.
 *
 * @module
 */

import type { AudioFormat } from "../media/format.ts";
import type { Clock } from "../runtime/clock.ts";
import { Marks } from "./marks.ts";
import { PLAYBACK_DEFAULTS, type PlaybackPort, type PlaybackSettings } from "./playback_port.ts";
import { PlayoutClock } from "./playout_clock.ts";
import { PlayoutQueue } from "./playout_queue.ts";
import type { Heard } from "./turns/events.ts";

const PROBE = "probe", OURS = "ours";
const LEAD_SLACK_MS = 200;
/** Without marks, audio is let go of this long after it should have been heard. */
const KEEP_MS = 5000;
/** An answer whose next piece is this late has run dry. */
const DRY_MS = 100;

export class Playback {
  readonly #port: PlaybackPort;
  readonly #clock: Clock;
  readonly #settings: PlaybackSettings;
  readonly #ear = new PlayoutClock();
  readonly #queue: PlayoutQueue;
  readonly #marks = new Marks();
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
    this.#port = port;
    this.#clock = clock;
    this.#settings = { ...PLAYBACK_DEFAULTS, ...settings };
    this.#queue = new PlayoutQueue(format, this.#settings.maxChunkMs);
  }

  /** Sends a mark into the empty buffer: its echo measures the way to the caller and back. */
  probe(): void {
    if (!this.#port.mark) return;
    this.#probeAtMs = this.#clock.nowMs();
    this.#port.mark(PROBE);
  }

  /** The brain answered in another format than was asked for. Only between answers. */
  set format(format: AudioFormat) {
    this.#queue.format = format;
  }

  /** The next audio is the beginning of an answer, perhaps behind one that still plays. */
  begin(): void {
    this.#answerMs = this.#queue.receivedMs;
    this.#firstSent = this.#firstHeard = false;
  }

  /**
   * Takes one piece of an answer; it is sent as soon as its turn comes.
   *
   * @returns True when nothing of ours was to be heard before it.
   */
  enqueue(itemId: string, payload: string, ours = false): boolean {
    const durationMs = this.#queue.durationMs(payload);
    if (!(durationMs > 0)) return false;
    if (this.queuedMs + durationMs > this.#settings.maxQueuedMs) {
      this.#port.overflow(durationMs);
      return false;
    }
    this.#complete = false;
    this.#queue.add(itemId, payload, durationMs, ours);
    const breaksSilence = !this.#audible;
    this.#audible = true;
    this.#pump();
    return breaksSilence;
  }

  /** Says something of our own, behind what plays; it is no answer, and none is timed by it. */
  say(payload: string): void {
    const nothingElse = this.#complete;
    this.#firstSent = this.#firstHeard = true;
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
    const positionMs = this.#marks.heard(name);
    if (positionMs === null) return;
    this.#ear.proven(positionMs, nowMs);
    this.#heardUpTo(positionMs, nowMs);
    this.#queue.forget(positionMs);
    this.#pump();
  }

  #heardUpTo(positionMs: number, nowMs: number): void {
    if (this.#firstHeard || positionMs <= this.#answerMs) return;
    this.#firstHeard = true;
    this.#port.heard(nowMs - (positionMs - this.#answerMs));
  }

  /** Silence at once. What the caller has not heard is kept for `resume`. */
  hold(): void {
    if (this.#held) return;
    const heardMs = this.#heardNow();
    if (this.#sentMs > heardMs || this.#marks.pending > 0) this.#clear();
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
    if (!this.#held && (this.#sentMs > this.#heardNow() || this.#marks.pending > 0)) {
      this.#clear();
    }
    this.#reset();
  }

  /** The brain's items that have not been heard to their end, oldest first, in whole ms. */
  playing(): Heard[] {
    // Of the present answer more may come; those before it are over when they are heard.
    const wholeMs = this.#complete ? Infinity : this.#answerMs;
    return this.#queue.playing(this.#heardNow(), wholeMs);
  }

  /** Audio that waits here or in the leg, in ms. */
  get queuedMs(): number {
    return Math.max(0, this.#queue.receivedMs - this.#heardNow());
  }

  close(): void {
    this.#reset();
  }

  #heardNow(): number {
    return this.#ear.heardMs(this.#clock.nowMs());
  }

  /** Sends what may be sent, and plans the next look. */
  #pump(): void {
    if (this.#held) return;
    const nowMs = this.#clock.nowMs();
    if (!this.#port.mark) this.#heardUpTo(this.#ear.heardMs(nowMs), nowMs);
    const { waiting, first } = this.#queue;
    const due = waiting > 0 &&
      this.#sentMs - this.#ear.heardMs(nowMs) < this.#settings.aheadMs;
    const endDue = this.#complete && waiting === 0 &&
      (this.#unfinished || this.#markedMs < this.#sentMs);
    // Corking one small message costs more than it saves.
    const single = due && waiting === 1 && this.#firstSent &&
      first!.endMs - this.#markedMs < this.#settings.markEveryMs;
    if (single && !this.#complete) this.#sendNow();
    else if (due || endDue) this.#port.cork(this.#sendNow);
    this.#plan(nowMs);
  }

  /** Bound once: this runs for every piece of audio. */
  readonly #sendNow = () => {
    const nowMs = this.#clock.nowMs();
    while (
      this.#queue.waiting > 0 &&
      this.#sentMs - this.#ear.heardMs(nowMs) < this.#settings.aheadMs
    ) {
      const chunk = this.#queue.take();
      if (chunk.begins) this.#finish();
      const startsAtMs = nowMs + this.#sentMs - this.#ear.heardMs(nowMs);
      // After a hold, the first piece may have been heard in part.
      const payload = this.#queue.cut(chunk, this.#sentMs - chunk.startMs);
      if (payload) this.#port.send(payload, startsAtMs, chunk.begins);
      this.#unfinished = true;
      this.#ear.sent(chunk.endMs, nowMs);
      this.#sentMs = chunk.endMs;
      if (!this.#firstSent && chunk.endMs > this.#answerMs) {
        this.#firstSent = true;
        this.#port.sent(nowMs);
        this.#mark(); // its echo tells when the caller heard the first sound
      } else if (this.#sentMs - this.#markedMs >= this.#settings.markEveryMs) this.#mark();
    }
    if (!this.#complete || this.#queue.waiting > 0) return;
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
    this.#queue.forget(this.#heardNow() - KEEP_MS);
    this.#markedMs = this.#sentMs;
    this.#port.mark?.(this.#marks.at(this.#sentMs));
  }

  /** One timer at most: for the next chunk, or for the end of the answer. */
  #plan(nowMs: number): void {
    this.#stopTimer();
    const heardMs = this.#ear.heardMs(nowMs);
    let waitMs: number;
    if (this.#queue.waiting > 0) {
      // A little lead is left to run down, so that audio goes out in whole chunks.
      waitMs = Math.max(5, this.#sentMs - heardMs - this.#settings.aheadMs + LEAD_SLACK_MS);
    } else if (!this.#audible) {
      // It had run dry, and that was the end of it.
      if (this.#complete && heardMs >= this.#sentMs) this.#reset();
      return;
    } else if (this.#complete) {
      if (this.#marks.pending === 0 && heardMs >= this.#sentMs) return this.#finished();
      const patienceMs = this.#port.mark ? this.#settings.markPatienceMs : 0;
      waitMs = this.#sentMs - heardMs + patienceMs;
    } else waitMs = this.#sentMs - heardMs + DRY_MS;
    this.#cancelTimer = this.#clock.after(waitMs, () => {
      this.#cancelTimer = null;
      const allHeard = this.#queue.waiting === 0 && this.#heardNow() >= this.#sentMs;
      if (!allHeard) this.#pump();
      else if (this.#complete) this.#finished();
      else {
        // The brain makes us wait for the rest of its answer.
        this.#audible = false;
        this.#port.silent();
      }
    });
  }

  #stopTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  #finished(): void {
    const wasAudible = this.#audible;
    this.#reset();
    if (wasAudible) this.#port.silent();
  }

  /** Goes back to `positionMs`: what was sent after it will be sent again. */
  #restart(positionMs: number): void {
    this.#stopTimer();
    this.#marks.restart();
    this.#ear.restart(positionMs);
    this.#sentMs = positionMs;
    this.#markedMs = positionMs;
    this.#queue.goBackTo(positionMs);
  }

  #reset(): void {
    this.#queue.clear();
    this.#restart(0);
    this.#held = false;
    this.#complete = true;
    this.#audible = false;
    this.#unfinished = false;
    this.#answerMs = 0;
    this.#firstSent = this.#firstHeard = false;
  }
}
