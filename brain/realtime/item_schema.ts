/**
 * What `conversation.item.create` and the `input` of a response may hold.
 *
 * @module
 */

import * as v from "valibot";

/**
 * Ids that clients choose. The limit of 32 is remembered from the API's own refusals of longer ids
 * and not in its reference.
 */
const itemIdSchema = v.pipe(v.string(), v.minLength(1), v.maxLength(32));

const common = {
  id: v.optional(itemIdSchema),
  object: v.optional(v.literal("realtime.item")),
  status: v.optional(v.picklist(["completed", "incomplete", "in_progress"])),
};
const callIdSchema = v.pipe(v.string(), v.minLength(1), v.maxLength(64));
/** More would cost a check each, and no client writes them. */
const MAX_PARTS = 64;
const parts = <T extends v.GenericSchema>(part: T) =>
  v.pipe(v.array(v.unknown()), v.minLength(1), v.maxLength(MAX_PARTS), v.array(part));

const inputText = v.strictObject({ type: v.literal("input_text"), text: v.string() });

/** An item as clients write it. */
export const itemSchema = v.variant("type", [
  v.variant("role", [
    v.strictObject({
      type: v.literal("message"),
      role: v.literal("user"),
      ...common,
      content: parts(v.variant("type", [
        inputText,
        v.strictObject({
          type: v.literal("input_audio"),
          audio: v.string(),
          transcript: v.optional(v.nullable(v.string())),
        }),
        v.strictObject({
          type: v.literal("input_image"),
          image_url: v.string(),
          detail: v.optional(v.picklist(["auto", "low", "high"])),
        }),
      ])),
    }),
    v.strictObject({
      type: v.literal("message"),
      role: v.literal("system"),
      ...common,
      content: parts(v.variant("type", [inputText])),
    }),
    v.strictObject({
      type: v.literal("message"),
      role: v.literal("assistant"),
      ...common,
      // Assistant audio can't be injected (Realtime guide): text only.
      content: parts(v.variant("type", [
        v.strictObject({ type: v.literal("output_text"), text: v.string() }),
      ])),
    }),
  ]),
  v.strictObject({
    type: v.literal("function_call"),
    ...common,
    call_id: v.optional(callIdSchema),
    name: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
    arguments: v.string(),
  }),
  v.strictObject({
    type: v.literal("function_call_output"),
    ...common,
    call_id: callIdSchema,
    output: v.string(),
  }),
]);
export type ItemInput = v.InferOutput<typeof itemSchema>;

/** In the `input` of a response, an item of the conversation may stand by its id. */
export const responseInputSchema = v.variant("type", [
  itemSchema,
  v.strictObject({ type: v.literal("item_reference"), id: itemIdSchema }),
]);
