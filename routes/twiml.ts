/**
 * What we tell Twilio to do with a call, in TwiML made by Twilio's own SDK (its XML escaping has
 * met more callers than ours would). Only the deep path is imported: the whole SDK costs 95 ms.
 *
 * @module
 */

import VoiceResponse from "twilio/lib/twiml/VoiceResponse.js";

/**
 * Connects the call to our stream. What follows is heard only if the stream breaks.
 *
 * @param parameters Come back with the stream's `start`.
 */
export function connectTwiml(
  streamUrl: string,
  statusUrl: string,
  parameters: Readonly<Record<string, string>>,
): string {
  const response = new VoiceResponse();
  const stream = response.connect().stream({ url: streamUrl, statusCallback: statusUrl });
  for (const [name, value] of Object.entries(parameters)) stream.parameter({ name, value });
  response.say("Sorry, the connection was lost. Please call again.");
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
