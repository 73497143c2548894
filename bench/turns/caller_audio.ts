/**
 * The API's input buffer: what was appended, which turns its detector finds there, and whose words
 * stand in each item. Words are known by the stamps of the frames that carry them.
 *
 * @module
 */

import { readStamp } from "./stamps.ts";
import { levelDetector, type TurnDetector, vadDetector } from "./turn_detector.ts";

/** What a caller put into the conversation. */
export interface CallerItem {
  readonly id: string;
  readonly committedAtMs: number;
  /** Of typed lines. */
  readonly text: string;
  /** Frames of each utterance in it, by the utterance's number. */
  readonly frames: ReadonlyMap<number, number>;
  /** NaN while it stands. */
  deletedAtMs: number;
}

/** Turn detection as the session asked for it. */
export interface Detection {
  readonly type: string;
  readonly silence_duration_ms?: number;
  readonly prefix_padding_ms?: number;
  readonly create_response?: boolean;
  readonly interrupt_response?: boolean;
}

export interface BufferHandlers {
  started(audioMs: number): void;
  stopped(audioMs: number): void;
}

/** The API refuses to commit less. */
const MIN_COMMIT_MS = 100;
const NO_STAMP = -1;

export class InputBuffer {
  readonly #handlers: BufferHandlers;
  #detector: TurnDetector | null = null;
  #paddingFrames = 0;
  /** A turn is open: what comes belongs to it. */
  #open = false;
  #ms = 0;
  /** The utterance of each frame in the buffer. */
  #utterances: number[] = [];

  constructor(handlers: BufferHandlers) {
    this.#handlers = handlers;
  }

  listen(detection: Detection | null, hears: "vad" | "level", silenceMs: number): void {
    this.#detector = null;
    if (!detection) return;
    this.#paddingFrames = Math.ceil((detection.prefix_padding_ms ?? 300) / 20);
    const make = hears === "vad" ? vadDetector : levelDetector;
    this.#detector = make(silenceMs, {
      started: (startMs) => {
        this.#open = true;
        this.#handlers.started(Math.max(0, startMs - (detection.prefix_padding_ms ?? 300)));
      },
      stopped: (endMs) => {
        this.#open = false;
        this.#handlers.stopped(endMs);
      },
    });
  }

  append(ulaw: Uint8Array): void {
    this.#utterances.push(readStamp(ulaw, 0)?.source ?? NO_STAMP);
    this.#ms += ulaw.length / 8;
    if (!this.#detector) return;
    // Outside of turns only what may become their beginning is kept.
    if (!this.#open && this.#utterances.length > this.#paddingFrames + 10) {
      this.#utterances.splice(0, this.#utterances.length - this.#paddingFrames);
    }
    this.#detector.push(ulaw);
  }

  /** Whether there is enough for an item. */
  get enough(): boolean {
    return this.#ms >= MIN_COMMIT_MS;
  }

  /** Empties it. @returns Frames of each utterance. */
  take(): Map<number, number> {
    const frames = new Map<number, number>();
    for (const utterance of this.#utterances) {
      if (utterance !== NO_STAMP) frames.set(utterance, (frames.get(utterance) ?? 0) + 1);
    }
    this.clear();
    return frames;
  }

  clear(): void {
    this.#utterances = [];
    this.#ms = 0;
  }
}
