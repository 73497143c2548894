import { assertEquals } from "@std/assert";
import test from "node:test";
import { type AnyEvent, audioOf, Harness, types, userText } from "../test_session.ts";

const PCMU = { type: "audio/pcmu" } as const;
const TEXT = { output_modalities: ["text"] };
const TOOLS = [
  { type: "function", name: "weather", description: "x", parameters: { type: "object" } },
  { type: "function", name: "hang_up" },
];

function phone(session: AnyEvent = {}): Harness {
  const h = new Harness();
  h.update({ audio: { input: { format: PCMU }, output: { format: PCMU } }, ...session });
  return h;
}

test("the tones for a text last 60 ms a character, never clip, and end in silence", () => {
  const h = phone();
  const text = "Twenty characters or so.";
  h.say(text);
  h.wait(10_000);
  assertEquals(audioOf(h.events).length / 8, text.length * 60);
  const long = phone();
  long.say("word ".repeat(1000));
  long.wait(60_000);
  assertEquals(audioOf(long.events).length / 8, 12_000);
});

test("a greeting: nobody spoke, so a chime and a hello", () => {
  const h = phone();
  h.send({ type: "response.create" });
  h.wait(5000);
  assertEquals(h.last("response.output_audio_transcript.done").transcript, "Hello.");
  assertEquals(audioOf(h.events).length / 8, 600);
});

for (
  const [instructions, words] of [
    ['Greet the caller with "Welcome to earshot!"', "Welcome to earshot!"],
    ["Say: Good evening, how can I help?", "Good evening, how can I help?"],
    ["You are kind.\nGreeting: Hi there.\nBe brief.", "Hi there."],
    ["Begin the call by saying hello, then say “Grüezi” at once.", "Grüezi"],
    ['If the caller says "bye", hang up.', "Hello."],
    ["Be kind.", "Hello."],
  ] as const
) {
  test(`greeting words are found: ${JSON.stringify(instructions)}`, () => {
    const h = phone({ instructions, ...TEXT });
    h.send({ type: "response.create" });
    h.wait(5000);
    assertEquals(h.last("response.output_text.done").text, words);
  });
}

test("instructions of the response win over those of the session", () => {
  const h = phone({ instructions: 'Say "session".', ...TEXT });
  h.send({ type: "response.create", response: { instructions: 'Say "response".' } });
  h.wait(5000);
  assertEquals(h.last("response.output_text.done").text, "response");
});

test("what was answered is not answered again", () => {
  const h = phone(TEXT);
  h.say("one");
  h.wait(5000);
  h.say("two");
  h.wait(5000);
  assertEquals(h.last("response.output_text.done").text, "two");
  h.send({ type: "response.create" });
  h.wait(5000);
  assertEquals(h.last("response.output_text.done").text, "Hello.");
});

test("words whose answer was cancelled before it began, or deleted, are answered next time", () => {
  const h = phone(TEXT);
  h.say("one");
  h.send({ type: "response.cancel" });
  h.say("two");
  h.wait(5000);
  assertEquals(h.last("response.output_text.done").text, "one two");
  h.send({
    type: "conversation.item.delete",
    item_id: h.last("response.output_item.done").item.id,
  });
  h.say("three");
  h.wait(5000);
  assertEquals(h.last("response.output_text.done").text, "one two three");
});

test("a history that the client wrote is answered already", () => {
  const h = phone(TEXT);
  h.send({ type: "conversation.item.create", item: userText("old") });
  h.send({
    type: "conversation.item.create",
    item: { type: "message", role: "assistant", content: [{ type: "output_text", text: "yes" }] },
  });
  h.say("new");
  h.wait(5000);
  assertEquals(h.last("response.output_text.done").text, "new");
});

test("/name {json} calls the tool, with its arguments streamed", () => {
  const h = phone({ tools: TOOLS });
  const events = [...h.say('/weather {"city":"Zürich","days":3}'), ...h.wait(5000)];
  assertEquals(types(events).slice(-7), [
    "response.output_item.added",
    "conversation.item.added",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "conversation.item.done",
    "response.output_item.done",
    "response.done",
  ]);
  const args = '{"city":"Zürich","days":3}';
  const deltas = h.all("response.function_call_arguments.delta");
  assertEquals(deltas.map((event) => event.delta).join(""), args);
  const done = h.last("response.function_call_arguments.done");
  assertEquals([done.name, done.arguments], ["weather", args]);
  const { item } = h.last("response.output_item.done");
  assertEquals([item.type, item.status, item.name, item.arguments], [
    "function_call",
    "completed",
    "weather",
    args,
  ]);
  assertEquals(new Set([done.call_id, item.call_id, deltas[0]!.call_id]).size, 1);
});

test("the output of a call is answered with its text", () => {
  const h = phone({ tools: TOOLS });
  h.say("/weather");
  h.wait(5000);
  const { call_id, arguments: args } = h.last("response.output_item.done").item;
  assertEquals(args, "{}");
  h.send({
    type: "conversation.item.create",
    item: { type: "function_call_output", call_id, output: "Sunny, 21 degrees." },
  });
  h.send({ type: "response.create" });
  h.wait(10_000);
  assertEquals(h.last("response.output_audio_transcript.done").transcript, "Sunny, 21 degrees.");
});

for (
  const [name, text, session, expected] of [
    ["a tool that nobody offers", "/dance", { tools: TOOLS }, undefined],
    ["tool_choice none", "/weather", { tools: TOOLS, tool_choice: "none" }, undefined],
    ["no tools", "/weather", {}, undefined],
    ["free text behind the name", "/weather in Bern", { tools: TOOLS }, [
      "weather",
      '{"text":"in Bern"}',
    ]],
    [
      "a forced tool",
      "hello",
      { tools: TOOLS, tool_choice: { type: "function", name: "hang_up" } },
      ["hang_up", '{"text":"hello"}'],
    ],
    ["tool_choice required", '{"a":1}', { tools: TOOLS, tool_choice: "required" }, [
      "weather",
      '{"a":1}',
    ]],
  ] as [string, string, AnyEvent, string[] | undefined][]
) {
  test(`tools, ${name}: ${expected ? `calls ${expected[0]}` : "answers in words"}`, () => {
    const h = phone({ ...TEXT, ...session });
    h.say(text);
    h.wait(5000);
    const { item } = h.last("response.output_item.done");
    if (expected) assertEquals([item.name, item.arguments], expected);
    else assertEquals(item.content, [{ type: "output_text", text }]);
  });
}

test("a response may offer its own tools", () => {
  const h = phone(TEXT);
  h.say("/once", { tools: [{ type: "function", name: "once" }] });
  h.wait(5000);
  assertEquals(h.last("response.output_item.done").item.name, "once");
});
