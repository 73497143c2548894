import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import test from "node:test";
import { audioOf, Harness, speechBytes, types } from "../test_session.ts";
import type { AnswerEnd, Answerer, AnswerPiece, AnswerRequest } from "./answerer.ts";
import { RealtimeServer } from "./server.ts";

const PCMU = { type: "audio/pcmu" } as const;
const CREATE = { type: "response.create" };

/** Runs what waits as promises. */
const settle = () => new Promise<void>((go) => setTimeout(go, 0));

/** A session with this answerer, both ways in µ-law. */
function phone(answerer: Answerer, session = {}): Harness {
  const h = new Harness({}, undefined, (settings) => new RealtimeServer(answerer, settings));
  h.update({ audio: { input: { format: PCMU }, output: { format: PCMU } }, ...session });
  return h;
}

/** An answerer that plays a list, and what became of it. */
function list(pieces: readonly AnswerPiece[], end?: AnswerEnd) {
  const seen = { taken: 0, returned: false, request: undefined as AnswerRequest | undefined };
  async function* answer(): AsyncGenerator<AnswerPiece, AnswerEnd | void> {
    try {
      for (const piece of pieces) {
        seen.taken++;
        yield piece;
      }
      return end;
    } finally {
      seen.returned = true;
    }
  }
  return {
    seen,
    answer(request: AnswerRequest) {
      seen.request = request;
      return answer();
    },
  };
}

const audio = (ms: number) => new Uint8Array(ms * 8).map((_, i) => i % 251);

/** Time passes, and promises with it. */
async function pass(h: Harness, ms: number): Promise<void> {
  for (let at = 0; at < ms; at += 5) {
    await settle();
    h.wait(5);
  }
  await settle();
}

test("a long piece leaves in deltas, at the session's pace, with its words beside it", async () => {
  const words = "Noon it is, and the shop is open.";
  const h = phone(list([{ words, audio: audio(1000) }]));
  h.send(CREATE);
  await pass(h, 40);
  const deltas = () => h.all("response.output_audio.delta").length;
  // 200 ms of audio every 25 ms.
  assertEquals(deltas(), 2);
  const said = () => h.all("response.output_audio_transcript.delta").map((e) => e.delta).join("");
  assertEquals(said(), words.slice(0, Math.ceil(words.length * 0.4)));
  await pass(h, 200);
  assertEquals(deltas(), 5);
  assertEquals(said(), words);
  assertEquals(audioOf(h.events), audio(1000));
  assertEquals(h.last("response.done").response.status, "completed");
});

test("the next piece is taken when the last has left, and none after a cancellation", async () => {
  const pieces = Array.from({ length: 50 }, () => ({ words: "x", audio: audio(200) }));
  const answerer = list(pieces);
  const h = phone(answerer);
  h.send(CREATE);
  await pass(h, 60);
  const { seen } = answerer;
  assert(seen.taken >= 2 && seen.taken <= 4, `${seen.taken} taken`);
  h.send({ type: "response.cancel" });
  const taken = seen.taken;
  assertEquals(h.last("response.done").response.status, "cancelled");
  assertEquals(seen.request!.signal.aborted, true);
  await pass(h, 100);
  assertEquals([seen.taken, seen.returned], [taken, true]);
  assertEquals(h.events.at(-1)!.type, "response.done");
});

test("words, then a call: two items, each opened and closed in its turn", async () => {
  const call = { name: "weather", arguments: '{"city":"Ulm"}' };
  const h = phone(list([{ words: "One moment.", audio: audio(40) }, { call }]));
  const from = h.events.length;
  h.send(CREATE);
  await pass(h, 100);
  assertEquals(types(h.events.slice(from)), [
    "response.created",
    "rate_limits.updated",
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
    "response.output_audio_transcript.delta",
    "response.output_audio.delta",
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "conversation.item.done",
    "response.output_item.done",
    "response.output_item.added",
    "conversation.item.added",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "conversation.item.done",
    "response.output_item.done",
    "response.done",
  ]);
  const { output } = h.last("response.done").response;
  assertEquals(output.map((item: { type: string }) => item.type), ["message", "function_call"]);
  assertEquals(output.map((item: { status: string }) => item.status), ["completed", "completed"]);
  assertEquals(output[1].arguments, call.arguments);
  assertEquals(h.all("response.output_item.done").map((e) => e.output_index), [0, 1]);
});

test("in a text response only words leave; usage that is told replaces the estimate", async () => {
  const usage = { total_tokens: 7, input_tokens: 4, output_tokens: 3 };
  const pieces = [{ words: "Hello ", audio: audio(200) }, { words: "there" }];
  const h = phone(list(pieces, { usage }), { output_modalities: ["text"] });
  h.send(CREATE);
  await pass(h, 100);
  assertEquals(h.last("response.output_text.done").text, "Hello there");
  assertEquals(audioOf(h.events).length, 0);
  assertEquals(h.last("response.done").response.usage, usage);
});

test("an answer that goes on past the limit is cut, and one may say itself that it is cut", async () => {
  const answerer = list(Array.from({ length: 90 }, () => ({ words: "", audio: audio(200) })));
  const h = phone(answerer, { max_output_tokens: 10 });
  h.send(CREATE);
  await pass(h, 300);
  const { response } = h.last("response.done");
  assertEquals([response.status, response.status_details.reason], [
    "incomplete",
    "max_output_tokens",
  ]);
  assert(response.usage.output_tokens <= 14, `${response.usage.output_tokens} tokens`);
  assertEquals(answerer.seen.returned, true);
  const filtered = phone(list([], { incomplete: "content_filter" }));
  filtered.send(CREATE);
  await pass(filtered, 20);
  const details = filtered.last("response.done").response.status_details;
  assertEquals(details, { type: "incomplete", reason: "content_filter" });
});

test("what an answerer throws fails its response, keeps its words, and harms nothing else", async () => {
  let answers = 0;
  const h = phone({
    answer() {
      answers++;
      if (answers === 1) throw new Error("secret");
      return (async function* (): AsyncGenerator<AnswerPiece> {
        await settle();
        yield { words: "Half", audio: audio(100) };
        if (answers === 2) throw new Error("secret");
      })();
    },
  });
  for (let n = 0; n < 3; n++) {
    h.send(CREATE);
    await pass(h, 60);
  }
  const done = h.all("response.done").map((event) => event.response);
  assertEquals(done.map(({ status }) => status), ["failed", "failed", "completed"]);
  assertEquals(done[1]!.output[0].content[0].transcript, "Half");
  assertEquals(done[0]!.status_details.error.code, "server_error");
  assertEquals(JSON.stringify(h.events).includes("secret"), false);
});

test("a wait that rejects when it is cancelled is nobody's error", async () => {
  const h = phone({
    answer: ({ signal }) =>
      (async function* (): AsyncGenerator<AnswerPiece> {
        await new Promise((_, fail) => signal.addEventListener("abort", () => fail(signal.reason)));
        yield { words: "never" };
      })(),
  });
  h.send(CREATE);
  await pass(h, 20);
  h.send({ type: "response.cancel" });
  await pass(h, 20);
  assertEquals(h.events.at(-1)!.type, "response.done");
  h.send(CREATE);
  await pass(h, 20);
  const before = h.events.length;
  h.session.end();
  await pass(h, 20);
  assertEquals(h.events.length, before);
});

test("items know their response, so that an answerer can remember what it made", async () => {
  const requests: AnswerRequest[] = [];
  const inner = list([{ words: "Yes", audio: audio(20) }]);
  const h = phone({
    answer(request) {
      requests.push(request);
      return inner.answer(request);
    },
  });
  for (let n = 0; n < 2; n++) {
    h.send(CREATE);
    await pass(h, 20);
  }
  const [item] = requests[1]!.items;
  assert(item?.type === "message");
  assert(item.response === requests[0]!.response);
});

test("transcription: what the answerer writes, late or never", async () => {
  const transcribers: [Answerer["transcribe"], string][] = [
    [() => "Hello?", "completed"],
    [async ({ clip }) => (await settle(), `${clip.durationMs > 0}`), "completed"],
    [() => Promise.reject(new Error("secret")), "failed"],
    [() => {
      throw new Error("secret");
    }, "failed"],
    [undefined, "failed"],
  ];
  for (const [transcribe, outcome] of transcribers) {
    const input = { format: PCMU, turn_detection: null, transcription: { model: "whisper-1" } };
    const h = phone({ ...list([]), transcribe });
    h.update({ audio: { input } });
    h.speak(speechBytes(400));
    h.send({ type: "input_audio_buffer.commit" });
    await pass(h, 20);
    const { type } = h.events.at(-1)!;
    assertStringIncludes(type, `input_audio_transcription.${outcome}`);
    assertEquals(JSON.stringify(h.events).includes("secret"), false);
  }
});
