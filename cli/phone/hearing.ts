/**
 * What a caller heard in a call, over all streams that carried it: a call that is moved goes on over
 * another one.
 *
 * @module
 */

import type { PhoneStream } from "./phone_stream.ts";

const BYTES_PER_MS = 8;

/** The streams of one call, in order; they never overlap. All times are ms of the phone's clock. */
export class Hearing {
  readonly streams: PhoneStream[] = [];

  /** µ-law between two moments, silence where nothing played; `toMs` is not in the future. */
  heard(fromMs: number, toMs: number): Uint8Array<ArrayBuffer> {
    const [first, ...later] = this.streams;
    if (first === undefined) throw new Error("The phone has no stream");
    const out = first.playout.heard(fromMs, toMs);
    for (const { openedAtMs, playout } of later) {
      if (!(openedAtMs < toMs)) continue;
      const startMs = Math.max(fromMs, openedAtMs);
      const at = Math.round((startMs - fromMs) * BYTES_PER_MS);
      out.set(playout.heard(startMs, toMs).subarray(0, out.length - at), at);
    }
    return out;
  }

  /** When sound was first heard at or after `fromMs`; null when there was none. */
  firstHeardAfter(fromMs: number, nowMs: number): number | null {
    for (const { playout } of this.streams) {
      const atMs = playout.firstHeardAfter(fromMs, nowMs);
      if (atMs !== null) return atMs;
    }
    return null;
  }

  /** When sound was last heard; null when there never was any that is kept. */
  lastHeard(nowMs: number): number | null {
    for (let i = this.streams.length - 1; i >= 0; i--) {
      const atMs = this.streams[i]!.playout.lastHeard(nowMs);
      if (atMs !== null) return atMs;
    }
    return null;
  }
}
