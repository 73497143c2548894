/**
 * What Twilio does between the phone network and a server, apart from the media: it fetches TwiML,
 * judges it, and fills the forms of its webhooks. Error codes are Twilio's own.
 *
 * @module
 */

import type { PhoneOptions } from "./phone_options.ts";
import { messageOf, TwilioError } from "./twilio_error.ts";
import { type ConnectStream, parseTwiml, type TwimlVerb } from "./twiml.ts";
import { postForm, type Wire } from "./webhook.ts";

/** Who is calling, in every form. */
export interface CallIdentity {
  readonly accountSid: string;
  readonly callSid: string;
}

/** Fields of the voice webhook and of call status callbacks. */
export function callFields(
  call: CallIdentity,
  options: PhoneOptions,
  callStatus: "ringing" | "in-progress" | "completed",
): Record<string, string> {
  const from = options.from ?? numberOf(call.callSid);
  const to = options.to ?? "+15005550001";
  return {
    CallSid: call.callSid,
    AccountSid: call.accountSid,
    ApiVersion: "2010-04-01",
    CallStatus: callStatus,
    Direction: "inbound",
    From: from,
    To: to,
    Caller: from,
    Called: to,
    FromCountry: "US",
    ToCountry: "US",
    ...options.fields,
  };
}

/** Each call has a number of its own, as callers do: servers bound the calls of one number. */
function numberOf(callSid: string): string {
  return `+1500${String(parseInt(callSid.slice(-8), 16) % 10_000_000).padStart(7, "0")}`;
}

export type StreamEvent = "stream-started" | "stream-stopped" | "stream-error";

/**
 * Fields of a stream's status callback.
 *
 * @param errorCode Twilio's, of a `stream-error`.
 */
export function streamFields(
  call: CallIdentity,
  streamSid: string,
  verb: ConnectStream,
  event: StreamEvent,
  errorCode = 0,
): Record<string, string> {
  return {
    AccountSid: call.accountSid,
    CallSid: call.callSid,
    StreamSid: streamSid,
    StreamName: verb.name ?? streamSid,
    StreamEvent: event,
    ...(event === "stream-error" && { StreamError: String(errorCode) }),
    Timestamp: new Date().toISOString(),
  };
}

/**
 * Fetches and reads TwiML.
 *
 * @throws {TwilioError} 11200 when the server cannot be reached or answers anything but 2xx, 12300
 *   when it is not XML, 12100 when it is not TwiML.
 */
export async function fetchTwiml(
  url: string,
  fields: Record<string, string>,
  wire: Wire,
): Promise<TwimlVerb[]> {
  let answer;
  try {
    answer = await postForm(url, fields, wire);
  } catch (error) {
    throw new TwilioError(11200, `Webhook not reached: ${messageOf(error)}`);
  }
  if (answer.status < 200 || answer.status > 299) {
    throw new TwilioError(11200, `Webhook answered with status ${answer.status}`);
  }
  if (!/xml/.test(answer.contentType)) {
    throw new TwilioError(12300, `Webhook answered ${answer.contentType || "no type"}, not XML`);
  }
  return readTwiml(answer.body);
}

/** @throws {TwilioError} 12100 when it is not TwiML. */
export function readTwiml(source: string): TwimlVerb[] {
  try {
    return parseTwiml(source);
  } catch (error) {
    throw new TwilioError(12100, messageOf(error));
  }
}

/** Resolves the stream's url as Twilio does. @throws {TwilioError} When Twilio would not dial it. */
export function streamUrl(verb: ConnectStream, base: string): string {
  const url = new URL(verb.url, base);
  if (url.protocol === "https:") url.protocol = "wss:";
  if (url.protocol === "http:") url.protocol = "ws:";
  if (url.search !== "") {
    throw new TwilioError(
      31920,
      `Stream url has a query string, which Twilio refuses: ${verb.url}`,
    );
  }
  if (verb.track !== undefined && verb.track !== "inbound_track") {
    throw new TwilioError(31941, `Stream track is ${verb.track}, <Connect> takes inbound_track`);
  }
  const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  if (url.protocol !== "wss:" && !(url.protocol === "ws:" && loopback)) {
    throw new TwilioError(31920, `Stream url is ${url.protocol}//, Twilio dials wss:// only`);
  }
  // What was written is what gets signed: URL would add a slash to a bare host.
  return /^wss?:/.test(verb.url) ? verb.url : url.href;
}
