/**
 * What a response costs, which model is asked for, and until when it is offered: all from `models.json`,
 * whose prices carry a date.
 *
 * @module
 */

import file from "./models.json" with { type: "json" };
import type { UsageTokens } from "../telemetry/turn.ts";

/** US dollars per million tokens of one modality. */
interface TokenPrices {
  readonly input?: number;
  /** Absent where cached tokens have no price of their own. */
  readonly cachedInput?: number;
  readonly output?: number;
}

interface ModelEntry {
  readonly text?: TokenPrices;
  readonly audio?: TokenPrices;
  readonly image?: TokenPrices;
  readonly usdPerMinute?: number;
  /** The day the vendor turns it off, `YYYY-MM-DD`. */
  readonly shutdown?: string;
  readonly replacement?: string;
  /** False where the figures were not read on the vendor's own page. */
  readonly verified: boolean;
}

const MODELS: ReadonlyMap<string, ModelEntry> = new Map(
  Object.entries(file.models as Record<string, ModelEntry>),
);

/** The model that is asked for when the settings name none. */
export const defaultModel: string = file.defaultModel;

/** The day a model is turned off (`YYYY-MM-DD`), or null when none is announced or known. */
export function shutdownOf(model: string): string | null {
  return entryOf(model)?.shutdown ?? null;
}

/** What the vendor says to use instead, or null. */
export function replacementOf(model: string): string | null {
  return entryOf(model)?.replacement ?? null;
}

/**
 * US dollars for the usage of one response.
 *
 * Cached tokens are part of the input: `(input - cached) * price + cached * cachedPrice + output *
 * outputPrice`, for each modality (Realtime cost guide).
 *
 * @param model A name from the table, or a dated snapshot of one (`gpt-realtime-2025-08-28`).
 * @returns Null when the model is not in the table, or used something that has no price there:
 *   an unknown cost is not 0.
 */
export function costUsd(model: string, usage: UsageTokens): number | null {
  const entry = entryOf(model);
  if (entry === undefined) return null;
  const tokens = usage.inputTextTokens + usage.inputAudioTokens + usage.inputImageTokens +
    usage.outputTextTokens + usage.outputAudioTokens;
  if (entry.usdPerMinute !== undefined) {
    // Billed by time, yet only tokens were told: what it cost cannot be known, unless it is free.
    if (entry.usdPerMinute > 0 && tokens > 0 && usage.billedMs === 0) return null;
    return usage.billedMs / 60_000 * entry.usdPerMinute;
  }
  if (usage.billedMs > 0) return null;
  // deno-fmt-ignore
  const parts = [
    modalityUsd(entry.text, usage.inputTextTokens, usage.cachedTextTokens, usage.outputTextTokens),
    modalityUsd(entry.audio, usage.inputAudioTokens, usage.cachedAudioTokens, usage.outputAudioTokens),
    modalityUsd(entry.image, usage.inputImageTokens, usage.cachedImageTokens, 0),
  ];
  let sum = 0;
  for (const part of parts) {
    if (part === null) return null;
    sum += part;
  }
  return sum;
}

function modalityUsd(
  prices: TokenPrices | undefined,
  input: number,
  cached: number,
  output: number,
): number | null {
  let usd = 0;
  if (input > 0) {
    if (prices?.input === undefined) return null;
    usd += (input - cached) * prices.input + cached * (prices.cachedInput ?? prices.input);
  }
  if (output > 0) {
    if (prices?.output === undefined) return null;
    usd += output * prices.output;
  }
  return usd / 1e6;
}

/** Snapshots carry the day they were taken: `-2025-08-28`. They cost what their model costs. */
function entryOf(model: string): ModelEntry | undefined {
  return MODELS.get(model) ?? MODELS.get(model.replace(/-\d{4}-\d{2}-\d{2}$/, ""));
}

/**
 * Reads the `usage` of `response.done` or of a finished transcription. Compatible servers leave any
 * key out, so every one is optional: tokens that are not broken down count as audio, and cached
 * tokens that are not broken down count as text first. Both err towards the higher cost.
 */
export function usageFrom(responseUsage: unknown): UsageTokens {
  const usage = objectOf(responseUsage);
  const input = objectOf(usage["input_token_details"]);
  const cached = objectOf(input["cached_tokens_details"]);
  const output = objectOf(usage["output_token_details"]);

  const inputTextTokens = countOf(input["text_tokens"]);
  const inputImageTokens = countOf(input["image_tokens"]);
  let inputAudioTokens = countOf(input["audio_tokens"]);
  inputAudioTokens += missing(
    usage["input_tokens"],
    inputTextTokens,
    inputAudioTokens,
    inputImageTokens,
  );

  let cachedTextTokens = Math.min(countOf(cached["text_tokens"]), inputTextTokens);
  let cachedAudioTokens = Math.min(countOf(cached["audio_tokens"]), inputAudioTokens);
  let cachedImageTokens = Math.min(countOf(cached["image_tokens"]), inputImageTokens);
  let rest = missing(
    input["cached_tokens"],
    cachedTextTokens,
    cachedAudioTokens,
    cachedImageTokens,
  );
  const fill = (room: number) => {
    const taken = Math.min(rest, room);
    rest -= taken;
    return taken;
  };
  cachedTextTokens += fill(inputTextTokens - cachedTextTokens);
  cachedImageTokens += fill(inputImageTokens - cachedImageTokens);
  cachedAudioTokens += fill(inputAudioTokens - cachedAudioTokens);

  const outputTextTokens = countOf(output["text_tokens"]);
  let outputAudioTokens = countOf(output["audio_tokens"]);
  outputAudioTokens += missing(usage["output_tokens"], outputTextTokens, outputAudioTokens, 0);
  const seconds = usage["seconds"];
  return {
    inputTextTokens,
    inputAudioTokens,
    inputImageTokens,
    cachedTextTokens,
    cachedAudioTokens,
    cachedImageTokens,
    outputTextTokens,
    outputAudioTokens,
    billedMs: typeof seconds === "number" ? countOf(Math.round(seconds * 1000)) : 0,
  };
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}

/** More than any session holds; a total beyond it is not a count, and sums stay exact below it. */
const MAX_COUNT = 1e9;

/** A whole number from 1 to a billion; anything else is 0. */
function countOf(value: unknown): number {
  return typeof value === "number" && Number.isInteger(value) && value > 0 && value <= MAX_COUNT
    ? value
    : 0;
}

/** What a total holds beyond its parts. */
function missing(total: unknown, a: number, b: number, c: number): number {
  return Math.max(0, countOf(total) - a - b - c);
}
