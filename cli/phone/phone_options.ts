/**
 * What a simulated call is told, and what it tells in the end.
 *
 * @module
 */

import type { StreamEnd, StreamOptions } from "./phone_stream.ts";
import type { Ticker } from "./ticker.ts";

/** Audio that may wait, each way, unless told otherwise. */
export const MAX_QUEUED_MS = 600_000;

/** How a phone dials and behaves. Only `webhookUrl` is needed. */
export interface PhoneOptions {
  /** The voice webhook as Twilio was told it; signatures are made over it. */
  webhookUrl: string;
  /**
   * Origin to really connect to, for the webhook and for `wss://public/…` alike; a function when that
   * depends on the url, or changes while the call goes on, as behind a load balancer.
   */
  connectTo?: string | ((url: string) => string);
  /** Signs webhooks and the stream's upgrade when given. */
  authToken?: string;
  accountSid?: string;
  callSid?: string;
  from?: string;
  to?: string;
  /** More webhook fields, or other values for the usual ones. */
  fields?: Record<string, string>;
  /** Told of the end of the call, as a number's status callback is. */
  statusCallbackUrl?: string;
  /** `frames` (default): 0xFF when silent. `absent`: no frames when silent, timestamps jump. */
  silence?: "frames" | "absent";
  /** Longest wait for the webhook and for the upgrade; 15 000. */
  connectTimeoutMs?: number;
  /** Heard audio that is kept; 60 000. */
  keepHeardMs?: number;
  /** Messages, marks, clears and violations that are kept, each; 5000. */
  keepMessages?: number;
  /** Audio that may wait, each way; 600 000. */
  maxQueuedMs?: number;
  /** Marks that may wait; 10 000. */
  maxMarks?: number;
  /** How often waits look at their condition; 5. */
  pollMs?: number;
  ticker?: Ticker;
  now?: () => number;
  /** Benches: fills each frame sent (false for none), and sees each media and clear that came. */
  fillFrame?: (frame: Uint8Array, index: number) => void | false;
  onMedia?: (bytes: Uint8Array<ArrayBuffer>, atMs: number) => void;
  onClear?: (atMs: number) => void;
  /** Benches: how late each mark is echoed, ms; Infinity for never. */
  markLatenessMs?: (name: string) => number;
}

/** How a call ended. */
export interface CallEnd {
  /** `caller` hung up; `server` ended it by closing and TwiML; `api` by REST; `failed`: never worked. */
  readonly by: "caller" | "server" | "api" | "failed";
  readonly atMs: number;
  /** Twilio's error code and words, when it failed. */
  readonly error?: { readonly code: number; readonly detail: string };
  /** How the last stream ended, when there was one. */
  readonly stream?: StreamEnd;
  /** The verbs that were run, in order: `Connect`, `Say`, `Redirect`, `Dial`, `Hangup`, … */
  readonly ran: readonly string[];
  /** What `<Say>` spoke. */
  readonly said: readonly string[];
  /** Numbers that `<Dial>` dialled. */
  readonly dialled: readonly string[];
  /** `<Reject>`, and verbs that the simulator does not know. */
  readonly rejected: boolean;
  readonly unknownVerbs: readonly string[];
}

/** When things happened, ms of the phone's clock; NaN until they did. Of the first stream. */
export interface CallTimes {
  dialledAtMs: number;
  webhookAnsweredAtMs: number;
  streamOpenedAtMs: number;
  streamStartedAtMs: number;
}

/** The settings of a phone's stream, with the defaults filled in. */
export function streamOptions(
  options: PhoneOptions,
  ticker: Ticker,
  now: () => number,
): StreamOptions {
  return {
    ticker,
    now,
    silence: options.silence ?? "frames",
    connectTimeoutMs: options.connectTimeoutMs ?? 15_000,
    keepHeardMs: options.keepHeardMs ?? 60_000,
    keepMessages: options.keepMessages ?? 5000,
    maxQueuedMs: options.maxQueuedMs ?? MAX_QUEUED_MS,
    maxMarks: options.maxMarks ?? 10_000,
    fillFrame: options.fillFrame,
    onMedia: options.onMedia,
    onClear: options.onClear,
    markLatenessMs: options.markLatenessMs,
  };
}
