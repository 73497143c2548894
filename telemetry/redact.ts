/**
 * What a log line must never hold: keys and tokens, what people said, and their numbers.
 *
 * @module
 */

/** Stands in for what is not shown. */
export const REDACTED = "[redacted]";

/** Longest string that a line holds; the rest is cut. */
const MAX_TEXT_CHARS = 300;
/** Deepest nesting, and most entries of one list or object. */
const MAX_DEPTH = 4;
const MAX_ENTRIES = 32;

/** Words of a field's name that make its value unfit to print. */
// deno-fmt-ignore
const SECRET_WORDS = new Set([
  "token", "key", "apikey", "secret", "authorization", "auth", "password", "cookie", "signature",
  "credential", "credentials", "bearer",
  "text", "transcript", "instructions", "prompt", "arguments", "digit", "digits",
  "from", "to", "phone", "caller", "callee", "called", "payload", "body", "audio",
]);

/** A number under a name that ends in one of these is a measure, whatever the words before it. */
// deno-fmt-ignore
const MEASURES = new Set([
  "ms", "seconds", "bytes", "chars", "count", "tokens", "frames", "hz", "usd", "percent", "length",
]);

/** True when the value of a field called `name` must not be printed. `tokenCount` may, if a number. */
export function isSecretField(name: string, value: unknown): boolean {
  if (typeof value === "boolean" || value === null || value === undefined) return false;
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase().split(/[^a-z0-9]+/);
  if (!words.some((word) => SECRET_WORDS.has(word))) return false;
  return !(typeof value === "number" && MEASURES.has(words.at(-1)!));
}

// OpenAI keys and ephemeral secrets; bearer values; values of telling query parameters; JSON web
// tokens; phone numbers as E.164 writes them (7 to 15 digits).
const SECRET_TEXTS: readonly [RegExp, string][] = [
  [/\b(?:sk|ek|pk)[-_][\w*.-]{6,}/g, REDACTED],
  [/\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${REDACTED}`],
  [/([?&](?:token|key|api[-_]?key|secret|signature)=)[^&\s"']+/gi, `$1${REDACTED}`],
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]+/g, REDACTED],
  [/(?:\+|%2B)[1-9]\d{6,14}\b/gi, REDACTED],
];

/** A shorter one would blank words of ours. */
const MIN_SECRET_CHARS = 6;
let ownSecrets: readonly string[] = [];

/**
 * Names the secrets of this process, so that none is printed whatever it looks like and whoever sends
 * it back: error texts of other servers hold the key that they were given.
 *
 * @param secrets Values of settings; those of fewer than 6 characters are passed over.
 */
export function hideSecrets(secrets: readonly string[]): void {
  ownSecrets = secrets.filter((secret) => secret.length >= MIN_SECRET_CHARS);
}

/** Cuts a long string and blanks what looks like a key or a phone number within it. */
export function safeText(text: string): string {
  // Cut first: a megabyte of text must not go through five regular expressions. The margin keeps a
  // key that straddles the cut whole until it has been seen.
  let safe = text.length > MAX_TEXT_CHARS * 2 ? text.slice(0, MAX_TEXT_CHARS * 2) : text;
  for (const secret of ownSecrets) safe = safe.replaceAll(secret, REDACTED);
  for (const [pattern, instead] of SECRET_TEXTS) safe = safe.replace(pattern, instead);
  if (safe.length <= MAX_TEXT_CHARS) return safe;
  return `${safe.slice(0, MAX_TEXT_CHARS)}… (${text.length} chars)`;
}

/** A copy of `fields` that may be printed: plain data, bounded in depth, breadth and length. */
export function safeFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return safeEntries(fields, 0);
}

function safeEntries(fields: object, depth: number): Record<string, unknown> {
  const safe: Record<string, unknown> = {};
  let entries = 0;
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (++entries > MAX_ENTRIES) {
      safe["more"] = true;
      break;
    }
    safe[name] = isSecretField(name, value) ? REDACTED : safeValue(value, depth + 1);
  }
  return safe;
}

function safeValue(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case "string":
      return safeText(value);
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "boolean":
      return value;
    case "bigint":
      return value.toString();
    case "object":
      break;
    default:
      return `[${typeof value}]`;
  }
  if (value === null) return null;
  if (value instanceof Error) return safeError(value);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "[no date]" : value.toJSON();
  if (depth >= MAX_DEPTH) return "[deeper]";
  if (Array.isArray(value)) {
    const list = value.slice(0, MAX_ENTRIES).map((entry) => safeValue(entry, depth + 1));
    if (value.length > MAX_ENTRIES) list.push(`[${value.length - MAX_ENTRIES} more]`);
    return list;
  }
  return safeEntries(value, depth);
}

/** What a line says of an error; its stack and any other field stay out. */
function safeError(error: Error): { name: string; code?: string | number; message: string } {
  const code = (error as { code?: unknown }).code;
  return {
    name: safeText(String(error.name)),
    ...(typeof code === "string" ? { code: safeText(code) } : {}),
    ...(typeof code === "number" ? { code } : {}),
    message: safeText(String(error.message)),
  };
}
