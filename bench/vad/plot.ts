/**
 * Small SVG drawings: axes, lines, areas. Text is real text, colours suit light and dark pages.
 *
 * @module
 */

/** A rectangle on the page and the values it shows. */
export interface Panel {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

/** Page position of a value. */
export function xAt(panel: Panel, value: number): number {
  return round(panel.left + ((value - panel.x[0]) / (panel.x[1] - panel.x[0])) * panel.width);
}

/** Page position of a value; upwards is more. */
export function yAt(panel: Panel, value: number): number {
  const share = (value - panel.y[0]) / (panel.y[1] - panel.y[0]);
  return round(panel.top + panel.height - share * panel.height);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** A polyline through points, kept inside the panel. */
export function line(
  panel: Panel,
  points: readonly (readonly [number, number])[],
  colour: string,
  width = 1.5,
  dash = "",
): string {
  const clamp = (value: number, [low, high]: readonly [number, number]) =>
    Math.max(low, Math.min(high, value));
  const path = points.map(([x, y]) =>
    `${xAt(panel, clamp(x, panel.x))},${yAt(panel, clamp(y, panel.y))}`
  );
  const dashes = dash ? ` stroke-dasharray="${dash}"` : "";
  return `<polyline points="${path.join(" ")}" fill="none" stroke="${colour}" ` +
    `stroke-width="${width}" stroke-linejoin="round"${dashes}/>`;
}

export function rect(
  left: number,
  top: number,
  width: number,
  height: number,
  fill: string,
  extra = "",
): string {
  return `<rect x="${round(left)}" y="${round(top)}" width="${round(width)}" ` +
    `height="${round(height)}" fill="${fill}"${extra ? ` ${extra}` : ""}/>`;
}

export function dot(panel: Panel, x: number, y: number, colour: string): string {
  return `<circle cx="${xAt(panel, x)}" cy="${yAt(panel, y)}" r="4" fill="${colour}"/>`;
}

export function text(
  left: number,
  top: number,
  words: string,
  options: { size?: number; anchor?: "start" | "middle" | "end"; colour?: string } = {},
): string {
  const { size = 12, anchor = "start", colour = "#444" } = options;
  const safe = words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${round(left)}" y="${round(top)}" font-size="${size}" ` +
    `text-anchor="${anchor}" fill="${colour}">${safe}</text>`;
}

/** Frame, grid lines and their numbers. */
export function axes(
  panel: Panel,
  xTicks: readonly number[],
  yTicks: readonly number[],
  unit: { x?: string; y?: string } = {},
): string {
  const out: string[] = [];
  const bottom = panel.top + panel.height;
  for (const value of xTicks) {
    const x = xAt(panel, value);
    out.push(`<line x1="${x}" y1="${panel.top}" x2="${x}" y2="${bottom}" stroke="#ddd"/>`);
    out.push(text(x, bottom + 15, `${value}${unit.x ?? ""}`, { size: 11, anchor: "middle" }));
  }
  for (const value of yTicks) {
    const y = yAt(panel, value);
    const right = panel.left + panel.width;
    out.push(`<line x1="${panel.left}" y1="${y}" x2="${right}" y2="${y}" stroke="#ddd"/>`);
    out.push(text(panel.left - 6, y + 4, `${value}${unit.y ?? ""}`, { size: 11, anchor: "end" }));
  }
  out.push(rect(panel.left, panel.top, panel.width, panel.height, "none", 'stroke="#999"'));
  return out.join("\n");
}

/** The whole picture on a white ground. */
export function svg(width: number, height: number, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ` +
    `width="${width}" height="${height}" font-family="system-ui, sans-serif">\n` +
    [rect(0, 0, width, height, "#fff"), ...parts].join("\n") + "\n</svg>\n";
}
