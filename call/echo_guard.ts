/**
 * How loud our own voice may come back from this caller's line, so that the agent isn't interrupted
 * by itself.
 *
 * It remembers how loud what we sent was at each moment, and learns how much of it returns, for each
 * delay by itself: the loss is the least that was seen. At a delay that is not the echo's, loud
 * echoes meet moments at which we were quiet, so the least that is seen there is small. The delay
 * with the greatest loss is therefore the one that explains the echo, and it alone says what to
 * expect, syllable by syllable; whoever is louder than that is the caller, also between our words.
 *
 * @module
 */

import { decodeBase64Into } from "../media/base64.ts";
import { levelDbfsOf } from "../media/codec.ts";
import { type AudioFormat, bytesPerMs } from "../media/format.ts";

export interface EchoGuardSettings {
  /** Return loss that is assumed of a line that we don't know yet. */
  readonly firstLossDb: number;
  readonly maxLossDb: number;
  /** A frame can convince us of this much more echo than we knew. */
  readonly believeDb: number;
  /** How fast a weaker echo is believed, in dB a frame: while echo is heard, and while none is. */
  readonly relaxDb: number;
  readonly silentDb: number;
  /** How far behind our sound its echo may come. */
  readonly maxDelayMs: number;
}

const ECHO_GUARD_DEFAULTS: EchoGuardSettings = {
  firstLossDb: 10,
  maxLossDb: 50,
  believeDb: 2,
  relaxDb: 0.1,
  silentDb: 0.5,
  maxDelayMs: 500,
};

const SLOT_MS = 20;
/** 5.12 s: more than playback ever runs ahead, and the echo's delay. */
const SLOTS = 256;
/** Sound below this has no echo worth knowing. */
const QUIET_DBFS = -55;
/** A line that is silent while we are this loud has little echo. */
const LOUD_DBFS = -30;
/** A mark or a phone may be this early. */
const EARLY_SLOTS = 2;
/** Audible echo has to be heard in this many frames before one delay is trusted: half a second. */
const SURE_FRAMES = 25;
/** Another delay has to explain the echo better by this much. */
const BETTER_DB = 1;
/** The memory of the line's quietest moment fades by 5 dB a second. */
const FLOOR_RISE_DB = 0.1;
/** No line is this quiet: a phone that is muted, or silence in the place of frames that never came. */
const DIGITAL_SILENCE_DBFS = -90;
/** Above its quietest moment by more than this, the line carries more than noise. */
const NOISE_DB = 6;

export class EchoGuard {
  readonly #settings: EchoGuardSettings;
  readonly #format: AudioFormat;
  readonly #bytes: Uint8Array;
  /** The first 20 ms: all there is, when a brain sends frame by frame. */
  readonly #firstSlot: Uint8Array;
  readonly #levelDbfs = new Float32Array(SLOTS).fill(-Infinity);
  /** The 20 ms of wall time that each slot speaks of. */
  readonly #slotOf = new Float64Array(SLOTS).fill(-1);
  /** Our level at each delay, and the loss that was learned for it; delays are slots apart. */
  readonly #sentDbfs: Float64Array;
  readonly #lossDb: Float64Array;
  #best = 0;
  #echoFrames = 0;
  #lookedAtMs = -1;
  /** The line's own noise: the least that was heard of late. */
  #floorDbfs = Infinity;

  /** @param maxPieceMs The longest piece of audio that `playing` will be given. */
  constructor(format: AudioFormat, maxPieceMs: number, settings: Partial<EchoGuardSettings> = {}) {
    this.#settings = { ...ECHO_GUARD_DEFAULTS, ...settings };
    this.#format = format;
    const delays = EARLY_SLOTS + 1 + Math.ceil(this.#settings.maxDelayMs / SLOT_MS);
    this.#sentDbfs = new Float64Array(delays).fill(-Infinity);
    this.#lossDb = new Float64Array(delays).fill(this.#settings.firstLossDb);
    const bytes = Math.ceil(maxPieceMs * bytesPerMs(format));
    this.#bytes = new Uint8Array(bytes);
    this.#firstSlot = this.#bytes.subarray(0, SLOT_MS * bytesPerMs(format));
  }

  /** How much weaker than our voice its echo is believed to be. */
  get lossDb(): number {
    return this.#lossDb[this.#best]!;
  }

  /** How far behind our voice its echo is believed to be; NaN while that is not known. */
  get delayMs(): number {
    return this.#echoFrames < SURE_FRAMES ? NaN : (this.#best - EARLY_SLOTS) * SLOT_MS;
  }

  /**
   * This audio will begin to be heard at `startsAtMs`.
   *
   * @returns False when `payload` isn't base64: then it must not be sent either.
   */
  playing(payload: string, startsAtMs: number): boolean {
    const length = decodeBase64Into(payload, this.#bytes);
    if (length < 0) return false;
    const slotBytes = SLOT_MS * bytesPerMs(this.#format);
    for (let at = 0, ms = startsAtMs; at < length; at += slotBytes, ms += SLOT_MS) {
      const slot = Math.floor(ms / SLOT_MS);
      const index = slot % SLOTS;
      const end = Math.min(length, at + slotBytes);
      const level = levelDbfsOf(
        this.#format,
        at === 0 && end === slotBytes ? this.#firstSlot : this.#bytes.subarray(at, end),
      );
      if (this.#slotOf[index] !== slot || level > this.#levelDbfs[index]!) {
        this.#slotOf[index] = slot;
        this.#levelDbfs[index] = level;
      }
    }
    return true;
  }

  /** What would have been heard from now on was cleared. */
  cleared(nowMs: number): void {
    const slot = Math.floor(nowMs / SLOT_MS);
    for (let i = 0; i < SLOTS; i++) if (this.#slotOf[i]! > slot) this.#slotOf[i] = -1;
    this.#lookedAtMs = -1;
  }

  /** The loudest echo to be expected now, in dBFS; -Infinity when nothing of ours is on the line. */
  expectedDbfs(nowMs: number): number {
    this.#look(nowMs);
    const sent = this.#sentDbfs, loss = this.#lossDb;
    const sure = this.#echoFrames >= SURE_FRAMES;
    let expected = -Infinity;
    for (let d = 0; d < sent.length; d++) {
      if (sent[d]! === -Infinity) continue;
      // As long as no delay is trusted, the echo may come by any.
      const dbfs = sure && d !== this.#best ? -Infinity : sent[d]!;
      expected = Math.max(expected, Math.max(QUIET_DBFS, dbfs) - loss[d]!);
    }
    return expected;
  }

  /** Learns from a frame that nobody is believed to have spoken in. */
  learn(heardDbfs: number, nowMs: number): void {
    if (heardDbfs < DIGITAL_SILENCE_DBFS) return;
    this.#look(nowMs);
    this.#floorDbfs = Math.min(heardDbfs, this.#floorDbfs + FLOOR_RISE_DB);
    const voiced = heardDbfs > this.#floorDbfs + NOISE_DB;
    if (voiced) this.#heardEcho(heardDbfs);
    else this.#heardNone(heardDbfs);
  }

  /** Each delay's loss is no more than what is seen, or hardly. */
  #heardEcho(heardDbfs: number): void {
    const { believeDb, relaxDb } = this.#settings;
    const sent = this.#sentDbfs, loss = this.#lossDb;
    for (let d = 0; d < sent.length; d++) {
      if (sent[d]! === -Infinity) continue;
      const seen = Math.max(QUIET_DBFS, sent[d]!) - heardDbfs;
      const was = loss[d]!;
      this.#set(d, seen < was ? Math.max(seen, was - believeDb) : Math.min(seen, was + relaxDb));
    }
    if (this.#echoFrames < SURE_FRAMES) this.#echoFrames++;
    for (let d = 0; d < loss.length; d++) {
      if (loss[d]! > loss[this.#best]! + BETTER_DB) this.#best = d;
    }
  }

  /** Where we were loud and nothing came back, the loss is at least what is seen. */
  #heardNone(heardDbfs: number): void {
    const { silentDb } = this.#settings;
    const sent = this.#sentDbfs, loss = this.#lossDb;
    const best = this.#best;
    const sure = this.#echoFrames >= SURE_FRAMES;
    // With an echo known, only its own delay can say that it is gone, and then it says so for all.
    if (sure && (sent[best]! < LOUD_DBFS || sent[best]! - heardDbfs < loss[best]!)) return;
    for (let d = 0; d < sent.length; d++) {
      const seen = sent[d]! - heardDbfs;
      if (sure) this.#set(d, loss[d]! + silentDb);
      else if (sent[d]! > LOUD_DBFS && seen > loss[d]!) {
        this.#set(d, Math.min(seen, loss[d]! + silentDb));
      }
    }
  }

  #set(delay: number, lossDb: number): void {
    this.#lossDb[delay] = Math.min(this.#settings.maxLossDb, Math.max(0, lossDb));
  }

  /** Our level at each delay: the loudest of three slots, as neither clock is that exact. */
  #look(nowMs: number): void {
    if (nowMs === this.#lookedAtMs) return;
    this.#lookedAtMs = nowMs;
    const sent = this.#sentDbfs;
    const newest = Math.floor(nowMs / SLOT_MS) + EARLY_SLOTS;
    for (let d = 0; d < sent.length; d++) {
      let loudest = -Infinity;
      for (let slot = newest - d - 1; slot <= newest - d + 1; slot++) {
        const index = ((slot % SLOTS) + SLOTS) % SLOTS;
        if (this.#slotOf[index] === slot) loudest = Math.max(loudest, this.#levelDbfs[index]!);
      }
      sent[d] = loudest;
    }
  }
}
