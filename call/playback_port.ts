/**
 * What playback is told, where it sends, and whom it tells.
 *
 * @module
 */

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
  /** Sends audio in the brain's format to the caller, who will begin to hear it at `startsAtMs`. */
  send(payload: string, startsAtMs: number): void;
  /** Not there where the wire can't tell what was heard: then the clock has to do. */
  mark?(name: string): void;
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
