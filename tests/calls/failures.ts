/**
 * Whole calls that go wrong: brains that can't be reached, refuse, speak the wrong format, or die,
 * and streams without the right papers. The caller hears a short apology and a clean hang-up, never
 * silence, and the server goes on.
 *
 * @module
 */

import { describe, it } from "node:test";
import { assert, assertEquals, assertGreater, assertLess, assertStringIncludes } from "@std/assert";
import { pcm16ToMulaw } from "../../media/mulaw.ts";
import { Phone } from "../../cli/phone/phone.ts";
import { answer, begin, finish, startScriptedBrain } from "../scripted_brain.ts";
import { startServer, type Target, type TestServer } from "../server.ts";
import { loadSpeech } from "../speech/speech.ts";
import { peak, tone } from "./audio.ts";
import { lineTo } from "./line.ts";
import { untilNoCalls } from "./live_calls.ts";

const sleep = (ms: number) => new Promise<void>((go) => setTimeout(go, ms));

/** The caller hears some seconds of apology, Twilio is told to hang up, and no secret is logged. */
async function assertApology(phone: Phone, server: TestServer): Promise<void> {
  assertEquals(await phone.dial(), "streaming");
  const end = await phone.ended;
  const heard = phone.heard(phone.times.streamStartedAtMs, end.atMs);
  assertGreater(peak(heard), 1000);
  assertEquals(end.by, "api");
  assertEquals(end.said, []);
  await untilNoCalls(server);
  assert(!server.output().includes("sk-test-secret"));
}

export function failureSuite(target: Target): void {
  describe(`brains that fail on ${target}`, () => {
    it("cannot be reached: the caller hears an apology and is hung up", async () => {
      const setup = await lineTo(target, "ws://127.0.0.1:9/v1/realtime", {
        EARSHOT_SESSION_TIMEOUT_MS: "3500",
      });
      try {
        await assertApology(setup.phone(), setup.server);
        assertStringIncludes(setup.server.output(), "connect_failed");
      } finally {
        await setup.close();
      }
    });

    it("refuses the key: the log says so by code and status", async () => {
      const brain = await startScriptedBrain({
        refuse: { status: 401, body: '{"error":{"code":"invalid_api_key"}}' },
      });
      const setup = await lineTo(target, brain.url);
      try {
        await assertApology(setup.phone(), setup.server);
        assertStringIncludes(setup.server.output(), "invalid_api_key");
      } finally {
        await setup.close();
        await brain.close();
      }
    });

    for (
      const [then, dialled, said] of [
        ["+15557654321", ["+15557654321"], []],
        ["Please write to us.", [], ["Please write to us."]],
      ] as const
    ) {
      it(`can't be had, and the caller gets what the settings say: ${then}`, async () => {
        const brain = await startScriptedBrain({ refuse: { status: 401, body: "{}" } });
        const setup = await lineTo(target, brain.url, { EARSHOT_AFTER_FAILURE: then });
        try {
          const phone = setup.phone();
          await phone.dial();
          const end = await phone.ended;
          assertGreater(peak(phone.heard(phone.times.streamStartedAtMs, end.atMs)), 1000);
          assertEquals([end.dialled, end.said], [[...dialled], [...said]]);
          await untilNoCalls(setup.server);
        } finally {
          await setup.close();
          await brain.close();
        }
      });
    }

    it("speaks a format that we can't carry: no static, an apology", async () => {
      const brain = await startScriptedBrain({
        session: (asked) => ({
          ...asked,
          audio: { output: { format: { type: "audio/pcm", rate: 44100 } } },
        }),
      });
      const setup = await lineTo(target, brain.url);
      try {
        await assertApology(setup.phone(), setup.server);
      } finally {
        await setup.close();
        await brain.close();
      }
    });

    it("speaks PCM although µ-law was asked for: it is converted, and heard as it was", async () => {
      const pcm = { type: "audio/pcm", rate: 24000 };
      const brain = await startScriptedBrain({
        session: (asked) => ({
          ...asked,
          audio: {
            input: { format: pcm, turn_detection: { type: "server_vad" } },
            output: { format: pcm },
          },
        }),
        onEvent(event, session) {
          if (event.type !== "response.create") return;
          const samples = new Int16Array(24 * 600);
          for (let i = 0; i < samples.length; i++) {
            samples[i] = 8000 * Math.sin(2 * Math.PI * 440 * i / 24000);
          }
          begin(session, 1);
          session.audio("resp_1", "item_1", new Uint8Array(samples.buffer));
          finish(session, 1);
        },
      });
      const setup = await lineTo(target, brain.url);
      try {
        const phone = setup.phone();
        await phone.dial();
        const atMs = await phone.waitForAudio(5000, phone.times.streamStartedAtMs);
        await phone.waitForSilence(300);
        const loudest = peak(phone.heard(atMs));
        assertGreater(loudest, 7000);
        assertLess(loudest, 9000);
        assertGreater(brain.sessions[0]!.appended, 10);
        await phone.hangUp();
      } finally {
        await setup.close();
        await brain.close();
      }
    });
  });

  describe(`what is said to a brain on ${target}`, () => {
    it("cancels and truncates at what was heard when the caller breaks in", async () => {
      const brain = await startScriptedBrain({
        onEvent(event, session) {
          if (event.type !== "response.create") return;
          // Ten seconds at once, as the API does: faster than anyone can listen.
          begin(session, 1);
          session.audio("resp_1", "item_1", tone(10_000, 440, pcm16ToMulaw));
        },
      });
      const setup = await lineTo(target, brain.url);
      try {
        const phone = setup.phone();
        await phone.dial();
        const heardFromMs = await phone.waitForAudio(5000, phone.times.streamStartedAtMs);
        await sleep(1500);
        void phone.say(loadSpeech("question_open"));
        const session = brain.sessions[0]!;
        const cancel = await session.next("response.cancel");
        assertEquals(cancel.response_id, "resp_1");
        const truncate = await session.next("conversation.item.truncate");
        assertEquals([truncate.item_id, truncate.content_index], ["item_1", 0]);
        const clearedAtMs = phone.stream.clears.last()!;
        const heardMs = clearedAtMs - heardFromMs;
        // The phone starts to play on its next 20 ms tick.
        assertLess(Math.abs(Number(truncate.audio_end_ms) - heardMs), 45);
        await phone.hangUp();
      } finally {
        await setup.close();
        await brain.close();
      }
    });

    it("keeps a waterfall that sums to its total and agrees with the phone's own clock", async () => {
      const brain = await startScriptedBrain({
        onEvent(event, session) {
          if (event.type !== "response.create") return;
          setTimeout(() => answer(session, 1, tone(600, 440, pcm16ToMulaw)), 150);
        },
      });
      const setup = await lineTo(target, brain.url);
      try {
        const phone = setup.phone();
        await phone.dial();
        const heardAtMs = await phone.waitForAudio(5000, phone.times.streamStartedAtMs);
        await phone.waitForSilence(300);
        await phone.hangUp();
        const call = await (await fetch(`${setup.server.url}/calls/${phone.callSid}`)).json();
        const [greeting] = call.turns;
        const sum = Object.values(greeting.stages as Record<string, number>)
          .reduce((a, b) => a + b, 0);
        assertLess(Math.abs(sum - greeting.totalMs), 1);
        assertGreater(greeting.stages.createdMs, 140);
        const heardEpochMs = performance.timeOrigin + heardAtMs;
        assertLess(Math.abs(greeting.startedAtMs + greeting.totalMs - heardEpochMs), 20);
      } finally {
        await setup.close();
        await brain.close();
      }
    });

    it("with local turns, only speech is sent, committed and answered by our word", async () => {
      let count = 0;
      const brain = await startScriptedBrain({
        onEvent(event, session) {
          if (event.type === "response.create") {
            answer(session, ++count, tone(300, 440, pcm16ToMulaw));
          }
        },
      });
      const setup = await lineTo(target, brain.url, {
        EARSHOT_TURNS: "local",
        EARSHOT_GREETING: "",
      });
      try {
        const phone = setup.phone();
        await phone.dial();
        await sleep(700);
        const session = brain.sessions[0]!;
        const update = session.events[0]!.event.session as { audio: { input: object } };
        assertEquals((update.audio.input as { turn_detection: unknown }).turn_detection, null);
        assertEquals(session.appended, 0);
        const said = await phone.say(loadSpeech("question_order"));
        await phone.waitForAudio(5000, said.lastFrameAtMs);
        const types = session.events.map(({ event }) => event.type);
        assertEquals(types.slice(1), ["input_audio_buffer.commit", "response.create"]);
        assertGreater(session.appended, 40);
        assertLess(session.appended, 85);
        await phone.hangUp();
      } finally {
        await setup.close();
        await brain.close();
      }
    });
  });

  describe(`papers on ${target}`, () => {
    it("refuses webhooks and streams without signature, and tokens that are wrong or used", async () => {
      const setup = await lineTo(target, "ws://127.0.0.1:9/", { EARSHOT_BRAIN: "echo" });
      try {
        const url = `${setup.server.url}/twilio/voice`;
        const unsigned = new Phone({ webhookUrl: url });
        assertEquals(await unsigned.dial(), "ended");
        const wrong = new Phone({ webhookUrl: url, authToken: "another token" });
        assertEquals(await wrong.dial(), "ended");
        const good = setup.phone();
        assertEquals(await good.dial(), "streaming");
        await good.waitForAudio(5000, good.times.streamStartedAtMs);
        await good.hangUp();
        await untilNoCalls(setup.server);
      } finally {
        await setup.close();
      }
    });

    it("says what is wrong with its settings, and ends with 1", async () => {
      const told = await startServer(target, { PORT: "many", EARSHOT_TURNS: "mine" })
        .then((server) => server.stop().then(() => "it started"), (error) => String(error));
      assertStringIncludes(told, 'PORT is "many"');
      assertStringIncludes(told, "EARSHOT_TURNS");
      assertStringIncludes(told, "ended with 1");
    });
  });
}
