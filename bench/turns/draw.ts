/**
 * Draws `bench/turns/endpointing.json`: how often callers are cut off, against how long they wait.
 *
 * Run: `deno run -A bench/turns/draw.ts`; it writes `docs/images/turns-endpointing.svg`.
 *
 * @module
 */

import data from "./endpointing.json" with { type: "json" };

interface Point {
  readonly ms: number;
  readonly cutPercent: number;
  readonly meanDelayMs: number;
}

const WIDTH = 720, HEIGHT = 400, LEFT = 64, RIGHT = 24, TOP = 56, BOTTOM = 56;
const MAX_MS = 1100, MAX_CUT = 65;
const x = (ms: number) => LEFT + (WIDTH - LEFT - RIGHT) * ms / MAX_MS;
const y = (cut: number) => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * cut / MAX_CUT;
const at = (point: Point) => `${x(point.meanDelayMs).toFixed(1)},${y(point.cutPercent).toFixed(1)}`;

function curve(points: readonly Point[], kind: string): string {
  const dots = points.map((point) => {
    const [cx, cy] = at(point).split(",");
    return `<circle class="${kind}" cx="${cx}" cy="${cy}" r="4"><title>${point.ms} ms</title></circle>`;
  });
  return `<polyline class="${kind}" points="${points.map(at).join(" ")}"/>${dots.join("")}`;
}

const grid: string[] = [];
for (let ms = 0; ms <= 1000; ms += 200) {
  grid.push(`<line x1="${x(ms)}" x2="${x(ms)}" y1="${TOP}" y2="${y(0)}"/>`);
  grid.push(`<text x="${x(ms)}" y="${y(0) + 20}" text-anchor="middle">${ms}</text>`);
}
for (let cut = 0; cut <= 60; cut += 10) {
  grid.push(`<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(cut)}" y2="${y(cut)}"/>`);
  grid.push(`<text x="${LEFT - 8}" y="${y(cut) + 4}" text-anchor="end">${cut}</text>`);
}

const { callers, turns } = data.about;
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"
  aria-label="Turns cut off against mean delay, for fixed and adaptive silence">
<style>
  svg { font: 13px system-ui, sans-serif; background: #fff; }
  text { fill: #444; } .title { font-size: 15px; font-weight: 600; fill: #111; }
  .grid line { stroke: #e4e7ea; } polyline { fill: none; stroke-width: 2.5; }
  polyline.fixed { stroke: #8a94a0; } circle.fixed { fill: #8a94a0; }
  polyline.adaptive { stroke: #0f766e; } circle.adaptive { fill: #0f766e; }
  @media (prefers-color-scheme: dark) {
    svg { background: #12181b; } text { fill: #aab4ba; } .title { fill: #f2f5f6; }
    .grid line { stroke: #26303a; } polyline.adaptive { stroke: #2dd4bf; }
    circle.adaptive { fill: #2dd4bf; }
  }
</style>
<text class="title" x="${LEFT}" y="24">Turns cut off, against the wait for their end</text>
<text x="${LEFT}" y="42">${callers} callers of three habits, ${turns} turns each; one point for each setting</text>
<g class="grid">${grid.join("")}</g>
${curve(data.fixed as Point[], "fixed")}
${curve(data.adaptive as Point[], "adaptive")}
<text x="${x(800)}" y="${y(20)}">fixed silence</text>
<text x="${x(420)}" y="${y(14)}" text-anchor="end">adaptive</text>
<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${
  HEIGHT - 14
}" text-anchor="middle">mean delay, ms</text>
<text x="16" y="${(TOP + y(0)) / 2}" transform="rotate(-90 16 ${
  (TOP + y(0)) / 2
})" text-anchor="middle">turns cut off, %</text>
</svg>
`;
Deno.writeTextFileSync("docs/images/turns-endpointing.svg", svg);
