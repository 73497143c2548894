/**
 * How loud our own voice may come back from this caller's line, so that the agent isn't interrupted
 * by itself.
 *
 * It remembers how loud what we sent will be when it is heard, and learns how much of that returns
 * (the echo return loss): it starts careful, believes a stronger echo at once, and a weaker one by
 * and by. Whoever is louder than the expected echo is the caller.
 *
 * @module
 */

import { decodeBase64Into } from "../media/base64.ts";
import { type AudioFormat, bytesPerMs } from "../media/format.ts";
import { levelDbfsOfAlaw, levelDbfsOfMulaw, levelDbfsOfPcm16 } from "../media/level.ts";
import { pcm16FromBytesInto } from "../media/pcm.ts";

export interface EchoGuardSettings {
  /** Return loss that is assumed of a line that we don't know yet. */
  readonly firstLossDb: number;
  /** No line is believed to return more than this. */
  readonly minLossDb: number;
  readonly maxLossDb: number;
  /** How fast a weaker echo is believed, in dB for each second of our speech. */
  readonly relaxDbPerSecond: number;
  /** How far behind our sound its echo may come. */
  readonly maxDelayMs: number;
}

export const ECHO_GUARD_DEFAULTS: EchoGuardSettings = {
  firstLossDb: 10,
  minLossDb: 6,
  maxLossDb: 40,
  relaxDbPerSecond: 12,
  maxDelayMs: 300,
};

const SLOT_MS = 20;
/** 5.12 s: more than playback ever runs ahead, and the echo's delay. */
const SLOTS = 256;
/** Sound below this has no echo worth knowing. */
const QUIET_DBFS = -55;
/** A mark or a phone may be this early. */
const EARLY_MS = 40;
/** A frame can convince us of this much more echo than we knew. */
const BELIEVE_DB = 1;

export class EchoGuard {
  readonly #settings: EchoGuardSettings;
  readonly #format: AudioFormat;
  readonly #bytes: Uint8Array;
  readonly #pcm: Int16Array;
  /** The first 20 ms: all there is, when a brain sends frame by frame. */
  readonly #firstSlot: Uint8Array;
  readonly #levelDbfs = new Float32Array(SLOTS).fill(-Infinity);
  /** The 20 ms of wall time that each slot speaks of. */
  readonly #slotOf = new Float64Array(SLOTS).fill(-1);
  #lossDb: number;

  /** @param maxPieceMs The longest piece of audio that `playing` will be given. */
  constructor(format: AudioFormat, maxPieceMs: number, settings: Partial<EchoGuardSettings> = {}) {
    this.#settings = { ...ECHO_GUARD_DEFAULTS, ...settings };
    this.#format = format;
    this.#lossDb = this.#settings.firstLossDb;
    const bytes = Math.ceil(maxPieceMs * bytesPerMs(format));
    this.#bytes = new Uint8Array(bytes);
    this.#firstSlot = this.#bytes.subarray(0, SLOT_MS * bytesPerMs(format));
    this.#pcm = new Int16Array(Math.ceil(bytes / 2));
  }

  /** How much weaker than our voice its echo is believed to be. */
  get lossDb(): number {
    return this.#lossDb;
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
      const level = this.#level(
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
  }

  /** The loudest echo to be expected now, in dBFS; -Infinity when none is. */
  expectedDbfs(nowMs: number): number {
    const loudest = this.#loudest(nowMs);
    return loudest < QUIET_DBFS ? -Infinity : loudest - this.#lossDb;
  }

  /** Learns from a frame that nobody is believed to have spoken in. */
  learn(heardDbfs: number, nowMs: number): void {
    const loudest = this.#loudest(nowMs);
    if (loudest < QUIET_DBFS) return;
    const { minLossDb, maxLossDb, relaxDbPerSecond } = this.#settings;
    const seenDb = loudest - heardDbfs;
    const step = seenDb < this.#lossDb ? -BELIEVE_DB : relaxDbPerSecond * SLOT_MS / 1000;
    const next = this.#lossDb + step;
    // Neither way beyond what was seen.
    const bound = step < 0 ? Math.max(next, seenDb) : Math.min(next, seenDb);
    this.#lossDb = Math.min(maxLossDb, Math.max(minLossDb, bound));
  }

  #loudest(nowMs: number): number {
    const from = Math.floor((nowMs - this.#settings.maxDelayMs) / SLOT_MS);
    const to = Math.floor((nowMs + EARLY_MS) / SLOT_MS);
    let loudest = -Infinity;
    for (let slot = Math.max(0, from); slot <= to; slot++) {
      const index = slot % SLOTS;
      if (this.#slotOf[index] === slot) loudest = Math.max(loudest, this.#levelDbfs[index]!);
    }
    return loudest;
  }

  #level(bytes: Uint8Array): number {
    if (this.#format.encoding === "pcmu") return levelDbfsOfMulaw(bytes);
    if (this.#format.encoding === "pcma") return levelDbfsOfAlaw(bytes);
    const samples = pcm16FromBytesInto(bytes.subarray(0, bytes.length & ~1), this.#pcm);
    return levelDbfsOfPcm16(this.#pcm.subarray(0, samples));
  }
}
