/**
 * One log record as one line: colored for a person, or JSON for a machine.
 *
 * @module
 */

/** One event, already free of secrets. */
export interface LogLine {
  readonly timeMs: number;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly category: string;
  readonly sentence: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const RESERVED = new Set(["time", "level", "category", "message"]);

/** `{"time":"…","level":"info","category":"call","message":"…",…fields}` and a line feed. */
export function jsonLine(line: LogLine): string {
  const out: Record<string, unknown> = {
    time: new Date(line.timeMs).toISOString(),
    level: line.level,
    category: line.category,
    message: line.sentence,
  };
  for (const [name, value] of Object.entries(line.fields)) {
    out[RESERVED.has(name) ? `field_${name}` : name] = value;
  }
  return JSON.stringify(out) + "\n";
}

const RESET = "\x1b[0m";
const DIM = "\x1b[2m";
const LEVEL_COLORS = {
  debug: "\x1b[2m",
  info: "\x1b[36m",
  warn: "\x1b[33m",
  error: "\x1b[31m",
} as const;

/** `14:03:21.042 info  call  Call started  kind=twilio region=fra` and a line feed. */
export function prettyLine(line: LogLine, colors: boolean): string {
  const paint = (color: string, text: string) => colors ? color + text + RESET : text;
  const time = new Date(line.timeMs).toISOString().slice(11, 23);
  let text = `${paint(DIM, time)} ${paint(LEVEL_COLORS[line.level], line.level.padEnd(5))} ` +
    `${paint(DIM, line.category.padEnd(9))} ${printable(line.sentence)}`;
  for (const [name, value] of Object.entries(line.fields)) {
    text += ` ${paint(DIM, printable(name) + "=")}${printable(shown(value))}`;
  }
  return text + "\n";
}

function shown(value: unknown): string {
  if (typeof value === "string" && /^[\w.:/@-]+$/.test(value)) return value;
  return JSON.stringify(value) ?? "undefined";
}

/** Control characters could move the cursor or repaint what stands above: they are spelled out. */
function printable(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex
    /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (char) => "\\u" + char.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}
