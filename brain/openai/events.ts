/**
 * What a brain says, read from the Realtime protocol's server events into a small union. One
 * parser for every brain: beta names are accepted as aliases, unknown types are passed by, and
 * every field is treated as optional, because compatible servers leave many out.
 *
 * Source: OpenAI Realtime API reference, server events.
 *
 * @module
 */

import type { RealtimeServerEvent } from "openai/resources/realtime/realtime";
import { NAME_KEY } from "./requests.ts";
import { retryAfterMs, type Severity, severityOf } from "./severity.ts";

/** The function that the model wants called. `arguments` is JSON text, as the model wrote it. */
interface ToolCall {
  readonly itemId: string;
  readonly callId: string;
  readonly name: string;
  readonly arguments: string;
}

type ResponseStatus = "completed" | "cancelled" | "failed" | "incomplete";

/** One thing that a brain said. */
export type BrainEvent =
  | { type: "session"; updated: boolean; session: unknown; expiresAtMs: number | null }
  | { type: "speech_started"; itemId: string; audioMs: number }
  | { type: "speech_stopped"; itemId: string; audioMs: number }
  | { type: "committed"; itemId: string }
  /** `name` is the one that our request gave it; empty when the brain began it by itself. */
  | { type: "response_created"; responseId: string; name: string }
  /** An item stands in the conversation. */
  | { type: "item_added"; itemId: string }
  | { type: "output_item"; responseId: string; itemId: string }
  | { type: "audio"; responseId: string; itemId: string; payload: string }
  | { type: "audio_done"; responseId: string }
  | { type: "agent_words"; responseId: string; itemId: string; text: string; final: boolean }
  | { type: "caller_words"; itemId: string; text: string; usage: unknown }
  | { type: "caller_words_failed"; itemId: string; code: string }
  | { type: "tool_called"; responseId: string; call: ToolCall }
  | {
    type: "response_done";
    responseId: string;
    status: ResponseStatus;
    /** `turn_detected`, `max_output_tokens`, or the code of the error that failed it. */
    reason: string;
    /** How long the brain says to wait before the next request; 0 when it doesn't. */
    retryAfterMs: number;
    usage: unknown;
  }
  /** Nothing more is taken for this long; 0 while there is room. */
  | { type: "rate_limits"; resetMs: number }
  | {
    type: "error";
    code: string;
    message: string;
    /** The client event that caused it, when we named one. */
    eventId: string;
    severity: Severity;
    retryAfterMs: number;
  }
  /** Lawful, and nothing to us. */
  | { type: "other"; name: string };

/** Thrown for text that isn't a server event at all. */
export class BrainProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly peer = "brain";
}

/** The event types of the GA protocol, checked against the official types. */
type Name = RealtimeServerEvent["type"];

/** A map, so that a type called "constructor" finds nothing. */
const BETA_NAMES = new Map<string, Name>([
  ["response.audio.delta", "response.output_audio.delta"],
  ["response.audio.done", "response.output_audio.done"],
  ["response.audio_transcript.delta", "response.output_audio_transcript.delta"],
  ["response.audio_transcript.done", "response.output_audio_transcript.done"],
  ["response.text.delta", "response.output_text.delta"],
  ["response.text.done", "response.output_text.done"],
  ["conversation.item.created", "conversation.item.added"],
]);

type Fields = Record<string, unknown>;
const str = (value: unknown): string => typeof value === "string" ? value : "";
const num = (value: unknown): number =>
  typeof value === "number" && Number.isFinite(value) ? value : 0;
const obj = (value: unknown): Fields =>
  typeof value === "object" && value !== null ? value as Fields : {};

/**
 * Reads one server event.
 *
 * @throws {BrainProtocolError} When `text` isn't a JSON object with a `type`.
 */
export function readBrainEvent(text: string): BrainEvent {
  let event: Fields;
  try {
    event = JSON.parse(text);
  } catch {
    throw new BrainProtocolError(`The brain sent ${text.length} characters that aren't JSON`);
  }
  if (typeof event !== "object" || event === null || typeof event.type !== "string") {
    throw new BrainProtocolError("The brain sent JSON without a type");
  }
  const name = (BETA_NAMES.get(event.type) ?? event.type) as Name;
  const responseId = str(event.response_id);
  const itemId = str(event.item_id);
  switch (name) {
    case "session.created":
    case "session.updated": {
      const expiresAt = num(obj(event.session).expires_at);
      return {
        type: "session",
        updated: name === "session.updated",
        session: event.session,
        expiresAtMs: expiresAt > 0 ? expiresAt * 1000 : null,
      };
    }
    case "input_audio_buffer.speech_started":
      return { type: "speech_started", itemId, audioMs: num(event.audio_start_ms) };
    case "input_audio_buffer.speech_stopped":
      return { type: "speech_stopped", itemId, audioMs: num(event.audio_end_ms) };
    case "input_audio_buffer.committed":
      return { type: "committed", itemId };
    case "response.created":
      return readResponseCreated(obj(event.response));
    case "conversation.item.added":
      return { type: "item_added", itemId: str(obj(event.item).id) };
    case "rate_limits.updated":
      return { type: "rate_limits", resetMs: readResetMs(event.rate_limits) };
    case "response.output_item.added":
      // A function call is not something that a caller hears, or stops hearing.
      if (obj(event.item).type !== "message") return { type: "other", name };
      return { type: "output_item", responseId, itemId: str(obj(event.item).id) };
    case "response.output_audio.delta":
      return { type: "audio", responseId, itemId, payload: str(event.delta) };
    case "response.output_audio.done":
      return { type: "audio_done", responseId };
    case "response.output_audio_transcript.delta":
    case "response.output_text.delta":
      return { type: "agent_words", responseId, itemId, text: str(event.delta), final: false };
    case "response.output_audio_transcript.done":
      return { type: "agent_words", responseId, itemId, text: str(event.transcript), final: true };
    case "response.output_text.done":
      return { type: "agent_words", responseId, itemId, text: str(event.text), final: true };
    case "conversation.item.input_audio_transcription.completed":
      return { type: "caller_words", itemId, text: str(event.transcript), usage: event.usage };
    case "conversation.item.input_audio_transcription.failed":
      return { type: "caller_words_failed", itemId, code: str(obj(event.error).code) };
    case "response.output_item.done":
      return readOutputItem(name, responseId, obj(event.item));
    case "response.done":
      return readResponseDone(obj(event.response));
    case "error":
      return readError(obj(event.error));
    default:
      return { type: "other", name };
  }
}

/** Only a finished function call is news: an interrupted one must not run. */
function readOutputItem(name: string, responseId: string, item: Fields): BrainEvent {
  const finished = item.status === undefined || item.status === "completed";
  if (item.type !== "function_call" || !finished) return { type: "other", name };
  return {
    type: "tool_called",
    responseId,
    call: {
      itemId: str(item.id),
      callId: str(item.call_id),
      name: str(item.name),
      arguments: str(item.arguments),
    },
  };
}

function readResponseCreated(response: Fields): BrainEvent {
  const name = str(obj(response.metadata)[NAME_KEY]);
  return { type: "response_created", responseId: str(response.id), name };
}

/** The longest wait among the limits that are used up. */
function readResetMs(limits: unknown): number {
  let seconds = 0;
  for (const limit of Array.isArray(limits) ? limits : []) {
    const { remaining, reset_seconds } = obj(limit);
    if (remaining === 0) seconds = Math.max(seconds, num(reset_seconds));
  }
  return seconds * 1000;
}

const STATUSES: readonly string[] = ["completed", "cancelled", "failed", "incomplete"];

function readResponseDone(response: Fields): BrainEvent {
  const details = obj(response.status_details);
  const status = str(response.status);
  return {
    type: "response_done",
    responseId: str(response.id),
    status: (STATUSES.includes(status) ? status : "completed") as ResponseStatus,
    reason: str(obj(details.error).code) || str(details.reason),
    retryAfterMs: retryAfterMs(str(obj(details.error).message)),
    usage: response.usage,
  };
}

function readError(error: Fields): BrainEvent {
  const code = str(error.code) || str(error.type) || "unknown";
  return {
    type: "error",
    code,
    message: str(error.message),
    eventId: str(error.event_id),
    severity: severityOf(str(error.code), str(error.type)),
    retryAfterMs: retryAfterMs(str(error.message)),
  };
}
