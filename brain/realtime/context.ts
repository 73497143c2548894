/**
 * What the parts of one session share.
 *
 * @module
 */

import type { Answerer } from "./answerer.ts";
import type { Conversation } from "./conversation.ts";
import type { MakeId } from "./ids.ts";
import type { SessionConfig } from "./session_config.ts";
import type { RealtimeSettings } from "./settings.ts";

/** One session, as its parts see it. */
export interface SessionContext {
  readonly answerer: Answerer;
  readonly settings: RealtimeSettings;
  readonly makeId: MakeId;
  readonly conversation: Conversation;
  /** The effective session; replaced by each update. */
  config: SessionConfig;
  /** Aborts when the session ends. */
  readonly signal: AbortSignal;
  /** Sends one server event, with an `event_id`. */
  emit(type: string, fields: Record<string, unknown>): void;
  /** Sends one server event that is JSON text already. */
  emitText(text: string): void;
  /** Runs `fn` later. What it throws becomes an error event; `end` of the session takes it back. */
  after(ms: number, fn: () => void): () => void;
}
