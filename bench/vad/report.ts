/**
 * The evaluation's tables as Markdown.
 *
 * @module
 */

import { cpus, platform } from "node:os";
import type { Row } from "./score.ts";

const HEAD =
  "| | F1 | F1 live | onset p50/p95 ms | end p50/p95 ms | missed % | cut % | FA /min | ok % |";
const RULE = "|---|---|---|---|---|---|---|---|---|";

/** One table. A fourth item in an entry adds the column µs a frame. */
export function table(first: string, rows: readonly (readonly [string, Row, string?])[]): string {
  const timed = rows.some((row) => row[2] !== undefined);
  const lines = rows.map(([name, r, time]) => {
    const cells = [
      name,
      r.f1.toFixed(1),
      r.liveF1.toFixed(1),
      `${whole(r.onsetP50Ms)}/${whole(r.onsetP95Ms)}`,
      `${whole(r.endP50Ms)}/${whole(r.endP95Ms)}`,
      r.missedPercent.toFixed(1),
      r.cutPercent.toFixed(1),
      r.falsePerMin.toFixed(1),
      r.okPercent.toFixed(1),
    ];
    if (timed) cells.push(time ?? "");
    return `| ${cells.join(" | ")} |`;
  });
  const head = HEAD.replace("| |", `| ${first} |`) + (timed ? " µs a frame |" : "");
  return [head, RULE + (timed ? "---|" : ""), ...lines].join("\n");
}

function whole(ms: number): string {
  return Number.isNaN(ms) ? "–" : String(Math.round(ms));
}

/** Processor, system, runtime and day, for the head of the results. */
export function machine(): string {
  const processors = cpus();
  const runtime = navigator.userAgent;
  const day = new Date().toISOString().slice(0, 10);
  const model = processors[0]?.model.trim() || "unknown processor";
  return `${model} (${processors.length} seen), ${platform()}, ${runtime}, ${day}`;
}
