import test from "node:test";
import { assert, assertEquals, assertLess } from "@std/assert";
import { createEchoServer } from "../echo/mod.ts";

/** A session that hears every answer as an object. */
function sessionHeard() {
  const heard: Record<string, unknown>[] = [];
  const session = createEchoServer().open((text) => void heard.push(JSON.parse(text)), () => {});
  const say = (event: object) => session.receive(JSON.stringify(event));
  const errors = () =>
    heard.filter(({ type }) => type === "error").map(({ error }) => error as { code: string });
  return { session, heard, say, errors };
}

const LONG = "x".repeat(65_000);
const item = (id: string, parts: number) => ({
  type: "conversation.item.create",
  item: {
    type: "message",
    role: "user",
    id,
    content: Array.from({ length: parts }, () => ({ type: "input_text", text: LONG })),
  },
});

test("400 items of 195,000 characters do not stay in memory: the oldest are forgotten", () => {
  const { session, heard, say, errors } = sessionHeard();
  for (let i = 0; i < 400; i++) say(item(`item_${i}`, 3));
  assertEquals(errors(), []);
  heard.length = 0;
  for (let i = 0; i < 400; i++) say({ type: "conversation.item.retrieve", item_id: `item_${i}` });
  const kept = heard.filter(({ type }) => type === "conversation.item.retrieved");
  const chars = kept.reduce((sum, { item }) => sum + JSON.stringify(item).length, 0);
  assertLess(chars, 1_500_000, `${chars} characters are kept`);
  // What was said last is what the answer is about.
  assertEquals((kept.at(-1)!.item as { id: string }).id, "item_399");
  session.end();
});

test("function calls, their outputs and transcripts count as well", () => {
  const { session, heard, say } = sessionHeard();
  for (let i = 0; i < 60; i++) {
    const call_id = `call_${i}`;
    say({
      type: "conversation.item.create",
      item: { type: "function_call", id: `f${i}`, call_id, name: "f", arguments: LONG },
    });
    say({
      type: "conversation.item.create",
      item: { type: "function_call_output", id: `o${i}`, call_id, output: LONG },
    });
    const audio = { type: "input_audio", audio: "", transcript: LONG };
    say({
      type: "conversation.item.create",
      item: { type: "message", role: "user", id: `m${i}`, content: [audio] },
    });
  }
  heard.length = 0;
  for (let i = 0; i < 60; i++) {
    for (const kind of "fom") {
      say({ type: "conversation.item.retrieve", item_id: `${kind}${i}` });
    }
  }
  const kept = heard.filter(({ type }) => type === "conversation.item.retrieved");
  const chars = kept.reduce((sum, { item }) => sum + JSON.stringify(item).length, 0);
  assertLess(chars, 1_500_000, `${chars} characters are kept`);
  session.end();
});

test("an item of thousands of parts is refused, and so is a session as long as a book", () => {
  const { session, say, errors } = sessionHeard();
  const content = Array.from({ length: 5000 }, () => ({ type: "input_text", text: "a" }));
  say({ type: "conversation.item.create", item: { type: "message", role: "user", content } });
  assertEquals(errors().map(({ code }) => code), ["invalid_value"]);
  const metadata = "d".repeat(150_000);
  const tools = [{ type: "function", name: "f", description: metadata, parameters: {} }];
  const update = (fields: object) =>
    say({ type: "session.update", session: { type: "realtime", ...fields } });
  update({ tools });
  update({ tracing: { metadata } });
  assertEquals(errors().map(({ code }) => code), ["invalid_value", "string_above_max_length"]);
  // It goes on as if nothing had happened.
  update({ instructions: "Go on." });
  assertEquals(errors().length, 2);
  session.end();
});

test("what one client sends at once never holds the loop for long", () => {
  const { session, errors } = sessionHeard();
  const MIB = 1024 * 1024;
  const append = (chars: number) =>
    `{"type":"input_audio_buffer.append","audio":"${"f".repeat(chars & ~7)}"}`;
  const keys = Array.from({ length: 20_000 }, (_, i) => `"k${i}":1`);
  const sent: [string, string][] = [
    ["an append of 13 MB", append(13 * MIB)],
    ["the largest append", append(MIB - 60)],
    ["the largest append again", append(MIB - 60)],
    ["a megabyte of array", "[".repeat(MIB - 1)],
    ["a deep array", "[".repeat(MIB / 4)],
    ["a deep object", '{"a":'.repeat(50_000)],
    ["many keys", `{${keys.join(",")}}`],
    ["many keys of an event", `{"type":"response.create",${keys.join(",")}}`],
    [
      "many items of a response",
      `{"type":"response.create","response":{"input":[${"{},".repeat(70_000)}{}]}}`,
    ],
  ];
  for (const [what, text] of sent) {
    const beganMs = performance.now();
    session.receive(text);
    const ms = performance.now() - beganMs;
    // 20 to 60 ms at most where this was written; the first had taken 244 ms before there was a bound.
    assert(ms < 150, `${what}: ${ms.toFixed(0)} ms`);
  }
  assertEquals(errors().length, sent.length - 2);
  session.end();
});
