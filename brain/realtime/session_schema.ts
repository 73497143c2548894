/**
 * What `session.update` and `response.create` may hold, field by field (GA shapes only).
 *
 * @module
 */

import * as v from "valibot";

const name = (maxChars: number) => v.pipe(v.string(), v.minLength(1), v.maxLength(maxChars));
const between = (low: number, high: number) =>
  v.pipe(v.number(), v.minValue(low), v.maxValue(high));
const whole = (low: number, high: number) => v.pipe(between(low, high), v.integer());

/** `rate` exists for PCM only, and only as 24000; G.711 takes none. */
export const formatSchema = v.variant("type", [
  v.strictObject({
    type: v.literal("audio/pcm"),
    rate: v.optional(v.literal(24000), 24000),
  }),
  v.strictObject({ type: v.literal("audio/pcmu") }),
  v.strictObject({ type: v.literal("audio/pcma") }),
]);

// deno-fmt-ignore
const VOICES = ["alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar"] as const;
export const voiceSchema = v.union([
  v.picklist(VOICES),
  v.strictObject({ id: name(128) }),
]);

export const modalitiesSchema = v.pipe(
  v.array(v.picklist(["text", "audio"])),
  v.check((list) => list.length === 1, "Supported combinations are: ['text'] and ['audio']."),
);

export const maxOutputTokensSchema = v.union([v.literal("inf"), whole(1, 4096)]);

const toolNameSchema = v.pipe(
  v.string(),
  v.regex(/^[a-zA-Z0-9_-]{1,64}$/, "Expected 1 to 64 letters, digits, '_' or '-'."),
);
export const toolsSchema = v.array(v.variant("type", [
  v.strictObject({
    type: v.literal("function"),
    name: toolNameSchema,
    description: v.optional(v.string()),
    parameters: v.optional(v.looseObject({})),
  }),
  v.looseObject({ type: v.literal("mcp"), server_label: name(64) }),
]));
export const toolChoiceSchema = v.union([
  v.picklist(["none", "auto", "required"]),
  v.strictObject({ type: v.literal("function"), name: toolNameSchema }),
  v.strictObject({
    type: v.literal("mcp"),
    server_label: name(64),
    name: v.optional(v.nullable(v.string())),
  }),
]);

export const reasoningSchema = v.strictObject({
  effort: v.optional(v.picklist(["minimal", "low", "medium", "high", "xhigh"])),
});
export const promptSchema = v.nullable(v.looseObject({ id: name(128) }));

const turnDetectionSchema = v.nullable(v.variant("type", [
  v.strictObject({
    type: v.literal("server_vad"),
    threshold: v.optional(between(0, 1)),
    prefix_padding_ms: v.optional(whole(0, 5000)),
    silence_duration_ms: v.optional(whole(0, 10_000)),
    idle_timeout_ms: v.optional(v.nullable(whole(1, 3_600_000))),
    create_response: v.optional(v.boolean()),
    interrupt_response: v.optional(v.boolean()),
  }),
  v.strictObject({
    type: v.literal("semantic_vad"),
    eagerness: v.optional(v.picklist(["low", "medium", "high", "auto"])),
    create_response: v.optional(v.boolean()),
    interrupt_response: v.optional(v.boolean()),
  }),
]));

const inputSchema = v.strictObject({
  format: v.optional(formatSchema),
  noise_reduction: v.optional(v.nullable(v.strictObject({
    type: v.picklist(["near_field", "far_field"]),
    strength: v.optional(between(0, 1)),
  }))),
  transcription: v.optional(v.nullable(v.strictObject({
    model: v.optional(name(128)),
    language: v.optional(name(32)),
    languages: v.optional(v.pipe(v.array(name(32)), v.maxLength(64))),
    keywords: v.optional(v.pipe(v.array(name(256)), v.maxLength(1000))),
    prompt: v.optional(v.string()),
    delay: v.optional(v.picklist(["minimal", "low", "medium", "high", "xhigh"])),
  }))),
  turn_detection: v.optional(turnDetectionSchema),
});

const includeSchema = v.nullable(
  v.array(v.picklist(["item.input_audio_transcription.logprobs"])),
);

/** The `session` of `session.update`. */
export const sessionPatchSchema = v.variant("type", [
  v.strictObject({
    type: v.literal("realtime"),
    model: v.optional(name(128)),
    output_modalities: v.optional(modalitiesSchema),
    instructions: v.optional(v.string()),
    audio: v.optional(v.strictObject({
      input: v.optional(inputSchema),
      output: v.optional(v.strictObject({
        format: v.optional(formatSchema),
        voice: v.optional(voiceSchema),
        speed: v.optional(between(0.25, 1.5)),
      })),
    })),
    tools: v.optional(toolsSchema),
    tool_choice: v.optional(toolChoiceSchema),
    max_output_tokens: v.optional(maxOutputTokensSchema),
    truncation: v.optional(v.union([
      v.picklist(["auto", "disabled"]),
      v.strictObject({
        type: v.literal("retention_ratio"),
        retention_ratio: between(0, 1),
        token_limits: v.optional(v.strictObject({
          post_instructions: v.optional(whole(0, 1_000_000)),
        })),
      }),
    ])),
    tracing: v.optional(v.nullable(v.union([
      v.literal("auto"),
      v.strictObject({
        workflow_name: v.optional(v.string()),
        group_id: v.optional(v.string()),
        metadata: v.optional(v.unknown()),
      }),
    ]))),
    prompt: v.optional(promptSchema),
    include: v.optional(includeSchema),
    reasoning: v.optional(reasoningSchema),
    parallel_tool_calls: v.optional(v.boolean()),
  }),
  v.strictObject({
    type: v.literal("transcription"),
    audio: v.optional(v.strictObject({ input: v.optional(inputSchema) })),
    include: v.optional(includeSchema),
  }),
]);
export type SessionPatch = v.InferOutput<typeof sessionPatchSchema>;
type RealtimePatch = Extract<SessionPatch, { type: "realtime" }>;
export type InputPatch = v.InferOutput<typeof inputSchema>;
export type Tools = v.InferOutput<typeof toolsSchema>;
export type ToolChoice = v.InferOutput<typeof toolChoiceSchema>;
