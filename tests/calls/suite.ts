/**
 * Whole calls against a real server: a phone that behaves as Twilio's does, real speech, and the
 * embedded brain. One suite for every way in which earshot runs.
 *
 * @module
 */

import { after, before, describe, it } from "node:test";
import { assert, assertEquals, assertGreater, assertLess, assertStringIncludes } from "@std/assert";
import { Phone } from "../../cli/phone/phone.ts";
import { startTwilioApi } from "../../cli/phone/test_twilio_api.ts";
import { startServer, type Target, type TestServer } from "../server.ts";
import { loadSpeech, speechFacts } from "../speech/speech.ts";
import { findSpeech } from "./audio.ts";
import { BrowserClient } from "./browser.ts";
import { liveCalls, untilNoCalls } from "./live_calls.ts";

const sleep = (ms: number) => new Promise<void>((go) => setTimeout(go, ms));

/** A phone in a call whose greeting is over. */
async function greetedPhone(server: TestServer): Promise<Phone> {
  const phone = new Phone({ webhookUrl: `${server.url}/twilio/voice` });
  assertEquals(await phone.dial(), "streaming");
  await phone.waitForAudio(5000, phone.times.streamStartedAtMs);
  await phone.waitForSilence(300);
  return phone;
}

/** What Twilio would have refused. */
function assertLawful(phone: Phone): void {
  assertEquals(phone.stream.violations.toArray(), []);
}

export function callSuite(target: Target): void {
  describe(`whole calls on ${target}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(target);
    });
    after(async () => {
      await server.stop();
    });

    it("greets a phone within a second of its start", async () => {
      const phone = new Phone({ webhookUrl: `${server.url}/twilio/voice` });
      await phone.dial();
      const heardAtMs = await phone.waitForAudio(5000, phone.times.streamStartedAtMs);
      assertLess(heardAtMs - phone.times.streamStartedAtMs, 1000);
      await phone.hangUp();
      assertLawful(phone);
    });

    it("answers speech with what it heard, byte for byte, within a second of its end", async () => {
      const phone = await greetedPhone(server);
      const speech = loadSpeech("question_order");
      const said = await phone.say(speech);
      const endMs = said.firstFrameAtMs + speechFacts("question_order").endMs;
      const heardAtMs = await phone.waitForAudio(5000, said.lastFrameAtMs);
      assertLess(heardAtMs - endMs, 1000);
      await phone.waitForSilence(400);
      assertGreater(findSpeech(phone.heard(said.lastFrameAtMs), speech), -1);
      await phone.hangUp();
      assertLawful(phone);
    });

    it("stops when the caller breaks in, and then answers what they said", async () => {
      const phone = await greetedPhone(server);
      await phone.say(loadSpeech("booking_pause"));
      await phone.waitForAudio(5000);
      await sleep(700);
      const clearsBefore = phone.stream.clears.total;
      const interruption = loadSpeech("question_hear");
      const said = await phone.say(interruption);
      const clearedAtMs = phone.stream.clears.last()!;
      assertGreater(phone.stream.clears.total, clearsBefore);
      const onsetMs = said.firstFrameAtMs + speechFacts("question_hear").startMs;
      assertLess(clearedAtMs - onsetMs, 300);
      await phone.waitForAudio(5000, said.lastFrameAtMs);
      await phone.waitForSilence(400);
      assertGreater(findSpeech(phone.heard(said.lastFrameAtMs), interruption), -1);
      await phone.hangUp();
      assertLawful(phone);
    });

    it("keeps two calls at once apart", async () => {
      const [a, b] = await Promise.all([greetedPhone(server), greetedPhone(server)]);
      const speechA = loadSpeech("question_order"), speechB = loadSpeech("question_open");
      const [saidA, saidB] = await Promise.all([a.say(speechA), b.say(speechB)]);
      await Promise.all([
        a.waitForAudio(5000, saidA.lastFrameAtMs),
        b.waitForAudio(5000, saidB.lastFrameAtMs),
      ]);
      await Promise.all([a.waitForSilence(400), b.waitForSilence(400)]);
      const heardA = a.heard(saidA.firstFrameAtMs), heardB = b.heard(saidB.firstFrameAtMs);
      assertGreater(findSpeech(heardA, speechA), -1);
      assertGreater(findSpeech(heardB, speechB), -1);
      assertEquals(findSpeech(heardA, speechB), -1);
      assertEquals(findSpeech(heardB, speechA), -1);
      await Promise.all([a.hangUp(), b.hangUp()]);
    });

    it("frees the place when the caller hangs up", async () => {
      const phone = await greetedPhone(server);
      assertGreater(await liveCalls(server), 0);
      await phone.hangUp();
      await untilNoCalls(server);
    });

    it("answers the keys that a caller presses", async () => {
      const phone = await greetedPhone(server);
      const pressedAtMs = phone.now();
      phone.press("4");
      phone.press("2");
      const heardAtMs = await phone.waitForAudio(5000, pressedAtMs);
      assertLess(heardAtMs - pressedAtMs, 2500);
      await phone.hangUp();
      assertLawful(phone);
    });

    it("answers typed text with that text and with sound", async () => {
      const browser = new BrowserClient(`ws://${server.host}/browser/stream?rate=24000`);
      await browser.opened();
      const ready = await browser.until((news) => news.type === "ready");
      assertEquals(ready.brain, "echo");
      await browser.until((news) => news.type === "transcript" && news.role === "agent");
      browser.send({ type: "text", text: "Do you read me?" });
      await browser.until((news) =>
        news.type === "transcript" && news.final === true && news.text === "Do you read me?"
      );
      const before = browser.audioBytes;
      await sleep(300);
      assertGreater(browser.audioBytes + before, 0);
      const turn = await browser.until((news) =>
        news.type === "turn" && (news.turn as { kind: string }).kind === "text"
      );
      const { totalMs, stages } = turn.turn as { totalMs: number; stages: Record<string, number> };
      const sum = Object.values(stages).reduce((a, b) => a + b, 0);
      assertLess(Math.abs(sum - totalMs), 1);
      browser.send({ type: "bye" });
      await untilNoCalls(server);
    });

    it("hangs up when the agent ends the call", async () => {
      const browser = new BrowserClient(`ws://${server.host}/browser/stream?rate=16000`);
      await browser.opened();
      await browser.until((news) => news.type === "ready");
      browser.send({ type: "text", text: "/hang_up {}" });
      const bye = await browser.until((news) => news.type === "bye");
      assertEquals(bye.reason, "agent_hung_up");
      await untilNoCalls(server);
    });

    it("tells bad messages by field and value, and the other call does not notice", async () => {
      const phone = await greetedPhone(server);
      const browser = new BrowserClient(`ws://${server.host}/browser/stream?rate=8000`);
      await browser.opened();
      await browser.until((news) => news.type === "ready");
      const bad: [string | Uint8Array, string][] = [
        ["{not json", "isn't JSON"],
        ['{"type":"dance"}', '"dance"'],
        ['{"type":"digit","digit":"55"}', "digit"],
        ['{"type":"text"}', "text"],
        [new Uint8Array(33), "33 bytes"],
        [new Uint8Array(200_000), "200000 bytes"],
      ];
      for (const [message, told] of bad) {
        if (typeof message === "string") browser.send(message);
        else browser.sendAudio(message);
        await browser.until((news) => news.type === "error" && String(news.message).includes(told));
      }
      const speech = loadSpeech("question_order");
      const said = await phone.say(speech);
      await phone.waitForAudio(5000, said.lastFrameAtMs);
      await phone.waitForSilence(400);
      assertGreater(findSpeech(phone.heard(said.lastFrameAtMs), speech), -1);
      browser.send({ type: "text", text: "still here?" });
      await browser.until((news) => news.text === "still here?");
      browser.close();
      await phone.hangUp();
      await untilNoCalls(server);
    });
  });

  describe(`a full setup on ${target}`, () => {
    it("is polite to the caller over the limit and answers a socket with 503", async () => {
      const server = await startServer(target, { EARSHOT_MAX_CALLS: "1" });
      try {
        const first = await greetedPhone(server);
        const ready = await fetch(`${server.url}/ready`);
        assertEquals([ready.status, (await ready.json()).reason], [503, "full"]);
        const second = new Phone({ webhookUrl: `${server.url}/twilio/voice` });
        assertEquals(await second.dial(), "ended");
        assertStringIncludes((await second.ended).said.join(), "busy");
        const upgrade = await fetch(`${server.url}/browser/stream`, {
          headers: { Upgrade: "websocket", Connection: "Upgrade" },
        }).catch(() => null);
        // Some clients refuse to send an upgrade by fetch; the socket says the same.
        if (upgrade) assert([401, 426, 503].includes(upgrade.status));
        const browser = new BrowserClient(`ws://${server.host}/browser/stream`);
        const refused = await browser.opened().then(() => "opened", (error) => String(error));
        assertStringIncludes(refused, "503");
        await first.hangUp();
        await untilNoCalls(server);
        const third = await greetedPhone(server);
        await third.hangUp();
      } finally {
        await server.stop();
      }
    });
  });

  describe(`going down on ${target}`, () => {
    it("lets the live call finish, takes no new one, and exits 0", async () => {
      const server = await startServer(target);
      try {
        const phone = await greetedPhone(server);
        server.signal("SIGTERM");
        await sleep(200);
        const ready = await fetch(`${server.url}/ready`);
        assertEquals([ready.status, (await ready.json()).reason], [503, "draining"]);
        const late = new Phone({ webhookUrl: `${server.url}/twilio/voice` });
        assertEquals(await late.dial(), "ended");
        const speech = loadSpeech("question_order");
        const said = await phone.say(speech);
        await phone.waitForAudio(5000, said.lastFrameAtMs);
        await phone.waitForSilence(400);
        assertGreater(findSpeech(phone.heard(said.lastFrameAtMs), speech), -1);
        await phone.hangUp();
        assertEquals(await server.exited, 0);
      } finally {
        await server.stop();
      }
    });

    it("ends what is left at the deadline, by telling Twilio to hang up", async () => {
      const accountSid = `AC${"0".repeat(32)}`, authToken = "a test token";
      const api = await startTwilioApi({ accountSid, authToken });
      const server = await startServer(target, {
        TWILIO_ACCOUNT_SID: accountSid,
        TWILIO_AUTH_TOKEN: authToken,
        TWILIO_API_URL: api.url,
        EARSHOT_DRAIN_MS: "1000",
      });
      try {
        const phone = new Phone({
          webhookUrl: `${server.url}/twilio/voice`,
          authToken,
          accountSid,
        });
        api.attach(phone);
        assertEquals(await phone.dial(), "streaming");
        await phone.waitForAudio(5000, phone.times.streamStartedAtMs);
        server.signal("SIGINT");
        const end = await phone.ended;
        assertEquals([end.by, end.said.length], ["api", 0]);
        assertEquals(api.updates.last()?.form.Status, "completed");
        assertEquals(await server.exited, 0);
      } finally {
        await server.stop();
        await api.close();
      }
    });
  });
}
