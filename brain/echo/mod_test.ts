import { assert, assertEquals } from "@std/assert";
import test from "node:test";
import type { BrainHandlers } from "../brain.ts";
import type { UpstreamError } from "../errors.ts";
import { createEchoBrain } from "./mod.ts";
import { FakeClock } from "../test_session.ts";

function connect(settings = {}, on: Partial<BrainHandlers> = {}) {
  const clock = new FakeClock();
  const types: string[] = [];
  const closes: (UpstreamError | undefined)[] = [];
  const link = createEchoBrain({ clock, ...settings }).connect({
    message(text) {
      types.push(JSON.parse(text).type);
      on.message?.(text);
    },
    closed(error) {
      closes.push(error);
      on.closed?.(error);
    },
  });
  return { link, clock, types, closes };
}

/** Runs what waits as microtasks. */
const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 0));
const CREATE = '{"type":"response.create"}';

test("the brain names itself and its model", () => {
  const brain = createEchoBrain({ model: "echo-2" });
  assertEquals([brain.name, brain.model], ["echo", "echo-2"]);
});

test("nothing is delivered inside connect, send or close", async () => {
  const { link, types, closes } = connect();
  assertEquals(types, []);
  await settle();
  assertEquals(types, ["session.created"]);
  assert(link.send(CREATE));
  assertEquals(types.length, 1);
  assert(link.bufferedBytes() > 0);
  await settle();
  assertEquals(types.slice(1), ["response.created", "rate_limits.updated"]);
  assertEquals(link.bufferedBytes(), 0);
  link.close();
  assertEquals(closes, []);
  await settle();
  assertEquals(closes, [undefined]);
});

test("a handler that sends from inside a message never re-enters itself, and order is kept", async () => {
  let depth = 0;
  let deepest = 0;
  let left = 5;
  const { link, types } = connect({}, {
    message() {
      deepest = Math.max(deepest, ++depth);
      if (left-- > 0) link.send('{"type":"input_audio_buffer.clear"}');
      depth--;
    },
  });
  await settle();
  assertEquals(deepest, 1);
  assertEquals(types, ["session.created", ...Array(5).fill("input_audio_buffer.cleared")]);
});

test("close drops what waits, ends the timers and reports once", async () => {
  const { link, clock, types, closes } = connect();
  await settle();
  link.send(CREATE);
  link.close();
  link.close();
  assertEquals(clock.pending, 0);
  assertEquals(link.send(CREATE), false);
  await settle();
  assertEquals([types, closes], [["session.created"], [undefined]]);
});

test("close from inside a message drops the rest of the batch", async () => {
  const { link, types, closes } = connect({}, {
    message(text) {
      if (text.includes("response.created")) link.close();
    },
  });
  await settle();
  link.send(CREATE);
  await settle();
  assertEquals([types, closes], [["session.created", "response.created"], [undefined]]);
});

test("a session that expires delivers its error, then reports a retryable failure", async () => {
  const { link, clock, types, closes } = connect({ sessionLimitMs: 1000 });
  await settle();
  clock.advance(1000);
  assertEquals(link.send(CREATE), false);
  await settle();
  assertEquals(types, ["session.created", "error"]);
  assertEquals([closes.length, closes[0]?.code, closes[0]?.retryable], [1, "closed_1001", true]);
});

test("a handler that throws ends its own link and no other", async () => {
  const broken = connect({}, {
    message() {
      throw new Error("broken call");
    },
  });
  const sound = connect();
  await settle();
  assertEquals([broken.closes[0]?.code, broken.clock.pending], ["handler_failed", 0]);
  assert(sound.link.send(CREATE));
  await settle();
  sound.clock.advance(5000);
  await settle();
  assertEquals(sound.types.at(-1), "response.done");
  sound.link.close();
});
