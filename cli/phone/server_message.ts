/**
 * Reads what a server sends into a media stream, as strictly as Twilio does: wrong JSON, an unknown
 * event, missing or extra fields, a foreign streamSid or audio that is not base64 is error 31951.
 * Source: Twilio, "Media Streams - WebSocket Messages" and error page 31951.
 *
 * @module
 */

/** A message that Twilio would accept. */
export type ServerMessage =
  | { readonly event: "media"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly event: "mark"; readonly name: string }
  | { readonly event: "clear" };

/** Why Twilio would refuse it: what was wrong, with the field and the value. */
export interface Violation {
  /** 31951 for a bad message, 31924 for a frame that is no text, 31920 for a bad stream url. */
  readonly code: 31951 | 31924 | 31920;
  readonly detail: string;
}

const FIELDS = {
  media: ["event", "streamSid", "media"],
  mark: ["event", "streamSid", "mark"],
  clear: ["event", "streamSid"],
} as const;

/**
 * Reads one text frame.
 *
 * @param text The frame as it came.
 * @param streamSid The stream that this socket carries.
 */
export function readServerMessage(text: string, streamSid: string): ServerMessage | Violation {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return bad(`not JSON: ${show(text)}`);
  }
  if (!isObject(message)) return bad(`not a JSON object: ${show(text)}`);
  const event = message.event;
  if (event !== "media" && event !== "mark" && event !== "clear") {
    return bad(`event is ${show(event)}, wanted media, mark or clear`);
  }
  const surplus = surplusOrMissing(message, FIELDS[event]);
  if (surplus !== null) return bad(`${event}: ${surplus}`);
  if (message.streamSid !== streamSid) {
    return bad(`${event}: streamSid is ${show(message.streamSid)}, this stream is ${streamSid}`);
  }
  if (event === "clear") return { event };
  const body = message[event];
  if (!isObject(body)) return bad(`${event}: ${event} is ${show(body)}, wanted an object`);
  return event === "media" ? readMedia(body) : readMark(body);
}

function readMedia(media: Record<string, unknown>): ServerMessage | Violation {
  const surplus = surplusOrMissing(media, ["payload"]);
  if (surplus !== null) return bad(`media.media: ${surplus}`);
  const payload = media.payload;
  if (typeof payload !== "string" || payload === "") {
    return bad(`media.media.payload is ${show(payload)}, wanted base64 of at least one byte`);
  }
  const bytes = decodeBase64(payload);
  return bytes === null
    ? bad(`media.media.payload is not base64: ${show(payload)}`)
    : { event: "media", bytes };
}

function readMark(mark: Record<string, unknown>): ServerMessage | Violation {
  const surplus = surplusOrMissing(mark, ["name"]);
  if (surplus !== null) return bad(`mark.mark: ${surplus}`);
  if (typeof mark.name !== "string" || mark.name === "") {
    return bad(`mark.mark.name is ${show(mark.name)}, wanted a string`);
  }
  return { event: "mark", name: mark.name };
}

/** Strict: standard alphabet, padded, no spaces. Null when it is not. */
function decodeBase64(payload: string): Uint8Array<ArrayBuffer> | null {
  if (payload.length % 4 !== 0) return null;
  const padding = payload.endsWith("==") ? 2 : payload.endsWith("=") ? 1 : 0;
  const out = new Uint8Array(payload.length / 4 * 3 - padding);
  try {
    const { written } = out.setFromBase64(payload, { lastChunkHandling: "strict" });
    // Spaces are skipped by the platform, and leave fewer bytes than the length promised.
    return written === out.length ? out : null;
  } catch {
    return null;
  }
}

function surplusOrMissing(
  object: Record<string, unknown>,
  wanted: readonly string[],
): string | null {
  for (const field of wanted) if (!Object.hasOwn(object, field)) return `field ${field} is missing`;
  for (const field of Object.keys(object)) {
    if (!wanted.includes(field)) return `field ${field} does not belong there`;
  }
  return null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function bad(detail: string): Violation {
  return { code: 31951, detail };
}

/** A value short enough for a report. */
function show(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : String(JSON.stringify(value));
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
