/**
 * What a response costs, by the rates of OpenAI's cost guide: user audio 1 token for 100 ms,
 * assistant audio 1 token for 50 ms, and the whole conversation again as input of each response.
 *
 * Text is estimated at 4 characters a token, an image at a flat 256: no tokenizer is at hand, and
 * the small overhead that OpenAI adds for each message is not public.
 *
 * @module
 */

import type { RealtimeResponseUsage, RealtimeTruncation } from "openai/resources/realtime/realtime";
import type { Item } from "./items.ts";

/** Ms of audio behind one token. */
const USER_MS_PER_TOKEN = 100;
export const ASSISTANT_MS_PER_TOKEN = 50;
/** Estimates, see the module. */
export const CHARS_PER_TOKEN = 4;
const IMAGE_TOKENS = 256;

/** Tokens by kind. */
interface Tokens {
  text: number;
  audio: number;
  image: number;
}

/** Input of one response. */
export interface InputTokens extends Tokens {
  /** The part of it that the last response had as its beginning too. */
  readonly cached: Tokens;
}

export function textTokens(text: string): number {
  return Math.ceil(text.length / CHARS_PER_TOKEN);
}

/** What one item costs as input. */
export function itemTokens(item: Item): Tokens {
  const tokens = { text: 0, audio: 0, image: 0 };
  if (item.type === "function_call") tokens.text = textTokens(item.name + item.arguments);
  else if (item.type === "function_call_output") tokens.text = textTokens(item.output);
  else {
    for (const part of item.parts) {
      if ("text" in part) tokens.text += textTokens(part.text);
      else if (part.type === "input_image") tokens.image += IMAGE_TOKENS;
      else if (part.type === "input_audio") {
        tokens.audio += Math.ceil(part.durationMs / USER_MS_PER_TOKEN);
      } else {
        tokens.audio += Math.ceil(part.durationMs / ASSISTANT_MS_PER_TOKEN);
        tokens.text += textTokens(part.transcript ?? "");
      }
    }
  }
  return tokens;
}

const sum = (tokens: Tokens): number => tokens.text + tokens.audio + tokens.image;

/**
 * Drops the oldest items until the context fits, as `truncation` says. What is dropped stays out of
 * the context of later responses.
 *
 * @returns The items that are left, or undefined when truncation is `disabled` and they don't fit.
 */
export function fitContext(
  items: readonly Item[],
  truncation: RealtimeTruncation,
  maxTokens: number,
): Item[] | undefined {
  const fitting = items.filter((item) => !item.forgotten);
  const ratio = typeof truncation === "object" ? truncation : undefined;
  const limit = Math.min(maxTokens, ratio?.token_limits?.post_instructions ?? Infinity);
  let total = 0;
  for (const item of fitting) total += sum(itemTokens(item));
  if (total <= limit) return fitting;
  if (truncation === "disabled") return undefined;
  // Cutting below the limit at once leaves the cache whole for the turns that follow.
  const target = limit * (ratio?.retention_ratio ?? 1);
  while (fitting.length > 1 && total > target) {
    const oldest = fitting.shift()!;
    oldest.forgotten = true;
    total -= sum(itemTokens(oldest));
  }
  return fitting;
}

/** Remembers what the last response had as input, since the same beginning is billed as cached. */
export class PromptCache {
  #head: string | undefined;
  #keys: string[] = [];

  /**
   * @param head Instructions and tools: when they change, nothing is cached.
   * @param items The context, oldest first.
   */
  charge(head: string, items: readonly Item[]): InputTokens {
    const headTokens = textTokens(head);
    const cached = { text: 0, audio: 0, image: 0 };
    const total = { text: headTokens, audio: 0, image: 0 };
    let same = head === this.#head;
    if (same) cached.text = headTokens;
    const keys: string[] = [];
    for (const [index, item] of items.entries()) {
      const tokens = itemTokens(item);
      const key = `${item.id}:${item.version}`;
      keys.push(key);
      same &&= this.#keys[index] === key;
      for (const kind of ["text", "audio", "image"] as const) {
        total[kind] += tokens[kind];
        if (same) cached[kind] += tokens[kind];
      }
    }
    this.#head = head;
    this.#keys = keys;
    return { ...total, cached };
  }
}

/** The `usage` of `response.done`. */
export function usageOf(
  input: InputTokens,
  output: { text: number; audio: number },
): RealtimeResponseUsage {
  const inputTokens = sum(input);
  const outputTokens = output.text + output.audio;
  const details = (tokens: Tokens) => ({
    text_tokens: tokens.text,
    audio_tokens: tokens.audio,
    image_tokens: tokens.image,
  });
  return {
    total_tokens: inputTokens + outputTokens,
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    input_token_details: {
      ...details(input),
      cached_tokens: sum(input.cached),
      cached_tokens_details: details(input.cached),
    },
    output_token_details: { text_tokens: output.text, audio_tokens: output.audio },
  };
}
