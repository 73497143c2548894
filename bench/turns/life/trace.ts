/**
 * One conversation told in order: what was said, what became of it at the brain, what was heard.
 *
 * @module
 */

import type { CallLog } from "./log.ts";

export function printTrace(log: CallLog): void {
  const lines: [number, string][] = [];
  for (const { number, what, kind, fromMs, endMs } of log.utterances) {
    lines.push([fromMs, `caller ${number}: ${what} (${kind}), to ${endMs.toFixed(0)}`]);
  }
  for (const { id, committedAtMs, frames, text, deletedAtMs } of log.items) {
    const holds = text || [...frames].map(([number, count]) => `${number} (${count})`).join(", ");
    lines.push([committedAtMs, `  item ${id} holds ${holds || "nothing that was said"}`]);
    if (!Number.isNaN(deletedAtMs)) lines.push([deletedAtMs, `  item ${id} is deleted`]);
  }
  for (const { id, request, mood, covers, fromMs, toMs, status, items } of log.answers) {
    const why = request ? request.eventId ?? "asked for" : "by itself";
    const sources = items.map(({ source, ms }) => `${source} (${ms} ms)`).join(", ");
    lines.push([
      fromMs,
      `  answer ${id}, ${why}, to ${covers.at(-1)?.id ?? "nobody"}: ${sources} ${mood ?? ""}`,
    ]);
    lines.push([toMs, `  answer ${id} ${status}`]);
  }
  for (const { source, fromMs, toMs, fromBlock, toBlock } of log.runs) {
    const blocks = `blocks ${fromBlock} to ${toBlock}`;
    lines.push([fromMs, `    heard ${source}, ${blocks}, to ${toMs.toFixed(0)}`]);
  }
  for (const { fromMs, toMs } of log.phrases) {
    lines.push([fromMs, `    heard a phrase of the server's own, to ${toMs.toFixed(0)}`]);
  }
  lines.sort(([a], [b]) => a - b);
  for (const [ms, text] of lines) console.log(`${ms.toFixed(0).padStart(9)}  ${text}`);
}
