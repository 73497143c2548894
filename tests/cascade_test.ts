/**
 * A second answerer behind the Realtime server: the skeleton of a cascade (speech to text, a
 * language model, text to speech), served at `/v1/realtime` by the real app and answering a phone.
 *
 * @module
 */

import { after, before, describe, it } from "node:test";
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { createApp } from "../app.ts";
import type {
  Answerer,
  AnswerPiece,
  AnswerRequest,
  TranscriptionRequest,
} from "../brain/realtime/answerer.ts";
import { RealtimeServer } from "../brain/realtime/server.ts";
import { readConfig } from "../config.ts";
import { createServices, type Services } from "../server/services.ts";
import { pcm16ToMulaw } from "../media/mulaw.ts";
import { Phone } from "../cli/phone/phone.ts";
import { runtime } from "../runtime/deno.ts";
import type { Server } from "../runtime/runtime.ts";
import { findSpeech } from "./calls/audio.ts";
import { loadSpeech } from "./speech/speech.ts";

/** A wait that a cancellation cuts short, as it does a request to a model. */
function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((go, fail) => {
    const timer = setTimeout(go, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), fail(signal.reason)));
  });
}

/** Speech from a machine, µ-law: a tone that rises, so that no stretch of it is like another. */
function pretendToSay(ms: number, fromHz: number): Uint8Array {
  return Uint8Array.from({ length: ms * 8 }, (_, i) => {
    const hz = fromHz * (1 + i / (ms * 16));
    return pcm16ToMulaw(Math.round(8000 * Math.sin(2 * Math.PI * hz * i / 8000)));
  });
}

const SENTENCES = [
  { words: "It is noon.", audio: pretendToSay(800, 400) },
  { words: " The shop is open.", audio: pretendToSay(1100, 700) },
];

/** Understands nothing and says two sentences, but takes its time where a cascade would. */
class Cascade implements Answerer {
  readonly asked: AnswerRequest[] = [];
  modelMs = 60;

  async transcribe({ signal }: TranscriptionRequest): Promise<string> {
    await wait(30, signal);
    return "When do you open?";
  }

  async *answer(request: AnswerRequest): AsyncGenerator<AnswerPiece> {
    this.asked.push(request);
    for (const { words, audio } of SENTENCES) {
      yield { words, audio };
      await wait(this.modelMs, request.signal);
    }
  }
}

describe("a cascade behind /v1/realtime", () => {
  const cascade = new Cascade();
  const servers: Server[] = [];
  let inner: Services;
  let outer: Services;
  let phone: Phone;

  /** The real app on a port of its own. @returns Its origin without the scheme. */
  async function serve(services: Services): Promise<string> {
    const app = createApp(services);
    const limits = {
      maxMessageBytes: 1 << 24,
      pingSeconds: 5,
      pongTimeoutSeconds: 20,
      maxBufferedBytes: 1 << 20,
    };
    const server = await runtime.serve(
      { port: 0, hostname: "127.0.0.1", limits },
      (request, context) => app.fetch(request, context as unknown as Record<string, unknown>),
    );
    servers.push(server);
    return `127.0.0.1:${server.port}`;
  }

  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  before(async () => {
    inner = createServices(readConfig({ EARSHOT_BRAIN: "echo" }), quiet);
    const brain = await serve({ ...inner, realtime: new RealtimeServer(cascade) });
    outer = createServices(
      readConfig({
        OPENAI_REALTIME_URL: `ws://${brain}/v1/realtime`,
        EARSHOT_TRANSCRIBE: "whisper-1",
      }),
      quiet,
    );
    phone = new Phone({ webhookUrl: `http://${await serve(outer)}/twilio/voice` });
  });
  after(async () => {
    await phone.hangUp();
    for (const { events } of [inner, outer]) events.close();
    for (const server of servers) await server.stop();
  });

  it("greets a phone with both sentences", { timeout: 20_000 }, async () => {
    assertEquals(await phone.dial(), "streaming");
    await phone.waitForAudio(5000, phone.times.streamStartedAtMs);
    await phone.waitForSilence(600);
    const heard = phone.heard(phone.times.streamStartedAtMs);
    const [first, second] = SENTENCES.map(({ audio }) => findSpeech(heard, audio));
    assertGreater(first!, -1);
    assertGreater(second!, first!);
    assertEquals(cascade.asked[0]!.items, []);
    assertEquals(cascade.asked[0]!.format.encoding, "pcmu");
  });

  it(
    "answers a turn that the server heard, and is shown what was said on both sides",
    { timeout: 20_000 },
    async () => {
      const said = await phone.say(loadSpeech("question_open"));
      const heardAtMs = await phone.waitForAudio(5000, said.lastFrameAtMs);
      assertLess(heardAtMs - said.lastFrameAtMs, 2000);
      await phone.waitForSilence(600);
      assertGreater(findSpeech(phone.heard(said.lastFrameAtMs), SENTENCES[1]!.audio), -1);
      const request = cascade.asked.at(-1)!;
      const [greeting] = request.items;
      assert(greeting?.type === "message" && greeting.parts[0]?.type === "output_audio");
      assertEquals(greeting.parts[0].transcript, "It is noon. The shop is open.");
      const item = request.items.at(-1)!;
      assert(item.type === "message" && item.role === "user");
      const [part] = item.parts;
      assert(part?.type === "input_audio");
      assertGreater(part.clip!.durationMs, 500);
      assertEquals(part.transcript, "When do you open?");
    },
  );

  it("is told when the caller breaks in, and answers that", { timeout: 20_000 }, async () => {
    cascade.modelMs = 60_000; // it hangs after its first sentence
    const first = await phone.say(loadSpeech("question_order"));
    await phone.waitForAudio(5000, first.lastFrameAtMs);
    await phone.waitForSilence(200);
    const { signal } = cascade.asked.at(-1)!;
    assertEquals(signal.aborted, false);
    cascade.modelMs = 60;
    const second = await phone.say(loadSpeech("question_hear"));
    assertEquals(signal.aborted, true);
    await phone.waitForAudio(5000, second.lastFrameAtMs);
    await phone.waitForSilence(600);
    assertGreater(findSpeech(phone.heard(second.lastFrameAtMs), SENTENCES[1]!.audio), -1);
  });
});
