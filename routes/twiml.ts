/**
 * What we tell Twilio to do with a call, in TwiML made by Twilio's own SDK (its XML escaping has
 * met more callers than ours would). Only the deep path is imported: the whole SDK costs 95 ms.
 *
 * @module
 */

import VoiceResponse from "twilio/lib/twiml/VoiceResponse.js";

export interface StreamTwiml {
  readonly streamUrl: string;
  readonly statusUrl: string;
  /** Asked when the stream has ended and the call has not: it decides how the call goes on. */
  readonly againUrl: string;
  /** Come back with the stream's `start`. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** Connects the call to our stream. */
export function connectTwiml({ streamUrl, statusUrl, againUrl, parameters }: StreamTwiml): string {
  const response = new VoiceResponse();
  const stream = response.connect().stream({ url: streamUrl, statusCallback: statusUrl });
  for (const [name, value] of Object.entries(parameters)) stream.parameter({ name, value });
  response.redirect({ method: "POST" }, againUrl);
  return response.toString();
}

/** For the caller whose call can't go on. */
export function lostTwiml(): string {
  const response = new VoiceResponse();
  response.say("Sorry, the connection was lost. Please call again.");
  response.hangup();
  return response.toString();
}

/** For the caller whose call fails: a number in E.164 is dialled, anything else is said. */
export function handOverTwiml(to: string): string {
  const response = new VoiceResponse();
  if (/^\+\d+$/.test(to)) response.dial(to);
  else response.say(to);
  response.hangup();
  return response.toString();
}

/** For the call that has ended. */
export function hangUpTwiml(): string {
  const response = new VoiceResponse();
  response.hangup();
  return response.toString();
}

/** For the caller over the limit, or while we drain. */
export function busyTwiml(): string {
  const response = new VoiceResponse();
  response.say("Sorry, all our lines are busy right now. Please call again in a few minutes.");
  response.hangup();
  return response.toString();
}
