/**
 * What a response is to be: the session's values, and over them those of its `response.create`.
 *
 * @module
 */

import type { RealtimeAudioFormats } from "openai/resources/realtime/realtime";
import { ApiError } from "./api_error.ts";
import { checkText, checkTools } from "./bounds.ts";
import type { ResponseParams } from "./client_events.ts";
import { formatOf } from "./formats.ts";
import type { SessionContext } from "./context.ts";
import { type Item, itemFrom } from "./items.ts";
import type { ToolChoice, Tools } from "./session_schema.ts";
import { fitContext, type InputTokens, PromptCache } from "./usage.ts";

/** Everything about a response that is known before it begins. */
export interface ResponsePlan {
  readonly modality: "text" | "audio";
  readonly format: RealtimeAudioFormats;
  readonly voice: string;
  readonly speed: number;
  /** Infinity for `"inf"`. */
  readonly maxOutputTokens: number;
  readonly metadata: Record<string, string> | null;
  /** False for `conversation: "none"`. */
  readonly inConversation: boolean;
  /** What it answers, oldest first. */
  readonly items: readonly Item[];
  /** The response's own, else the session's. */
  readonly instructions: string;
  readonly sessionInstructions: string;
  readonly tools: Tools;
  readonly toolChoice: ToolChoice;
  readonly input: InputTokens;
  /** Why it can't be answered, when it can't. */
  readonly failure?: ApiError;
}

function contextItems(context: SessionContext, params: ResponseParams): readonly Item[] {
  const { conversation, makeId, config } = context;
  if (!params.input) return conversation.items;
  return params.input.map((input, index) => {
    if (input.type === "item_reference") {
      const item = conversation.find(input.id);
      if (item) return item;
      throw new ApiError(
        "invalid_value",
        `Invalid value for 'response.input[${index}].id': no item '${input.id}' in the conversation.`,
        `response.input[${index}].id`,
      );
    }
    const format = formatOf(config.audio.input.format);
    return itemFrom(input, makeId("item"), makeId("call"), format, `response.input[${index}]`);
  });
}

/**
 * Reads the context and counts the input.
 *
 * @param cache Of the default conversation; out-of-band responses are not cached.
 * @throws {ApiError} Naming the field, when the parameters contradict the session.
 */
export function planResponse(
  context: SessionContext,
  params: ResponseParams,
  cache: PromptCache,
): ResponsePlan {
  const { config, settings } = context;
  checkText(params.instructions, "response.instructions", settings);
  checkTools(params.tools, "response.tools", settings);
  const tools = params.tools ?? config.tools;
  const output = params.audio?.output;
  const voice = output?.voice ?? config.audio.output.voice;
  const maxOutputTokens = params.max_output_tokens ?? config.max_output_tokens;
  const instructions = params.instructions ?? config.instructions;
  const inConversation = params.conversation !== "none";
  const items = contextItems(context, params);
  const fitting = fitContext(items, config.truncation, settings.maxContextTokens);
  const head = instructions + (tools.length > 0 ? JSON.stringify(tools) : "");
  const used = inConversation && !params.input ? cache : new PromptCache();
  return {
    modality: (params.output_modalities ?? config.output_modalities)[0]!,
    format: output?.format ?? config.audio.output.format,
    voice: typeof voice === "string" ? voice : voice.id,
    speed: config.audio.output.speed,
    maxOutputTokens: maxOutputTokens === "inf" ? Infinity : maxOutputTokens,
    metadata: params.metadata ?? null,
    inConversation,
    items: fitting ?? [],
    instructions,
    sessionInstructions: config.instructions,
    tools,
    toolChoice: params.tool_choice ?? config.tool_choice,
    input: used.charge(head, fitting ?? []),
    failure: fitting ? undefined : new ApiError(
      "context_length_exceeded",
      `The conversation is longer than ${settings.maxContextTokens} tokens and truncation is disabled.`,
    ),
  };
}
