/**
 * Whole calls that lose their brain's link: the session is replaced, and neither side has to say anything
 * twice.
 *
 * @module
 */

import { describe, it } from "node:test";
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { pcm16ToMulaw } from "../../media/mulaw.ts";
import { answer, begin, type BrainSession, startScriptedBrain } from "../scripted_brain.ts";
import type { Target } from "../server.ts";
import { loadSpeech } from "../speech/speech.ts";
import { tone } from "./audio.ts";
import { lineTo } from "./line.ts";

const sleep = (ms: number) => new Promise<void>((go) => setTimeout(go, ms));

function words(session: BrainSession, n: number, transcript: string): void {
  session.send({
    type: "response.output_audio_transcript.done",
    response_id: `resp_${n}`,
    item_id: `item_${n}`,
    transcript,
  });
}

/** What a session was told when it began: the roles, the kinds of content, and the words. */
const told = (session: BrainSession) =>
  session.events.flatMap(({ event }) => {
    const item = event.item as { role?: string; content?: Record<string, string>[] } | undefined;
    if (event.type !== "conversation.item.create" || !item?.content) return [];
    const [content] = item.content;
    return [[item.role, content!.type, content!.text ?? ""]];
  });

const asked = (session: BrainSession) =>
  session.events.filter(({ event }) => event.type === "response.create").length;

export function lostBrainSuite(target: Target): void {
  describe(`a brain whose link is lost on ${target}`, () => {
    it("while the caller listens: what was not said is said by the next one, and none greets again", async () => {
      const brain = await startScriptedBrain({
        onEvent(event, session) {
          if (event.type !== "response.create") return;
          if (brain.sessions.length > 1) return answer(session, 2, tone(600, 880, pcm16ToMulaw));
          begin(session, 1);
          words(session, 1, "one two three four five six seven eight nine ten");
          session.audio("resp_1", "item_1", tone(1500, 440, pcm16ToMulaw));
          setTimeout(() => session.close(1011), 300);
        },
      });
      const setup = await lineTo(target, brain.url);
      try {
        const phone = setup.phone();
        await phone.dial();
        const heardAtMs = await phone.waitForAudio(5000, phone.times.streamStartedAtMs);
        await phone.waitForSilence(600);
        const heardMs = phone.lastHeard()! - heardAtMs;
        assertGreater(heardMs, 2000, "the rest follows what was heard");
        assertLess(heardMs, 3500, "without a gap");
        assertEquals(brain.sessions.length, 2);
        const [, next] = brain.sessions;
        assertEquals(asked(next!), 1);
        const [[role, type, text]] = told(next!) as [string[]];
        assertEquals([role, type], ["assistant", "output_text"]);
        const known = text!.split(" ").length;
        assert(known >= 3 && known <= 6, `of ten words in about 3 s, 1.5 s were said: ${text}`);
        await phone.hangUp();
      } finally {
        await setup.close();
        await brain.close();
      }
    });

    it("while the caller speaks: the next one hears all of it", async () => {
      const brain = await startScriptedBrain({
        onEvent(event, session) {
          if (event.type === "response.create") answer(session, 1, tone(300, 440, pcm16ToMulaw));
          if (session === brain.sessions[0] && session.appended === 75) session.close(1011);
        },
      });
      const setup = await lineTo(target, brain.url, {
        EARSHOT_TURNS: "local",
        EARSHOT_GREETING: "",
      });
      try {
        const phone = setup.phone();
        await phone.dial();
        await sleep(500);
        const speech = loadSpeech("question_open");
        const said = await phone.say(speech);
        await phone.waitForAudio(5000, said.lastFrameAtMs);
        const [, next] = brain.sessions;
        assertEquals(asked(next!), 1);
        assertEquals(next!.events.map(({ event }) => event.type).slice(0, 3), [
          "session.update",
          "input_audio_buffer.commit",
          "response.create",
        ]);
        const bytes = next!.appendedBytes;
        assertGreater(bytes, 0.8 * speech.length, "from the first word on");
        await phone.hangUp();
      } finally {
        await setup.close();
        await brain.close();
      }
    });

    it("while an answer is made: the question goes to the next one as it was said", async () => {
      const brain = await startScriptedBrain({
        onEvent(event, session) {
          if (event.type !== "response.create") return;
          if (session === brain.sessions[0]) session.close(1011);
          else answer(session, 1, tone(300, 440, pcm16ToMulaw));
        },
      });
      const setup = await lineTo(target, brain.url, {
        EARSHOT_TURNS: "local",
        EARSHOT_GREETING: "",
      });
      try {
        const phone = setup.phone();
        await phone.dial();
        await sleep(500);
        const said = await phone.say(loadSpeech("question_order"));
        const answeredAtMs = await phone.waitForAudio(5000, said.lastFrameAtMs);
        assertLess(answeredAtMs - said.lastFrameAtMs, 2500);
        const [, next] = brain.sessions;
        assertEquals(told(next!), [["user", "input_audio", ""]]);
        assertEquals(asked(next!), 1);
        await phone.hangUp();
      } finally {
        await setup.close();
        await brain.close();
      }
    });

    it("while it answers, with local turns: question, what was heard of the answer, the rest", async () => {
      let answers = 0;
      const brain = await startScriptedBrain({
        onEvent(event, session) {
          if (event.type === "input_audio_buffer.commit") {
            session.send({
              type: "input_audio_buffer.committed",
              item_id: `c${brain.sessions.length}`,
            });
          }
          if (event.type !== "response.create") return;
          if (++answers === 4) return answer(session, 4, tone(600, 880, pcm16ToMulaw));
          begin(session, answers);
          words(session, answers, "one two three four five six seven eight nine ten");
          session.audio(`resp_${answers}`, `item_${answers}`, tone(900, 440, pcm16ToMulaw));
          setTimeout(() => session.close(1011), 300);
        },
      });
      const setup = await lineTo(target, brain.url, {
        EARSHOT_TURNS: "local",
        EARSHOT_GREETING: "",
      });
      try {
        const phone = setup.phone();
        await phone.dial();
        await sleep(500);
        const said = await phone.say(loadSpeech("question_order"));
        await phone.waitForAudio(5000, said.lastFrameAtMs);
        await phone.waitForSilence(1500);
        assertEquals(answers, 4, "three losses within one answer, and it is finished all the same");
        const [, second, , fourth] = brain.sessions;
        assertEquals(told(second!).map(([role, type]) => [role, type]), [
          ["user", "input_audio"],
          ["assistant", "output_text"],
        ]);
        assertEquals(told(fourth!).map(([role]) => role), [
          "user",
          "assistant",
          "assistant",
          "assistant",
        ]);
        await phone.hangUp();
      } finally {
        await setup.close();
        await brain.close();
      }
    });

    it("long after the caller's words: they are told as they were said", async () => {
      const brain = await startScriptedBrain({
        onEvent(event, session) {
          if (event.type === "input_audio_buffer.commit") {
            session.send({ type: "input_audio_buffer.committed", item_id: "c1" });
          }
          if (event.type !== "response.create") return;
          answer(session, 1, tone(300, 440, pcm16ToMulaw));
          setTimeout(() => session.close(1011), 1500);
        },
      });
      const setup = await lineTo(target, brain.url, {
        EARSHOT_TURNS: "local",
        EARSHOT_GREETING: "",
      });
      try {
        const phone = setup.phone();
        await phone.dial();
        await sleep(500);
        await phone.say(loadSpeech("question_order"));
        await phone.waitFor(() => brain.sessions[1]?.events.length! > 1, 8000, "the next session");
        assertEquals(told(brain.sessions[1]!).map(([role, type]) => [role, type]), [
          ["user", "input_audio"],
        ]);
        assertEquals(asked(brain.sessions[1]!), 0);
        await phone.hangUp();
      } finally {
        await setup.close();
        await brain.close();
      }
    });

    it("for one that speaks another format: the answer is finished", async () => {
      const pcm = { type: "audio/pcm", rate: 24000 };
      const brain = await startScriptedBrain({
        session: (wanted) =>
          brain.sessions.length < 2
            ? wanted
            : { ...wanted, audio: { input: { format: pcm }, output: { format: pcm } } },
        onEvent(event, session) {
          if (event.type !== "response.create" || brain.sessions.length > 1) return;
          begin(session, 1);
          words(session, 1, "one two three four five six seven eight nine ten");
          session.audio("resp_1", "item_1", tone(4000, 440, pcm16ToMulaw));
          session.send({
            type: "response.output_audio.done",
            response_id: "resp_1",
            item_id: "item_1",
          });
          setTimeout(() => session.close(1011), 800);
        },
      });
      const setup = await lineTo(target, brain.url);
      try {
        const phone = setup.phone();
        await phone.dial();
        await phone.waitForAudio(5000, phone.times.streamStartedAtMs);
        await phone.waitFor(
          () => brain.sessions[1] && asked(brain.sessions[1]) === 1,
          5000,
          "rest",
        );
        const [[role, , text]] = told(brain.sessions[1]!) as [string[]];
        assertEquals(role, "assistant");
        assertLess(text!.split(" ").length, 6, `0.8 of 4 s were heard: ${text}`);
        await phone.hangUp();
      } finally {
        await setup.close();
        await brain.close();
      }
    });

    it("and is not to be had again: the one that is named next takes over", async () => {
      const dead = await startScriptedBrain({ refuse: { status: 503, body: "{}" } });
      const brain = await startScriptedBrain({
        onEvent(event, session) {
          if (event.type === "response.create") answer(session, 1, tone(300, 440, pcm16ToMulaw));
        },
      });
      const setup = await lineTo(target, dead.url, { EARSHOT_FALLBACK_URLS: brain.url });
      try {
        const phone = setup.phone();
        await phone.dial();
        const atMs = await phone.waitForAudio(5000, phone.times.streamStartedAtMs);
        assertLess(atMs - phone.times.streamStartedAtMs, 2500);
        await phone.hangUp();
      } finally {
        await setup.close();
        await brain.close();
        await dead.close();
      }
    });
  });
}
