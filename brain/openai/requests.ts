/**
 * What we say to a brain: client events of the Realtime protocol as JSON text, from pure functions.
 * The shapes are held to the official types by `satisfies`.
 *
 * Source: OpenAI Realtime API reference, client events.
 *
 * @module
 */

import type {
  ConversationItemCreateEvent,
  ConversationItemDeleteEvent,
  ConversationItemTruncateEvent,
  InputAudioBufferClearEvent,
  InputAudioBufferCommitEvent,
  ResponseCancelEvent,
  ResponseCreateEvent,
  SessionUpdateEvent,
} from "openai/resources/realtime/realtime";

/**
 * Appends caller audio. Built by concatenation: the payload goes in as it came from the wire, and
 * a template costs 10 ns where JSON.stringify costs 180 (Bun) to 480 (Deno).
 *
 * @param payload Base64 that has been checked: it must hold no character that JSON would escape.
 */
export function appendAudio(payload: string): string {
  return `{"type":"input_audio_buffer.append","audio":"${payload}"}`;
}

export function updateSession(session: SessionUpdateEvent["session"]): string {
  return JSON.stringify({ type: "session.update", session } satisfies SessionUpdateEvent);
}

/** @param eventId Comes back in the error when there was nothing to commit. */
export function commitAudio(eventId: string): string {
  return JSON.stringify(
    { type: "input_audio_buffer.commit", event_id: eventId } satisfies InputAudioBufferCommitEvent,
  );
}

export function clearAudio(): string {
  return JSON.stringify({ type: "input_audio_buffer.clear" } satisfies InputAudioBufferClearEvent);
}

/** Under this key of its metadata a response carries the name that our request gave it. */
export const NAME_KEY = "earshot_answer";

/**
 * Asks for an answer.
 *
 * @param name Comes back in the error when it is refused, and in `response.created` when it isn't, so
 * that it can be told from answers that the brain begins by itself.
 * @param instructions Replace the session's own for this answer alone.
 * @param useTools Whether the model may call any.
 */
export function createResponse(name: string, instructions?: string, useTools = true): string {
  const response = {
    metadata: { [NAME_KEY]: name },
    ...(instructions && { instructions }),
    ...(!useTools && { tool_choice: "none" as const }),
  };
  return JSON.stringify(
    { type: "response.create", event_id: name, response } satisfies ResponseCreateEvent,
  );
}

export function cancelResponse(responseId: string): string {
  return JSON.stringify(
    { type: "response.cancel", response_id: responseId } satisfies ResponseCancelEvent,
  );
}

/**
 * Cuts the model's memory of an item to what was heard.
 *
 * @param audioEndMs Whole ms above 0 and not past the item's audio, or the API refuses it.
 */
export function truncateItem(itemId: string, audioEndMs: number): string {
  return JSON.stringify(
    {
      type: "conversation.item.truncate",
      item_id: itemId,
      content_index: 0,
      audio_end_ms: audioEndMs,
    } satisfies ConversationItemTruncateEvent,
  );
}

export function deleteItem(itemId: string): string {
  return JSON.stringify(
    { type: "conversation.item.delete", item_id: itemId } satisfies ConversationItemDeleteEvent,
  );
}

/**
 * A line that the caller typed, or the keys they pressed.
 *
 * @param id Of the new item: the API takes the client's.
 */
export function callerText(id: string, text: string): string {
  return JSON.stringify(
    {
      type: "conversation.item.create",
      item: { id, type: "message", role: "user", content: [{ type: "input_text", text }] },
    } satisfies ConversationItemCreateEvent,
  );
}

/** What was said before the session: the caller's words or voice, the agent's words. */
export function createItem(
  id: string,
  role: "user" | "assistant",
  content:
    | { type: "input_text"; text: string }
    | { type: "input_audio"; audio: string }
    | { type: "output_text"; text: string },
): string {
  const item = {
    id,
    type: "message",
    role,
    content: [content],
  } as ConversationItemCreateEvent["item"];
  return JSON.stringify(
    { type: "conversation.item.create", item } satisfies ConversationItemCreateEvent,
  );
}

/** What a tool returned, as text. */
export function toolOutput(callId: string, output: string): string {
  return JSON.stringify(
    {
      type: "conversation.item.create",
      item: { type: "function_call_output", call_id: callId, output },
    } satisfies ConversationItemCreateEvent,
  );
}
