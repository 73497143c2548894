/**
 * Realtime clients that others wrote, against the echo brain: the `openai` SDK's and that of
 * `@openai/agents-realtime`, over loopback TLS with a CA made for the test, since both SDKs insist
 * on `wss:`.
 *
 * @module
 */

import {
  OpenAIRealtimeWebSocket,
  RealtimeAgent,
  RealtimeSession,
  tool,
} from "@openai/agents-realtime";
import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import test, { after, before, describe } from "node:test";
import OpenAI from "openai";
import { OpenAIRealtimeWS } from "openai/realtime/ws";
import WebSocket from "ws";
import { type AnyEvent, audioOf, silenceBytes, speechBytes } from "../brain/test_session.ts";
import { type SecureServer, startSecure } from "./realtime_upstream.ts";

let server: SecureServer;
let ca = "";
let origin = "";
before(async () => {
  server = await startSecure();
  ({ ca, origin } = server);
});
after(() => server.stop());

/** Waits for something that an event brings about. */
async function until<T>(what: string, read: () => T | undefined | false, ms = 8000): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const value = read();
    if (value) return value;
    if (Date.now() > end) throw new Error(`Waited ${ms} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const PCMU = { type: "audio/pcmu" } as const;

describe("openai SDK, realtime/ws", () => {
  /** A connected client, everything it heard, and its errors. */
  async function connect(session: AnyEvent = {}) {
    const client = new OpenAI({ apiKey: "not-checked", baseURL: `https:${origin}/v1` });
    const realtime = new OpenAIRealtimeWS({ model: "gpt-realtime-2.1", options: { ca } }, client);
    const events: AnyEvent[] = [];
    const errors: Error[] = [];
    realtime.on("event", (event) => events.push(event));
    realtime.on("error", (error) => errors.push(error));
    const last = (type: string) => events.findLast((event) => event.type === type);
    const send = (event: AnyEvent) => realtime.send(event as never);
    const next = async (type: string, count = 1) => {
      const found = () => events.filter((event) => event.type === type);
      await until(type, () => found().length >= count);
      return found()[count - 1]!;
    };
    await next("session.created");
    send({
      type: "session.update",
      session: {
        type: "realtime",
        audio: { input: { format: PCMU }, output: { format: PCMU } },
        ...session,
      },
    });
    await next("session.updated");
    return { realtime, events, errors, last, send, next };
  }

  const text = (text: string) => ({
    type: "conversation.item.create",
    item: { type: "message", role: "user", content: [{ type: "input_text", text }] },
  });

  function append(send: (event: AnyEvent) => void, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += 160) {
      const audio = bytes.slice(at, at + 160).toBase64();
      send({ type: "input_audio_buffer.append", audio });
    }
  }

  test("session.updated shows what was asked, the model comes from the URL", async () => {
    const { realtime, last, errors } = await connect({ instructions: "Be kind." });
    const { session } = last("session.updated")!;
    assertEquals([session.instructions, session.model], ["Be kind.", "gpt-realtime-2.1"]);
    assertEquals(session.audio.input.format, PCMU);
    assertEquals(errors, []);
    realtime.close();
  });

  test("a text turn comes back as that text", async () => {
    const { realtime, send, next, errors } = await connect({ output_modalities: ["text"] });
    send(text("Hello there"));
    send({ type: "response.create" });
    assertEquals((await next("response.output_text.done")).text, "Hello there");
    assertEquals((await next("response.done")).response.status, "completed");
    assertEquals(errors, []);
    realtime.close();
  });

  test("an audio turn found by server VAD comes back byte for byte", async () => {
    const { realtime, send, next, events, errors } = await connect();
    const parts = [silenceBytes(600), speechBytes(800), silenceBytes(700)];
    const sent = Uint8Array.from(parts.flatMap((part) => [...part]));
    append(send, sent);
    const start = (await next("input_audio_buffer.speech_started")).audio_start_ms;
    const end = (await next("input_audio_buffer.speech_stopped")).audio_end_ms;
    const { response } = await next("response.done");
    assertEquals(response.status, "completed");
    assertEquals(audioOf(events), sent.slice(start * 8, end * 8));
    assertGreater(response.usage.input_token_details.audio_tokens, 5);
    assertEquals(errors, []);
    realtime.close();
  });

  test("a manual turn: commit, then response.create", async () => {
    const { realtime, send, next, events, errors } = await connect({
      audio: { input: { format: PCMU, turn_detection: null }, output: { format: PCMU } },
    });
    const sent = speechBytes(500);
    append(send, sent);
    send({ type: "input_audio_buffer.commit" });
    await next("conversation.item.done");
    send({ type: "response.create" });
    await next("response.done");
    assertEquals(audioOf(events), sent);
    assertEquals(errors, []);
    realtime.close();
  });

  test("cancel stops an answer, truncate cuts it to what was heard, and too much is refused", async () => {
    const { realtime, send, next, events, errors } = await connect();
    send(text("A text that takes a good while to be spoken, so that it can be cancelled"));
    send({ type: "response.create" });
    const delta = await next("response.output_audio.delta");
    send({ type: "response.cancel" });
    const { response } = await next("response.done");
    assertEquals(response.status_details, { type: "cancelled", reason: "client_cancelled" });
    const audioMs = audioOf(events).length / 8;
    const cut = { type: "conversation.item.truncate", item_id: delta.item_id, content_index: 0 };
    send({ ...cut, audio_end_ms: audioMs + 1 });
    await until("an error", () => errors.length > 0);
    assertStringIncludes(errors[0]!.message, `Audio content of ${audioMs}ms is already shorter`);
    send({ ...cut, audio_end_ms: 120 });
    assertEquals((await next("conversation.item.truncated")).audio_end_ms, 120);
    assertEquals(errors.length, 1);
    realtime.close();
  });

  test("a function call is streamed, run, and its output answered", async () => {
    const { realtime, send, next, errors } = await connect({
      output_modalities: ["text"],
      tools: [{ type: "function", name: "weather", parameters: { type: "object" } }],
    });
    send(text('/weather {"city":"Bern"}'));
    send({ type: "response.create" });
    const { call_id, arguments: args } = await next("response.function_call_arguments.done");
    assertEquals(JSON.parse(args), { city: "Bern" });
    await next("response.done");
    send({
      type: "conversation.item.create",
      item: { type: "function_call_output", call_id, output: "Rain." },
    });
    send({ type: "response.create" });
    assertEquals((await next("response.output_text.done")).text, "Rain.");
    assertEquals(errors, []);
    realtime.close();
  });
});

describe("@openai/agents-realtime", () => {
  async function connect(config: AnyEvent = {}) {
    const events: AnyEvent[] = [];
    const errors: unknown[] = [];
    const calls: unknown[] = [];
    const transport = new OpenAIRealtimeWebSocket({
      url: `wss:${origin}/v1/realtime?model=gpt-realtime-2.1`,
      createWebSocket: ({ url }) => Promise.resolve(new WebSocket(url, { ca })),
    });
    const weather = tool({
      name: "weather",
      description: "Tells the weather.",
      parameters: { type: "object", properties: {}, required: [], additionalProperties: true },
      strict: false,
      execute(input: unknown) {
        calls.push(input);
        return "Snow.";
      },
    });
    const agent = new RealtimeAgent({
      name: "echo",
      instructions: 'Greet the caller with "Hi!"',
      tools: [weather],
    });
    const session = new RealtimeSession(agent, {
      transport,
      model: "gpt-realtime-2.1",
      config,
      tracingDisabled: true,
    });
    session.on("error", (error) => errors.push(error));
    transport.on("*", (event: AnyEvent) => events.push(event));
    await session.connect({ apiKey: "not-checked" });
    const next = async (type: string, count = 1) => {
      const found = () => events.filter((event) => event.type === type);
      await until(type, () => found().length >= count);
      return found()[count - 1]!;
    };
    await next("session.updated");
    return { session, transport, events, errors, calls, next };
  }

  test("connects; a message comes back in its history, spoken", async () => {
    const { session, errors, next, events } = await connect();
    session.sendMessage("Hello there");
    await next("response.done");
    const answer = await until(
      "the answer in the history",
      () => session.history.find((item) => "role" in item && item.role === "assistant"),
    );
    assertEquals((answer as AnyEvent).content[0].transcript, "Hello there");
    assertGreater(audioOf(events).length, 0);
    assertEquals(errors, []);
    session.close();
  });

  test("speech by its own default, semantic_vad on 24 kHz PCM, is transcribed and echoed", async () => {
    const { session, errors, next, events } = await connect();
    const format = { type: "audio/pcm" } as const;
    for (
      const part of [
        silenceBytes(600, format),
        speechBytes(800, format),
        silenceBytes(1200, format),
      ]
    ) {
      session.sendAudio(part.slice().buffer);
    }
    await next("response.done");
    await next("conversation.item.retrieved");
    const { transcript } = await next("conversation.item.input_audio_transcription.completed");
    assertStringIncludes(transcript, "of speech");
    const start = (await next("input_audio_buffer.speech_started")).audio_start_ms;
    const end = (await next("input_audio_buffer.speech_stopped")).audio_end_ms;
    assertEquals(audioOf(events).length, (end - start) * 48);
    assertEquals(errors, []);
    session.close();
  });

  test("its interrupt cancels and truncates, and nothing is refused", async () => {
    const { session, errors, next } = await connect();
    session.sendMessage(
      "A text that takes a good while to be spoken, so that it can be interrupted",
    );
    await next("response.output_audio.delta");
    session.interrupt();
    const truncated = await next("conversation.item.truncated");
    assert(truncated.audio_end_ms >= 0);
    const { response } = await next("response.done");
    assertEquals(response.status_details.reason, "client_cancelled");
    assertEquals(errors, []);
    session.close();
  });

  test("a manual turn: sendAudio with commit", async () => {
    const { session, transport, errors, next, events } = await connect({
      audio: { input: { format: PCMU, turnDetection: null }, output: { format: PCMU } },
    });
    const sent = speechBytes(400);
    session.sendAudio(sent.slice().buffer, { commit: true });
    await next("input_audio_buffer.committed");
    transport.requestResponse();
    await next("response.done");
    assertEquals(audioOf(events), sent);
    assertEquals(errors, []);
    session.close();
  });

  test("its tools run, and their output is answered", async () => {
    const { session, errors, calls, next } = await connect();
    session.sendMessage('/weather {"city":"Bern"}');
    assertEquals((await next("response.output_audio_transcript.done")).transcript, "Snow.");
    assertEquals(calls, [{ city: "Bern" }]);
    assertEquals(errors, []);
    session.close();
  });
});
