/**
 * Client events: recognised, parsed and checked, by pure functions.
 *
 * @module
 */

import * as v from "valibot";
import { ApiError, errorFromIssue, show } from "./api_error.ts";
import { itemSchema, responseInputSchema } from "./item_schema.ts";
import {
  formatSchema,
  maxOutputTokensSchema,
  modalitiesSchema,
  promptSchema,
  reasoningSchema,
  sessionPatchSchema,
  toolChoiceSchema,
  toolsSchema,
  voiceSchema,
} from "./session_schema.ts";

const eventIdSchema = v.optional(v.pipe(v.string(), v.maxLength(512)));
const itemId = v.pipe(v.string(), v.minLength(1), v.maxLength(128));

const event = <const T extends string, E extends v.ObjectEntries>(type: T, entries: E) =>
  v.strictObject({ type: v.literal(type), event_id: eventIdSchema, ...entries });

/** The `response` of `response.create`. */
const responseParamsSchema = v.strictObject({
  instructions: v.optional(v.string()),
  output_modalities: v.optional(modalitiesSchema),
  audio: v.optional(v.strictObject({
    output: v.optional(v.strictObject({
      format: v.optional(formatSchema),
      voice: v.optional(voiceSchema),
    })),
  })),
  tools: v.optional(toolsSchema),
  tool_choice: v.optional(toolChoiceSchema),
  max_output_tokens: v.optional(maxOutputTokensSchema),
  metadata: v.optional(v.nullable(v.pipe(
    v.record(
      v.pipe(v.string(), v.maxLength(64)),
      v.pipe(v.string(), v.maxLength(512)),
    ),
    v.check((pairs) => Object.keys(pairs).length <= 16, "Expected at most 16 pairs."),
  ))),
  conversation: v.optional(v.picklist(["auto", "none"])),
  input: v.optional(v.array(responseInputSchema)),
  reasoning: v.optional(reasoningSchema),
  parallel_tool_calls: v.optional(v.boolean()),
  prompt: v.optional(promptSchema),
});
export type ResponseParams = v.InferOutput<typeof responseParamsSchema>;

const SCHEMAS = {
  "session.update": event("session.update", { session: sessionPatchSchema }),
  "input_audio_buffer.append": event("input_audio_buffer.append", { audio: v.string() }),
  "input_audio_buffer.commit": event("input_audio_buffer.commit", {}),
  "input_audio_buffer.clear": event("input_audio_buffer.clear", {}),
  "conversation.item.create": event("conversation.item.create", {
    item: itemSchema,
    previous_item_id: v.optional(v.nullable(itemId)),
  }),
  "conversation.item.truncate": event("conversation.item.truncate", {
    item_id: itemId,
    content_index: v.pipe(v.number(), v.integer(), v.minValue(0)),
    audio_end_ms: v.pipe(v.number(), v.integer(), v.minValue(0)),
  }),
  "conversation.item.delete": event("conversation.item.delete", { item_id: itemId }),
  "conversation.item.retrieve": event("conversation.item.retrieve", { item_id: itemId }),
  "response.create": event("response.create", { response: v.optional(responseParamsSchema) }),
  "response.cancel": event("response.cancel", { response_id: v.optional(itemId) }),
  "output_audio_buffer.clear": event("output_audio_buffer.clear", {}),
};
type Schemas = typeof SCHEMAS;

/** A client event that passed its checks. */
export type ClientEvent = { [K in keyof Schemas]: v.InferOutput<Schemas[K]> }[keyof Schemas];

const APPEND_PREFIX = '{"type":"input_audio_buffer.append","audio":"';

/**
 * The base64 of an append in the exact spelling that `JSON.stringify` gives it; every other shape
 * goes through {@linkcode parseClientEvent}. A backslash in what is returned means that it was no
 * plain string after all; base64 has none, so the decoder refuses it.
 *
 * @returns `undefined` when the text is anything else.
 */
export function liftAppend(text: string): string | undefined {
  if (!text.startsWith(APPEND_PREFIX)) return undefined;
  const end = text.length - 2;
  return text.indexOf('"', APPEND_PREFIX.length) === end && text.endsWith("}")
    ? text.slice(APPEND_PREFIX.length, end)
    : undefined;
}

/** What a text turned out to be: an event, or the error that answers it. */
type Parsed =
  | { readonly event: ClientEvent }
  | { readonly error: ApiError; readonly eventId: string | null };

/** Parses one frame. Never throws. */
export function parseClientEvent(text: string): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const error = new ApiError("invalid_json", `The event is not valid JSON: ${show(text)}.`);
    return { error, eventId: null };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const error = new ApiError(
      "invalid_event",
      `An event must be a JSON object with a string 'type', but got ${show(value)}.`,
    );
    return { error, eventId: null };
  }
  const { type, event_id: id } = value as { type?: unknown; event_id?: unknown };
  const eventId = typeof id === "string" ? id.slice(0, 512) : null;
  if (type === undefined) {
    const error = new ApiError(
      "missing_required_parameter",
      "Missing required parameter: 'type'.",
      "type",
    );
    return { error, eventId };
  }
  if (typeof type !== "string" || !Object.hasOwn(SCHEMAS, type)) {
    const known = Object.keys(SCHEMAS).map((name) => `'${name}'`).join(", ");
    const error = new ApiError(
      "invalid_event",
      `Invalid value for 'type': ${show(type)}. Supported values are: ${known}.`,
      "type",
    );
    return { error, eventId };
  }
  const result = v.safeParse(SCHEMAS[type as keyof Schemas], value, { abortEarly: true });
  return result.success
    ? { event: result.output }
    : { error: errorFromIssue(result.issues[0], ""), eventId };
}
