/**
 * A brain is whatever answers a call, and it speaks the OpenAI Realtime protocol as text frames.
 * OpenAI is one, any compatible endpoint is one, and the embedded echo brain is one.
 *
 * @module
 */

import type { UpstreamError } from "./errors.ts";

/** What a brain tells its call. Handlers never run after `closed`. */
export interface BrainHandlers {
  /** One server event, as it came: JSON text that nobody has parsed yet. */
  message(text: string): void;
  /** The link is gone, whoever ended it; called once. `error` is absent after a normal close. */
  closed(error?: UpstreamError): void;
}

/** One open (or opening) conversation with a brain. */
export interface BrainLink {
  /**
   * Sends one client event, already JSON text. What is sent before the link is open is kept and
   * goes out in order, up to the link's own bound.
   *
   * @returns False when the brain is slow or gone and the text was not taken.
   */
  send(text: string): boolean;
  /** Bytes that wait to leave; grows when the brain is slow. */
  bufferedBytes(): number;
  /** Ends the link. Idempotent; `closed` is still reported, once. */
  close(): void;
}

/** A place to open conversations with. */
export interface Brain {
  readonly name: "openai" | "echo";
  /** The model that is asked for, for logs and prices. */
  readonly model: string;
  /** Opens one conversation. Never throws: a failure arrives through `handlers.closed`. */
  connect(handlers: BrainHandlers): BrainLink;
}
