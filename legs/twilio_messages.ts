/**
 * Twilio Media Streams, message by message: what Twilio sends, read by pure functions, and what it
 * takes, built by pure functions. Numbers inside Twilio's messages are JSON strings.
 *
 * Source: Twilio docs, "Media Streams - WebSocket Messages".
 *
 * @module
 */

import * as v from "valibot";
import { ProtocolError } from "./leg.ts";

const whole = v.pipe(v.string(), v.regex(/^\d{1,15}$/, "wants a whole number in a string"));
const streamSid = v.pipe(v.string(), v.nonEmpty());

const Connected = v.object({ event: v.literal("connected"), protocol: v.string() });

const Start = v.object({
  event: v.literal("start"),
  streamSid,
  start: v.object({
    accountSid: v.string(),
    callSid: v.pipe(v.string(), v.nonEmpty()),
    mediaFormat: v.object({
      encoding: v.literal("audio/x-mulaw"),
      sampleRate: v.literal(8000),
      channels: v.literal(1),
    }),
    customParameters: v.optional(v.record(v.string(), v.string()), {}),
  }),
});

const Media = v.object({
  event: v.literal("media"),
  streamSid,
  media: v.object({ track: v.string(), timestamp: whole, payload: v.string() }),
});

const Dtmf = v.object({
  event: v.literal("dtmf"),
  streamSid,
  dtmf: v.object({ digit: v.pipe(v.string(), v.regex(/^[0-9A-Da-d*#]$/, "wants one key")) }),
});

const Mark = v.object({
  event: v.literal("mark"),
  streamSid,
  mark: v.object({ name: v.string() }),
});

const Stop = v.object({ event: v.literal("stop"), streamSid });

const Message = v.variant("event", [Connected, Start, Media, Dtmf, Mark, Stop]);

/** One message from Twilio. */
export type TwilioMessage = v.InferOutput<typeof Message>;

/**
 * Reads one message in any lawful shape.
 *
 * @throws {ProtocolError} Naming the field and the value that are wrong.
 */
export function readTwilioMessage(text: string): TwilioMessage {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new ProtocolError("twilio", `Twilio sent ${text.length} characters that aren't JSON`);
  }
  // A mark comes back five times a second while the agent speaks: the schema would cost 1 µs a time.
  const { event, streamSid, mark } = (json ?? {}) as Partial<
    Extract<TwilioMessage, { event: "mark" }>
  >;
  if (event === "mark" && typeof streamSid === "string" && streamSid !== "") {
    if (typeof mark?.name === "string") return { event, streamSid, mark: { name: mark.name } };
  }
  const parsed = v.safeParse(Message, json);
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  const field = v.getDotPath(issue) ?? "the message";
  throw new ProtocolError("twilio", `Twilio's ${field} is wrong: ${issue.message.slice(0, 200)}`);
}

/**
 * Audio for the caller. Built by concatenation: the payload is forwarded as it is.
 *
 * @param payload µ-law as base64 that has been checked.
 */
export function mediaMessage(streamSid: string, payload: string): string {
  return `{"event":"media","streamSid":"${streamSid}","media":{"payload":"${payload}"}}`;
}

export function markMessage(streamSid: string, name: string): string {
  return JSON.stringify({ event: "mark", streamSid, mark: { name } });
}

export function clearMessage(streamSid: string): string {
  return JSON.stringify({ event: "clear", streamSid });
}
