/**
 * The caller's words, asked for with `EARSHOT_TRANSCRIBE`: what the brain is asked, what the caller
 * with eyes is told, and that a transcription which fails costs nobody an answer.
 *
 * @module
 */

import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { BrowserClient } from "./calls/browser.ts";
import { answer, type BrainSession, startScriptedBrain } from "./scripted_brain.ts";
import { startServer } from "./server.ts";

const ECHO = { EARSHOT_BRAIN: "echo", EARSHOT_GREETING: "", EARSHOT_THINK_MS: "0" };
const PREFIX = "conversation.item.input_audio_transcription";
const PATIENT = { timeout: 60_000 };

/** Half a second of a voice-like tone at 24 kHz, then a second of silence. */
function speechAndSilence(): Uint8Array {
  const pcm = new Int16Array(24_000 * 1.5);
  for (let i = 0; i < 12_000; i++) {
    const swell = Math.abs(Math.sin(i / 2400));
    pcm[i] = 8000 * swell * (Math.sin(i / 30) + Math.sin(i / 9)) / 2;
  }
  return new Uint8Array(pcm.buffer);
}

describe("the caller's words", () => {
  it("come from the echo brain when a model is named, and not otherwise", PATIENT, async () => {
    for (const transcribe of ["gpt-realtime-whisper", "off"]) {
      const server = await startServer("deno", { ...ECHO, EARSHOT_TRANSCRIBE: transcribe });
      const browser = new BrowserClient(`ws://${server.host}/browser/stream?rate=24000`);
      try {
        await browser.opened();
        await browser.until((news) => news.type === "ready");
        const pcm = speechAndSilence();
        for (let at = 0; at < pcm.length; at += 960) {
          browser.sendAudio(pcm.subarray(at, at + 960));
          await new Promise((go) => setTimeout(go, 20));
        }
        const said = (role: string) =>
          browser.news.filter((news) => news.type === "transcript" && news.role === role);
        await browser.until((news) => news.role === "agent" && news.final === true);
        const words = said("caller").map(({ text, final }) => [text, final]);
        if (transcribe === "off") assertEquals(words, []);
        else {
          // First the news that words will come, so that they land in the line of what was said.
          assertEquals(words.map(([, final]) => final), [false, true]);
          assertEquals(words[0]![0], "");
          assertEquals(/^\(\d\.\d s of speech\)$/.test(String(words[1]![0])), true, `${words}`);
        }
      } finally {
        browser.close();
        await server.stop();
      }
    }
  });

  it("that can't be had cost nobody an answer", PATIENT, async () => {
    let session!: BrainSession;
    const brain = await startScriptedBrain({ onSession: (opened) => session = opened });
    const server = await startServer("deno", {
      EARSHOT_GREETING: "",
      OPENAI_REALTIME_URL: brain.url,
      EARSHOT_TRANSCRIBE: "gpt-realtime-whisper",
    });
    const browser = new BrowserClient(`ws://${server.host}/browser/stream?rate=24000`);
    try {
      await browser.opened();
      await browser.until((news) => news.type === "ready");
      const { session: asked } = await session.next("session.update") as {
        session: { audio: { input: { transcription: unknown } } };
      };
      assertEquals(asked.audio.input.transcription, { model: "gpt-realtime-whisper" });

      const item = (item_id: string) => ({ item_id, content_index: 0 });
      session.send({ type: "input_audio_buffer.committed", item_id: "heard_1" });
      session.send({
        type: `${PREFIX}.failed`,
        ...item("heard_1"),
        error: { type: "transcription_error", code: "audio_unintelligible", message: "no words" },
      });
      session.send({ type: `${PREFIX}.segment`, ...item("heard_1"), text: "x", start: 0, end: 1 });
      session.send({ type: `${PREFIX}.delta`, ...item("heard_2"), delta: "Where is" });
      session.send({
        type: `${PREFIX}.completed`,
        ...item("heard_2"),
        transcript: "Where is my order?",
        usage: { type: "duration", seconds: 2 },
      });
      const words = await browser.until((news) => news.role === "caller" && news.text !== "");
      assertEquals([words.itemId, words.text, words.final], [
        "heard_2",
        "Where is my order?",
        true,
      ]);
      answer(session, 1, new Uint8Array(4800));
      await browser.until((news) => news.type === "turn" || browser.audioBytes > 0);
      assertEquals(browser.closed, null);
      assertEquals(browser.news.filter((news) => news.type === "error"), []);
    } finally {
      browser.close();
      await server.stop();
      await brain.close();
    }
  });
});
