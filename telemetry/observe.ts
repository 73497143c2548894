/**
 * Turns and tokens, as Prometheus wants them.
 *
 * @module
 */

import type { Metrics } from "./metrics.ts";
import type { TurnRecord, TurnStages, UsageTokens } from "./turn.ts";

// deno-fmt-ignore
const STAGES: readonly [keyof TurnStages, string][] = [
  ["endpointMs", "endpoint"], ["commitMs", "commit"], ["createdMs", "created"],
  ["firstDeltaMs", "first_delta"], ["firstSentMs", "first_sent"], ["firstHeardMs", "first_heard"],
];

/** Prometheus takes no NaN in a sum, and a clock that ran back must not subtract from it. */
export function seconds(ms: number): number {
  return Number.isFinite(ms) && ms > 0 ? ms / 1000 : 0;
}

/** Where the time of a turn went. */
export function observeTurn(
  { kind, stages, totalMs, bargeIn }: TurnRecord,
  metrics: Metrics,
): void {
  metrics.turns.inc({ kind });
  for (const [stage, label] of STAGES) {
    const ms = stages[stage];
    if (ms !== undefined) metrics.stageSeconds.observe({ stage: label }, seconds(ms));
  }
  if (stages.firstSentMs !== undefined) metrics.turnSeconds.observe({ kind }, seconds(totalMs));
  if (bargeIn !== undefined) {
    const { onsetToClearMs, lastHeardMs } = bargeIn;
    metrics.bargeInSeconds.observe({ stage: "clear" }, seconds(onsetToClearMs));
    metrics.bargeInSeconds.observe({ stage: "last_heard" }, seconds(lastHeardMs));
  }
}

/** The tokens of one response; cached ones are counted apart from other input. */
export function countTokens(usage: UsageTokens, model: string, metrics: Metrics): void {
  const add = (direction: string, modality: string, tokens: number) => {
    if (tokens > 0 && Number.isFinite(tokens)) {
      metrics.tokens.inc({ model, direction, modality }, tokens);
    }
  };
  add("input", "text", usage.inputTextTokens - usage.cachedTextTokens);
  add("input", "audio", usage.inputAudioTokens - usage.cachedAudioTokens);
  add("input", "image", usage.inputImageTokens - usage.cachedImageTokens);
  add("cached_input", "text", usage.cachedTextTokens);
  add("cached_input", "audio", usage.cachedAudioTokens);
  add("cached_input", "image", usage.cachedImageTokens);
  add("output", "text", usage.outputTextTokens);
  add("output", "audio", usage.outputAudioTokens);
}
