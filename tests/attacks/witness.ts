/**
 * A phone call that lives through an attack: it asks a question meanwhile, and must hear its answer in
 * time and whole.
 *
 * @module
 */

import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { Phone } from "../../cli/phone/phone.ts";
import type { TestServer } from "../server.ts";
import { findSpeech } from "../calls/audio.ts";
import { loadSpeech, speechFacts } from "../speech/speech.ts";

/** From the end of speech to the first sound; without an attack it is some 500 ms. */
const ANSWER_LIMIT_MS = 1500;

/**
 * Runs an attack beside a call.
 *
 * @param authToken Where the server checks Twilio's signatures.
 * @returns How long the answer took, ms.
 */
export async function duringCall(
  server: TestServer,
  attack: () => Promise<void>,
  authToken?: string,
): Promise<number> {
  const phone = new Phone({ webhookUrl: `${server.url}/twilio/voice`, authToken });
  assertEquals(await phone.dial(), "streaming");
  await phone.waitForAudio(5000, phone.times.streamStartedAtMs);
  await phone.waitForSilence(300);
  let over = false;
  const attacked = attack().finally(() => over = true);
  const speech = loadSpeech("question_order");
  let slowestMs = 0;
  // At least once, and for as long as it lasts.
  do {
    const said = await phone.say(speech);
    const endMs = said.firstFrameAtMs + speechFacts("question_order").endMs;
    const heardAtMs = await phone.waitForAudio(5000, said.lastFrameAtMs);
    slowestMs = Math.max(slowestMs, heardAtMs - endMs);
    await phone.waitForSilence(400);
    // Byte for byte: no frame is missing, and none came too late for its place.
    assertGreater(findSpeech(phone.heard(said.lastFrameAtMs), speech), -1);
  } while (!over);
  await attacked;
  await phone.hangUp();
  assertLess(slowestMs, ANSWER_LIMIT_MS);
  assertEquals(phone.stream.violations.toArray(), []);
  return slowestMs;
}
