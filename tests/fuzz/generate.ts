/**
 * Messages that nobody should send: good ones of each kind, and what becomes of them when letters,
 * values and structure go wrong. From a seed, so that what was found can be made again.
 *
 * @module
 */

/** Numbers of 0 to below 1. */
export type Random = () => number;

const pick = <T>(random: Random, from: readonly T[]): T =>
  from[Math.floor(random() * from.length)]!;

/** Values that parsers are known to stumble over. */
const ODD: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  -0,
  9007199254740993,
  "",
  "\u0000",
  "\ud800",
  "__proto__",
  "constructor",
  "語".repeat(50),
  "A".repeat(5000),
  "-1",
  "NaN",
  "99999999999999999999",
  [],
  {},
  [[[[]]]],
  { toString: 1, length: -1 },
];

const ODD_NAMES = [
  "",
  "__proto__",
  "constructor",
  "toString",
  "0",
  "type",
  "event",
  "語",
  "\u0000",
];

const PIECES = [
  '"',
  "\\",
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "\u0000",
  "\ud800",
  "\n",
  "e",
  "0",
  "null",
  "\\u12",
  "<",
  "&",
  "%00",
  "=",
];

type Json = Record<string, unknown>;

/** A copy in which a value, a name, or more than one, is another. */
function distorted(random: Random, value: unknown): unknown {
  if (random() < 0.12) return pick(random, ODD);
  if (Array.isArray(value)) {
    const list = value.map((one) => distorted(random, one));
    return random() < 0.1 ? [...list, ...list, ...list] : list;
  }
  if (typeof value !== "object" || value === null) return value;
  const entries: [string, unknown][] = [];
  for (const [name, one] of Object.entries(value)) {
    if (random() < 0.05) continue;
    entries.push([random() < 0.03 ? pick(random, ODD_NAMES) : name, distorted(random, one)]);
  }
  if (random() < 0.05) entries.push([pick(random, ODD_NAMES), pick(random, ODD)]);
  // As properties of its own, `__proto__` included.
  return Object.fromEntries(entries);
}

/** Text with a few letters gone, doubled, or of another kind. */
export function scratched(random: Random, text: string): string {
  let worse = text;
  for (let n = 1 + Math.floor(random() * 4); n > 0; n--) {
    const at = Math.floor(random() * (worse.length + 1));
    const kind = random();
    const cut = Math.floor(random() * 8);
    if (kind < 0.3) worse = worse.slice(0, at) + worse.slice(at + cut);
    else if (kind < 0.7) worse = worse.slice(0, at) + pick(random, PIECES) + worse.slice(at);
    else if (kind < 0.8) worse = worse.slice(0, at);
    else if (kind < 0.9) worse = worse.slice(0, at) + worse.slice(Math.max(0, at - cut));
    else worse = worse.slice(0, at) + String.fromCharCode(random() * 0x10000) + worse.slice(at + 1);
  }
  return worse;
}

/** One message: sometimes good, mostly distorted, often scratched as well. */
export function message(random: Random, good: readonly unknown[]): string {
  const one = pick(random, good);
  const kind = random();
  const text = JSON.stringify(kind < 0.15 ? one : distorted(random, one)) ?? "";
  return kind < 0.6 ? text : scratched(random, text);
}

const AUDIO = "//////////////////////8A/w==";

/** What Twilio sends. */
export const TWILIO: readonly Json[] = [
  { event: "connected", protocol: "Call", version: "1.0.0" },
  {
    event: "start",
    sequenceNumber: "1",
    streamSid: "MZ1",
    start: {
      accountSid: "AC1",
      streamSid: "MZ1",
      callSid: "CA1",
      tracks: ["inbound"],
      mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
      customParameters: { token: "a.b.c", to: "+14155550100" },
    },
  },
  {
    event: "media",
    sequenceNumber: "3",
    media: { track: "inbound", chunk: "1", timestamp: "20", payload: AUDIO },
    streamSid: "MZ1",
  },
  { event: "mark", sequenceNumber: "4", streamSid: "MZ1", mark: { name: "1.2" } },
  {
    event: "dtmf",
    sequenceNumber: "5",
    streamSid: "MZ1",
    dtmf: { track: "inbound_track", digit: "1" },
  },
  {
    event: "stop",
    sequenceNumber: "6",
    streamSid: "MZ1",
    stop: { accountSid: "AC1", callSid: "CA1" },
  },
];

/** What the page sends. */
export const BROWSER: readonly Json[] = [
  { type: "mark", name: "1.2" },
  { type: "text", text: "Hello" },
  { type: "digit", digit: "5" },
  { type: "bye" },
];

const item = { id: "item_1", type: "message", role: "assistant", status: "completed", content: [] };
const usage = {
  total_tokens: 10,
  input_tokens: 5,
  output_tokens: 5,
  input_token_details: { text_tokens: 2, audio_tokens: 3, cached_tokens: 1 },
  output_token_details: { text_tokens: 2, audio_tokens: 3 },
};

/** What a brain says. */
export const BRAIN: readonly Json[] = [
  { type: "session.created", session: { type: "realtime", id: "sess_1", expires_at: 1 } },
  {
    type: "session.updated",
    session: { type: "realtime", audio: { input: { format: { type: "audio/pcmu" } } } },
  },
  { type: "input_audio_buffer.speech_started", item_id: "item_1", audio_start_ms: 5 },
  { type: "input_audio_buffer.speech_stopped", item_id: "item_1", audio_end_ms: 9 },
  { type: "input_audio_buffer.committed", item_id: "item_1" },
  {
    type: "response.created",
    response: { id: "resp_1", status: "in_progress", metadata: { name: "a" } },
  },
  { type: "response.output_item.added", response_id: "resp_1", output_index: 0, item },
  {
    type: "response.output_audio.delta",
    event_id: "event_1",
    response_id: "resp_1",
    item_id: "item_1",
    output_index: 0,
    content_index: 0,
    delta: AUDIO,
  },
  {
    type: "response.output_audio_transcript.delta",
    response_id: "resp_1",
    item_id: "item_1",
    delta: "Hi",
  },
  {
    type: "response.function_call_arguments.done",
    response_id: "resp_1",
    item_id: "i",
    call_id: "c",
    name: "f",
    arguments: "{}",
  },
  { type: "response.done", response: { id: "resp_1", status: "completed", output: [item], usage } },
  {
    type: "response.done",
    response: {
      id: "r",
      status: "failed",
      status_details: { type: "failed", error: { code: "x" } },
    },
  },
  {
    type: "rate_limits.updated",
    rate_limits: [{ name: "tokens", limit: 9, remaining: 0, reset_seconds: 1 }],
  },
  {
    type: "error",
    error: {
      type: "invalid_request_error",
      code: "x",
      message: "Try again in 1.5s",
      event_id: "e",
    },
  },
];

/** What Realtime clients send. */
export const CLIENT: readonly Json[] = [
  { type: "input_audio_buffer.append", audio: "AAAAAAAA" },
  { type: "input_audio_buffer.commit" },
  { type: "input_audio_buffer.clear" },
  {
    type: "session.update",
    session: {
      type: "realtime",
      instructions: "Be brief.",
      audio: {
        input: {
          format: { type: "audio/pcmu" },
          turn_detection: { type: "server_vad", silence_duration_ms: 200 },
        },
        output: { format: { type: "audio/pcm", rate: 24000 }, voice: "marin", speed: 1 },
      },
      tools: [{ type: "function", name: "f", description: "d", parameters: { type: "object" } }],
      tool_choice: "auto",
      max_output_tokens: "inf",
      truncation: { type: "retention_ratio", retention_ratio: 0.8 },
    },
  },
  {
    type: "conversation.item.create",
    item: {
      type: "message",
      role: "user",
      id: "i1",
      content: [{ type: "input_text", text: "Hi" }],
    },
  },
  {
    type: "conversation.item.create",
    item: { type: "message", role: "user", content: [{ type: "input_audio", audio: "AAAAAAAA" }] },
  },
  {
    type: "conversation.item.create",
    item: { type: "function_call", call_id: "c1", name: "f", arguments: "{}" },
  },
  {
    type: "conversation.item.create",
    item: { type: "function_call_output", call_id: "c1", output: "{}" },
  },
  { type: "conversation.item.truncate", item_id: "i1", content_index: 0, audio_end_ms: 5 },
  { type: "conversation.item.delete", item_id: "i1" },
  { type: "conversation.item.retrieve", item_id: "i1" },
  {
    type: "response.create",
    response: {
      instructions: "x",
      output_modalities: ["text"],
      conversation: "none",
      metadata: { a: "b" },
      input: [{ type: "item_reference", id: "i1" }],
    },
  },
  { type: "response.create" },
  { type: "response.cancel" },
];

/** What asks for a client secret. */
export const SECRET: readonly Json[] = [
  {
    expires_after: { anchor: "created_at", seconds: 60 },
    session: { type: "realtime", model: "m" },
  },
  {},
];

const FORM =
  "CallSid=CA1&AccountSid=AC1&From=%2B14155550100&To=%2B14155550101&CallStatus=ringing&Direction=inbound";

/** A webhook's form. */
export const form = (random: Random): string => random() < 0.1 ? FORM : scratched(random, FORM);

const TWIML =
  '<?xml version="1.0" encoding="UTF-8"?><Response><Connect><Stream url="wss://a.example/s" statusCallback="https://a.example/t"><Parameter name="token" value="a&amp;b"/></Stream></Connect><Say>Hi</Say><Hangup/></Response>';

/** What a webhook answers. */
export const twiml = (random: Random): string => random() < 0.1 ? TWIML : scratched(random, TWIML);
