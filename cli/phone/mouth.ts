/**
 * What the caller says: clips are queued and handed out as 20 ms frames, and each clip's promise
 * resolves with the moments at which its first and last frame left.
 *
 * @module
 */

/** Bytes of a 20 ms frame of µ-law. */
export const FRAME_BYTES = 160;
/** Length of a frame. */
export const FRAME_MS = 20;

/** When a clip left the phone; times in ms of the phone's clock. */
export interface Said {
  readonly firstFrameAtMs: number;
  readonly lastFrameAtMs: number;
  /** Frames that left. */
  readonly frames: number;
  /** Frames that were spoken while no stream was open, and that nobody got. */
  readonly missed: number;
  /** False when the call ended or `hush` came before the last frame. */
  readonly finished: boolean;
}

interface Clip {
  readonly bytes: Uint8Array;
  at: number;
  missed: number;
  firstFrameAtMs: number;
  lastFrameAtMs: number;
  readonly resolve: (said: Said) => void;
}

/**
 * When a moment inside a clip left the phone: with the frame that carries it, as a real phone can
 * only send a frame once all of it has been spoken.
 *
 * @param offsetMs From the start of the clip.
 */
export function saidAtMs(said: Said, offsetMs: number): number {
  return said.firstFrameAtMs + Math.floor(offsetMs / FRAME_MS) * FRAME_MS;
}

/**
 * When the caller's mouth was at a moment of the clip: up to 20 ms before {@linkcode saidAtMs},
 * because a frame leaves only when all of it has been spoken. What a caller calls the end of their
 * question.
 *
 * @param offsetMs From the start of the clip.
 */
export function spokenAtMs(said: Said, offsetMs: number): number {
  return said.firstFrameAtMs - FRAME_MS + offsetMs;
}

/** The queue of what to say. */
export class Mouth {
  readonly #maxQueuedMs: number;
  #clips: Clip[] = [];
  #queuedBytes = 0;

  /** @param maxQueuedMs Speech that may wait at once. */
  constructor(maxQueuedMs: number) {
    this.#maxQueuedMs = maxQueuedMs;
  }

  /**
   * Queues a clip of µ-law at 8000 Hz. A last piece of less than 20 ms is filled with silence.
   *
   * @throws {RangeError} When the clip is empty, or more than `maxQueuedMs` would wait.
   */
  say(bytes: Uint8Array): Promise<Said> {
    const queuedMs = (this.#queuedBytes + bytes.length) / 8;
    if (bytes.length === 0) throw new RangeError("Cannot say: the clip is empty");
    if (queuedMs > this.#maxQueuedMs) {
      throw new RangeError(`Cannot say: ${queuedMs} ms would wait, at most ${this.#maxQueuedMs}`);
    }
    this.#queuedBytes += bytes.length;
    return new Promise((resolve) => {
      const times = { firstFrameAtMs: NaN, lastFrameAtMs: NaN };
      this.#clips.push({ bytes, at: 0, missed: 0, ...times, resolve });
    });
  }

  /** True while there is something left to say. */
  get busy(): boolean {
    return this.#clips.length > 0;
  }

  /** Writes the next 20 ms into `frame`. @returns False when there is nothing to say. */
  next(frame: Uint8Array, nowMs: number): boolean {
    const clip = this.#clips[0];
    if (clip === undefined) return false;
    const piece = clip.bytes.subarray(clip.at, clip.at + FRAME_BYTES);
    frame.set(piece);
    frame.fill(0xff, piece.length);
    if (Number.isNaN(clip.firstFrameAtMs)) clip.firstFrameAtMs = nowMs;
    clip.lastFrameAtMs = nowMs;
    this.#advance(clip);
    return true;
  }

  /** Goes on speaking for `ms` while no stream carries it: a caller doesn't wait for one. */
  miss(ms: number): void {
    for (let frames = Math.floor(ms / FRAME_MS); frames > 0; frames--) {
      const clip = this.#clips[0];
      if (clip === undefined) return;
      clip.missed++;
      this.#advance(clip);
    }
  }

  #advance(clip: Clip): void {
    this.#queuedBytes -= Math.min(FRAME_BYTES, clip.bytes.length - clip.at);
    clip.at += FRAME_BYTES;
    if (clip.at < clip.bytes.length) return;
    this.#clips.shift();
    settle(clip);
  }

  /** Drops what has not been said. */
  hush(): void {
    const clips = this.#clips;
    this.#clips = [];
    this.#queuedBytes = 0;
    for (const clip of clips) settle(clip);
  }
}

function settle(clip: Clip): void {
  clip.resolve({
    firstFrameAtMs: clip.firstFrameAtMs,
    lastFrameAtMs: clip.lastFrameAtMs,
    frames: Math.ceil(clip.at / FRAME_BYTES) - clip.missed,
    missed: clip.missed,
    finished: clip.at >= clip.bytes.length,
  });
}
