/**
 * A leg is whatever carries a caller: it turns its wire format into audio frames in, and audio and
 * marks out. Twilio's media stream is one, a browser's WebSocket is one.
 *
 * @module
 */

import type { AudioFormat } from "../media/format.ts";
import type { CallKind } from "../telemetry/health.ts";

/** Who is on the other end, as far as the wire tells. */
export interface LegStart {
  /** Names the call everywhere: in logs, in the history, at whoever carries it. */
  readonly callId: string;
  /** The number that was called, as E.164; empty where none was. */
  readonly calledNumber: string;
  /** With this the stream goes on with a call that another one has carried so far. */
  readonly resumeToken?: string;
}

/**
 * Decides about a caller who has just said who they are: hands over the call's handlers, or says
 * why the caller is refused, and the leg closes.
 */
export type Begin = (start: LegStart, leg: Leg) => LegHandlers | string;

/** The same, for a leg that waits while it is asked what is known of a call that goes on. */
export type BeginLater = (
  ...args: Parameters<Begin>
) => LegHandlers | string | Promise<LegHandlers | string>;

/** What a leg tells its call. Handlers never run after `ended`. */
export interface LegHandlers {
  /**
   * One frame of the caller's audio in the leg's format.
   *
   * @param bytes A view into the leg's own buffer: it is good until the handler returns.
   * @param payload The same bytes as base64 when the wire brought them so, to forward untouched.
   */
  audio(bytes: Uint8Array, payload: string | null): void;
  /** Everything that was sent before this mark has been played, or cleared. */
  markHeard(name: string): void;
  /** A key of the phone: one of `0-9 A-D * #`. */
  digit(digit: string): void;
  /** A line that the caller typed; browsers only. */
  text(text: string): void;
  /** The wire brought something wrong that the call survives. Counted, and logged once a call. */
  problem(error: Error): void;
  /**
   * The caller is gone or was moved to another stream, the leg was ended by us, or the wire takes
   * nothing from us any more; once. A wire that is stalled stands until `end`.
   */
  ended(by: "caller" | "moved" | "us" | "lost" | "stalled"): void;
}

/** A peer broke its protocol: which peer, and what was wrong with which field. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  constructor(readonly peer: "twilio" | "browser", message: string) {
    super(message);
  }
}

/** What the call shows to a caller who has eyes. A phone ignores it. */
export type LegNews =
  | { type: "ready"; callId: string; brain: string; model: string; turns: string }
  /** With this token another socket goes on with the call, for so long after this one broke. */
  | { type: "resume"; callId: string; token: string; forMs: number }
  | { type: "state"; caller: "silent" | "speaking"; agent: "listening" | "thinking" | "speaking" }
  | { type: "vad"; levelDbfs: number; floorDbfs: number; thresholdDbfs: number; confidence: number }
  | {
    type: "transcript";
    role: "caller" | "agent";
    itemId: string;
    text: string;
    /** False while `text` is a piece to append, true when it is the whole. */
    final: boolean;
  }
  | { type: "turn"; turn: Record<string, unknown> }
  | { type: "error"; code: string; message: string };

/** One caller's wire, and what it can do. Each can be cleared: breaking in is what we are for. */
export interface Leg {
  /** For labels in metrics, the history and logs; nothing is decided by it. */
  readonly kind: CallKind;
  /** Both ways. */
  readonly format: AudioFormat;
  /** What the brain is best asked for: between equal formats, audio passes untouched. */
  readonly brainFormat: AudioFormat;
  /** In which form the wire takes audio: the other one costs a conversion. */
  readonly wire: "base64" | "bytes";
  /** Whether `tell` shows anything to anybody. */
  readonly hasScreen: boolean;
  /** Queues audio behind what was sent before. */
  playBase64(payload: string): void;
  playBytes(bytes: Uint8Array): void;
  /**
   * Asks to be told when all that was sent before has been heard. Where a wire can't tell, it isn't
   * there, and the clock has to do.
   */
  mark?(name: string): void;
  /** Drops what was sent and not yet heard; the marks among it come back at once. */
  clear(): void;
  tell(news: LegNews): void;
  /** Runs `write` with its messages gathered into as few packets as can be. */
  cork(write: () => void): void;
  /**
   * Ends the phone call itself, where closing the wire does not.
   *
   * @param then What the caller gets instead: `hang_up` for nothing, a number that is dialled, or words
   * that are said before.
   * @throws {Error} When it could not be ended; the wire can be closed all the same.
   */
  hangUp?(then: string): Promise<void>;
  /**
   * Takes the caller to another stream, here or at another instance. This one ends by it, as `moved`.
   *
   * @param token With it the new stream goes on with the call.
   * @throws {Error} When that can't be done: then everything is as before.
   */
  move?(token: string): Promise<void>;
  /** Closes the wire. Idempotent. */
  end(reason: string): void;
}
