/**
 * The report as one page of HTML: no script, nothing fetched, pictures as inline SVG, light and dark
 * by the reader's own setting.
 *
 * @module
 */

import { histogramSvg, timelineSvg } from "./charts.ts";
import type { LatencyReport } from "./run.ts";
import { type Point, STAGE_TITLES, type StageName, STAGES } from "./stats.ts";
import { countLines, paceLine } from "./words.ts";

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2330; --soft: #5d6778; --line: #dfe3ea; --page: #f6f7f9;
  --card: #fff; --bar: #3f6fd8; --mark: #d0632b; --bad: #b3261e; --good: #1f7a4d; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #98a2b3; --line: #2c3442;
  --page: #12161d; --card: #1a202a; --bar: #7aa2f7; --mark: #ff9e64; --bad: #ff8a80; --good: #7bd6a4; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
main { max-width: 880px; margin: 0 auto; padding: 32px 16px 48px; }
h1 { font-size: 22px; margin: 0; letter-spacing: -.01em; }
h2 { font-size: 15px; margin: 0 0 8px; }
p { margin: 4px 0; } .soft { color: var(--soft); } .bad { color: var(--bad); } .good { color: var(--good); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: 16px 18px; margin-top: 16px; overflow-x: auto; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(120px, 1fr)); gap: 12px;
  margin-top: 20px; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 12px 14px; }
.tile b { display: block; font-size: 26px; font-weight: 650; letter-spacing: -.02em; line-height: 1.2; }
.tile b small { font-size: 14px; font-weight: 500; color: var(--soft); }
.tile span { color: var(--soft); font-size: 13px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 5px 0 5px 14px; border-top: 1px solid var(--line); white-space: nowrap; }
thead th { border-top: 0; color: var(--soft); font-weight: 500; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
svg { display: block; width: 100%; min-width: 480px; height: auto; font: 11px system-ui, sans-serif; }
svg .bar { fill: var(--bar); } svg .dot { fill: var(--bar); fill-opacity: .5; }
svg text { fill: var(--soft); } svg .axis { stroke: var(--line); }
svg .mark { stroke: var(--mark); stroke-dasharray: 3 3; } svg text.mark { fill: var(--mark); stroke: none; }
ul { margin: 4px 0; padding-left: 20px; }
`;

/** Stages that get a picture of their own. */
const DRAWN: readonly StageName[] = ["answer", "clear", "silence", "greeting"];

/** @param points Single measurements, for the picture over time. */
export function htmlReport(report: LatencyReport, points: readonly Point[]): string {
  const { settings } = report;
  const drawn = DRAWN.filter((name) => report.histograms[name].length > 3);
  const answers = points.filter(({ stage }) => stage === "answer");
  const when = new Date(report.startedAt).toUTCString();
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Latency of ${escapeHtml(settings.url)}</title><style>${STYLE}</style></head>
<body><main>
<h1>earshot latency-test</h1>
<p>${escapeHtml(settings.url)}</p>
<p class="soft">${when} · scenario ${settings.scenario} · ${settings.calls} calls, ${settings.rate} new ones a second ·
${report.durationS.toFixed(1)} s${report.interrupted ? ", broken off" : ""}</p>
<div class="tiles">${tiles(report)}</div>
<section><h2>All stages, ms</h2>${table(report)}</section>
${
    drawn.map((name) =>
      `<section><h2>${STAGE_TITLES[name]}, ms</h2>` +
      `${histogramSvg(report.histograms[name], report.stages[name]!)}</section>`
    ).join("\n")
  }
${
    answers.length > 1
      ? `<section><h2>Each answer over time</h2>${
        timelineSvg(answers, report.durationS * 1000, report.stages.answer!.p50Ms)
      }</section>`
      : ""
  }
<section><h2>What happened</h2>
${
    countLines(report).map(({ text, bad }) => `<p${bad ? ' class="bad"' : ""}>${text}</p>`).join(
      "\n",
    )
  }
${failures(report)}
<p class="${paceLine(report).bad ? "bad" : "soft"}">${paceLine(report).text}</p>
</section>
</main></body></html>
`;
}

function tiles({ stages, counts }: LatencyReport): string {
  const { answer, silence, connect } = stages;
  const all: [string, string, string][] = [];
  if (answer) {
    all.push([whole(answer.p50Ms), "ms", "answer, p50"], [
      whole(answer.p95Ms),
      "ms",
      "answer, p95",
    ]);
    all.push([whole(answer.p99Ms), "ms", "answer, p99"]);
  }
  if (silence) all.push([whole(silence.p95Ms), "ms", "barge-in to silence, p95"]);
  if (connect) all.push([whole(connect.p95Ms), "ms", "connect, p95"]);
  all.push([String(counts.failed), `of ${counts.dialled}`, "calls failed"]);
  return all.map(([value, unit, title]) =>
    `<div class="tile"><b>${value} <small>${unit}</small></b><span>${title}</span></div>`
  ).join("");
}

function table({ stages }: LatencyReport): string {
  const rows = STAGES.flatMap((name) => {
    const stage = stages[name];
    if (stage === null) return [];
    const { minMs, avgMs, p50Ms, p95Ms, p99Ms, maxMs, count } = stage;
    const cells = [minMs, avgMs, p50Ms, p95Ms, p99Ms, maxMs].map((ms) =>
      `<td>${ms < 10 ? ms.toFixed(2) : ms < 100 ? ms.toFixed(1) : whole(ms)}</td>`
    );
    return [`<tr><td>${STAGE_TITLES[name]}</td>${cells.join("")}<td>${count}</td></tr>`];
  });
  return "<table><thead><tr><th></th><th>min</th><th>avg</th><th>p50</th><th>p95</th><th>p99</th>" +
    `<th>max</th><th>count</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

function failures(report: LatencyReport): string {
  const reasons = Object.entries(report.failures);
  if (reasons.length === 0) return "";
  const items = reasons.map(([reason, count]) => `<li>${count} × ${escapeHtml(reason)}</li>`);
  return `<ul class="bad">${items.join("")}</ul>`;
}

function whole(ms: number): string {
  return ms.toFixed(0);
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
