/**
 * Whole calls in which the turns are the point: coughs, early answers, long silences, lines that fall
 * still, brains that don't stop in time.
 *
 * @module
 */

import { describe, it } from "node:test";
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { pcm16ToMulaw } from "../../media/mulaw.ts";
import { Phone } from "../../cli/phone/phone.ts";
import { answer, begin, finish, startScriptedBrain } from "../scripted_brain.ts";
import { startServer, type Target } from "../server.ts";
import { loadSpeech, speechFacts } from "../speech/speech.ts";
import { tone } from "./audio.ts";

const sleep = (ms: number) => new Promise<void>((go) => setTimeout(go, ms));

/** A brain's address, as settings. */
const brainAt = (url: string) => ({ OPENAI_API_KEY: "k", OPENAI_REALTIME_URL: url });

/** Loud samples of what was heard, in ms. */
function loudMs(ulaw: Uint8Array): number {
  let loud = 0;
  // Codes of small magnitude stand at the end of each half of the µ-law range.
  for (const byte of ulaw) if ((byte & 0x7f) < 0x60) loud++;
  return loud / 8;
}

export function turnSuite(target: Target): void {
  describe(`turns on ${target}`, () => {
    it("goes on after a cough where the caller stopped hearing, with nothing lost", async () => {
      const answerMs = 4000;
      const brain = await startScriptedBrain({
        onEvent(event, session) {
          if (event.type === "response.create") {
            answer(session, 1, tone(answerMs, 440, pcm16ToMulaw));
          }
        },
      });
      const server = await startServer(target, brainAt(brain.url));
      try {
        const phone = new Phone({ webhookUrl: `${server.url}/twilio/voice` });
        await phone.dial();
        const fromMs = await phone.waitForAudio(5000, phone.times.streamStartedAtMs);
        await sleep(1200);
        await phone.say(loadSpeech("cough"));
        await phone.waitForSilence(1200, 15_000);
        const types = brain.sessions[0]!.events.map(({ event }) => event.type);
        assertEquals(types.includes("response.cancel"), false);
        assertEquals(types.includes("conversation.item.truncate"), false);
        assertGreater(phone.stream.clears.total, 0);
        // A tone crosses zero; what is loud of it is a fixed share, the same with and without cough.
        const share = loudMs(tone(1000, 440, pcm16ToMulaw)) / 1000;
        const heardMs = loudMs(phone.heard(fromMs)) / share;
        assertGreater(heardMs, answerMs - 40);
        assertLess(heardMs, answerMs + 100);
        await phone.hangUp();
      } finally {
        await server.stop();
        await brain.close();
      }
    });

    it("drops what a cancelled answer still sends, and the next answer is heard alone", async () => {
      const brain = await startScriptedBrain({
        onEvent(event, session) {
          if (event.type === "response.create" && session.appended < 50) {
            begin(session, 1);
            session.audio("resp_1", "item_1", tone(8000, 440, pcm16ToMulaw));
          } else if (event.type === "response.cancel") {
            session.audio("resp_1", "item_1", tone(3000, 440, pcm16ToMulaw));
            finish(session, 1, "cancelled");
            session.audio("resp_1", "item_1", tone(3000, 440, pcm16ToMulaw));
          }
        },
      });
      const server = await startServer(target, brainAt(brain.url));
      try {
        const phone = new Phone({ webhookUrl: `${server.url}/twilio/voice` });
        await phone.dial();
        await phone.waitForAudio(5000, phone.times.streamStartedAtMs);
        await sleep(1200);
        await phone.say(loadSpeech("question_open"));
        const session = brain.sessions[0]!;
        await session.next("response.cancel");
        const cancelledAtMs = phone.now();
        await sleep(600);
        assertEquals(loudMs(phone.heard(cancelledAtMs)), 0);
        answer(session, 2, tone(300, 880, pcm16ToMulaw));
        await phone.waitForAudio(3000, cancelledAtMs);
        await phone.waitForSilence(400);
        assertLess(loudMs(phone.heard(cancelledAtMs)), 300);
        await phone.hangUp();
      } finally {
        await server.stop();
        await brain.close();
      }
    });

    it("hides the brain's thinking in the wait when it may ask early", async () => {
      const waits: number[] = [];
      for (const speculateMs of ["0", "200"]) {
        const server = await startServer(target, {
          EARSHOT_TURNS: "local",
          EARSHOT_SILENCE_MS: "700",
          EARSHOT_THINK_MS: "300",
          EARSHOT_SPECULATE_MS: speculateMs,
          EARSHOT_GREETING: "",
        });
        try {
          const phone = new Phone({ webhookUrl: `${server.url}/twilio/voice` });
          await phone.dial();
          await sleep(800);
          const said = await phone.say(loadSpeech("question_order"));
          const endMs = said.firstFrameAtMs + speechFacts("question_order").endMs;
          waits.push(await phone.waitForAudio(5000, said.lastFrameAtMs) - endMs);
          await phone.hangUp();
        } finally {
          await server.stop();
        }
      }
      assertGreater(waits[0]! - waits[1]!, 150);
    });

    it("ends the turn of a caller whose line falls still in the middle of a word", async () => {
      const server = await startServer(target, { EARSHOT_GREETING: "" });
      try {
        const phone = new Phone({ webhookUrl: `${server.url}/twilio/voice`, silence: "absent" });
        await phone.dial();
        await sleep(300);
        // Cut where the voice is loud: no frame follows.
        const { startMs, endMs } = speechFacts("question_open");
        const half = Math.floor((startMs + endMs) / 2 / 20) * 160;
        const said = await phone.say(loadSpeech("question_open").subarray(0, half));
        const heardAtMs = await phone.waitForAudio(6000, said.lastFrameAtMs);
        assertLess(heardAtMs - said.lastFrameAtMs, 3000);
        await phone.hangUp();
      } finally {
        await server.stop();
      }
    });

    it("asks once into a long silence, then says goodbye and hangs up", async () => {
      const server = await startServer(target, { EARSHOT_SILENCE_PROMPT_MS: "1200" });
      try {
        const phone = new Phone({ webhookUrl: `${server.url}/twilio/voice` });
        await phone.dial();
        const startedAtMs = phone.times.streamStartedAtMs;
        const end = await phone.ended;
        assertEquals(end.by, "server");
        // Three chimes: the greeting, the question, the goodbye.
        const seconds = (end.atMs - startedAtMs) / 1000;
        assertGreater(seconds, 3);
        assertLess(seconds, 9);
        const health = await (await fetch(`${server.url}/calls`)).json();
        assertEquals(health.calls[0].endReason, "caller_silent");
        assertEquals(health.calls[0].turns, 3);
      } finally {
        await server.stop();
      }
    });
  });
}
