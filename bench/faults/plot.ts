/**
 * Draws a soak: memory, and the calls and sockets that it was for, over time.
 *
 * @module
 */

/** One look at the server. */
export interface Sample {
  readonly atSeconds: number;
  readonly rssMib: number;
  readonly sockets: number;
  readonly live: number;
}

const WIDTH = 720, HEIGHT = 360, LEFT = 64, RIGHT = 64, TOP = 64, BOTTOM = 48;

/** The next round number. */
function roundUp(value: number): number {
  const step = 10 ** Math.floor(Math.log10(Math.max(value, 10)));
  return Math.ceil(value / step) * step;
}

/** @param words What it was, in one line under the title. */
export function soakSvg(samples: readonly Sample[], words: string): string {
  const seconds = Math.max(1, samples.at(-1)?.atSeconds ?? 1);
  const maxMib = roundUp(Math.max(...samples.map(({ rssMib }) => rssMib)));
  const maxCount = roundUp(Math.max(...samples.map(({ sockets }) => sockets)));
  const x = (at: number) => LEFT + (WIDTH - LEFT - RIGHT) * at / seconds;
  const y = (share: number) => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share;
  const line = (kind: string, share: (sample: Sample) => number) =>
    `<polyline class="${kind}" points="${
      samples.map((one) => `${x(one.atSeconds).toFixed(1)},${y(share(one)).toFixed(1)}`).join(" ")
    }"/>`;
  const grid: string[] = [];
  for (let i = 0; i <= 4; i++) {
    grid.push(`<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(i / 4)}" y2="${y(i / 4)}"/>`);
    grid.push(
      `<text x="${LEFT - 8}" y="${y(i / 4) + 4}" text-anchor="end">${maxMib * i / 4}</text>`,
      `<text x="${WIDTH - RIGHT + 8}" y="${y(i / 4) + 4}">${maxCount * i / 4}</text>`,
      `<text x="${x(seconds * i / 4)}" y="${y(0) + 20}" text-anchor="middle">${
        (seconds * i / 240).toFixed(1)
      }</text>`,
    );
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"
  aria-label="Memory, sockets and live calls over time">
<style>
  svg { font: 13px system-ui, sans-serif; background: #fff; }
  text { fill: #444; } .title { font-size: 15px; font-weight: 600; fill: #111; }
  .grid line { stroke: #e4e7ea; } polyline { fill: none; stroke-width: 2; }
  .rss { stroke: #0f766e; } .sockets { stroke: #8a94a0; } .live { stroke: #b45309; }
  @media (prefers-color-scheme: dark) {
    svg { background: #12181b; } text { fill: #aab4ba; } .title { fill: #f2f5f6; }
    .grid line { stroke: #26303a; } .rss { stroke: #2dd4bf; } .live { stroke: #f59e0b; }
  }
</style>
<text class="title" x="${LEFT}" y="24">Memory while calls come and go</text>
<text x="${LEFT}" y="42">${words}</text>
<g class="grid">${grid.join("")}</g>
${line("rss", ({ rssMib }) => rssMib / maxMib)}
${line("sockets", ({ sockets }) => sockets / maxCount)}
${line("live", ({ live }) => live / maxCount)}
<text x="${LEFT - 48}" y="${TOP - 8}">MiB (green)</text>
<text x="${WIDTH - RIGHT - 170}" y="${TOP - 8}">sockets (grey), calls (orange)</text>
<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">minutes</text>
</svg>
`;
}
