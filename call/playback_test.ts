import test from "node:test";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { bytesPerMs, PCM_24K, PCMU } from "../media/format.ts";
import { PLAYBACK_DEFAULTS, type PlaybackPort } from "./playback_port.ts";
import { audio, Rig } from "./test_phone.ts";
import type { Heard } from "./turns/events.ts";

fc.configureGlobal({ seed: 20 });

const { aheadMs, maxChunkMs } = PLAYBACK_DEFAULTS;

test("the first audio is sent at once, with a mark behind it", () => {
  const rig = new Rig();
  rig.playback.begin();
  rig.playback.enqueue("item_1", audio(20));
  assertEquals(rig.port.sentTexts, [audio(20)]);
  assertEquals([rig.port.told, rig.port.marks.length], [["sent"], 1]);
});

test("what is sent is what came, byte for byte, in chunks of at most 240 ms and whole samples", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 12 });
  for (const format of [PCMU, PCM_24K]) {
    const sampleBytes = format === PCMU ? 1 : 2;
    fc.assert(
      fc.property(sizes, (list) => {
        const rig = new Rig({}, format);
        const whole = Uint8Array.fromBase64(audio(900 * 12, format));
        let at = 0;
        rig.playback.begin();
        for (const size of list) {
          const bytes = size * 5 * sampleBytes;
          rig.playback.enqueue("item_1", whole.subarray(at, at + bytes).toBase64());
          at += bytes;
        }
        rig.playback.complete();
        rig.clock.pass(6000);
        assertEquals(rig.port.sentBytes, whole.subarray(0, at));
        for (const text of rig.port.sentTexts) {
          const bytes = Uint8Array.fromBase64(text).length;
          assert(bytes <= maxChunkMs * bytesPerMs(format) && bytes % sampleBytes === 0);
        }
      }),
      { numRuns: 20 },
    );
  }
});

test("sending runs a second ahead of hearing, and no more than one chunk beyond that", () => {
  const rig = new Rig();
  rig.answer(10_000);
  for (let nowMs = 0; nowMs <= 10_000; nowMs++) {
    const leadMs = rig.sentMs - nowMs;
    assert(leadMs <= aheadMs + maxChunkMs, `${leadMs} ms ahead at ${nowMs}`);
    if (rig.sentMs < 10_000) assert(leadMs > aheadMs - 250, `${leadMs} ms ahead at ${nowMs}`);
    rig.clock.tick();
  }
  assertEquals(rig.sentMs, 10_000);
});

test("each chunk is told when it will begin to be heard", () => {
  const rig = new Rig();
  rig.clock.pass(500);
  rig.answer(600);
  assertEquals(rig.port.startsAtMs, [500, 740, 980]);
});

test("there is a mark behind the first chunk, then every 200 ms, and at the end", () => {
  const rig = new Rig({ markEveryMs: 200 });
  rig.playback.begin();
  for (let i = 0; i < 50; i++) rig.playback.enqueue("item_1", audio(20));
  assertEquals(rig.port.marks.length, 1 + 4);
  rig.clock.pass(900);
  rig.playback.enqueue("item_1", audio(30));
  assertEquals(rig.port.marks.length, 1 + 5);
  rig.playback.enqueue("item_1", audio(30));
  rig.playback.complete();
  assertEquals(rig.port.marks.length, 1 + 5 + 1);
  assertEquals(new Set(rig.port.marks).size, rig.port.marks.length);
});

test("the first sound is told once an answer, dated back from its mark", () => {
  const rig = new Rig();
  rig.answer(600);
  rig.clock.pass(280); // the mark behind 240 ms comes back 40 ms late
  rig.playback.markHeard(rig.port.marks[0]!);
  rig.clock.pass(400);
  for (const name of rig.port.marks.slice(1)) rig.playback.markHeard(name);
  assertEquals(rig.port.heardAtMs, [40]);
});

test("a second answer behind the first is told for itself", () => {
  const rig = new Rig();
  rig.answer(400);
  rig.answer(400, "item_2");
  rig.clock.pass(900);
  for (const name of rig.port.marks) rig.playback.markHeard(name);
  assertEquals([rig.times("sent"), rig.times("silent")], [2, 1]);
  // The mark behind its first chunk lies 240 ms into it, and came back at 900.
  assertEquals(rig.port.heardAtMs, [660]);
});

test("the answer is over when its last mark is back", () => {
  const rig = new Rig();
  rig.answer(500);
  rig.clock.pass(540);
  assertEquals(rig.times("silent"), 0);
  for (const name of rig.port.marks) rig.playback.markHeard(name);
  assertEquals(rig.times("silent"), 1);
  rig.clock.pass(5000);
  assertEquals([rig.times("silent"), rig.clock.pending, rig.playback.queuedMs], [1, 0, 0]);
});

test("an answer that runs dry is silence, and when more of it comes it goes on", () => {
  const rig = new Rig();
  rig.playback.begin();
  assertEquals(rig.playback.enqueue("item_1", audio(100)), true);
  assertEquals(rig.playback.enqueue("item_1", audio(100)), false);
  rig.clock.pass(250);
  assertEquals(rig.times("silent"), 0);
  rig.clock.pass(10_000);
  assertEquals(rig.times("silent"), 1);
  // It is not over: its place in the item is kept.
  assertEquals(rig.playback.playing(), [{ itemId: "item_1", heardMs: 200, receivedMs: 200 }]);
  assertEquals(rig.playback.enqueue("item_1", audio(100)), true);
  rig.playback.complete();
  assertEquals(rig.sentMs, 300);
  rig.clock.pass(100);
  rig.playback.markHeard(rig.port.marks.at(-1)!);
  assertEquals(rig.times("silent"), 2);
});

test("our own words play behind what is there, are no item, and time no answer", () => {
  const rig = new Rig();
  rig.playback.say(audio(300));
  assertEquals([rig.times("sent"), rig.playback.playing()], [0, []]);
  rig.clock.pass(350);
  for (const name of rig.port.marks) rig.playback.markHeard(name);
  assertEquals([rig.times("heard"), rig.times("silent")], [0, 1]);
  rig.answer(200);
  assertEquals(rig.times("sent"), 1);
});

test("a leg that answers no marks is waited for a second, and then believed", () => {
  const rig = new Rig();
  rig.answer(500);
  rig.clock.pass(1490);
  assertEquals(rig.times("silent"), 0);
  rig.clock.pass(20);
  assertEquals([rig.times("silent"), rig.clock.pending], [1, 0]);
});

test("marks that come in a bunch prove what lies before them too", () => {
  const rig = new Rig();
  rig.answer(1000);
  rig.clock.pass(1040);
  rig.playback.markHeard(rig.port.marks.at(-1)!);
  assertEquals(rig.times("silent"), 1);
  for (const name of rig.port.marks) rig.playback.markHeard(name);
  assertEquals(rig.times("silent"), 1);
});

test("an answer of several items is heard item by item", () => {
  const rig = new Rig();
  rig.playback.begin();
  rig.playback.enqueue("item_1", audio(300));
  rig.playback.enqueue("item_2", audio(200));
  rig.playback.enqueue("ours", audio(100), true);
  rig.clock.pass(350);
  assertEquals(rig.playback.playing(), [
    { itemId: "item_1", heardMs: 300, receivedMs: 300 },
    { itemId: "item_2", heardMs: 50, receivedMs: 200 },
  ]);
  rig.playback.complete();
  assertEquals(rig.playback.playing(), [{ itemId: "item_2", heardMs: 50, receivedMs: 200 }]);
  rig.clock.pass(200);
  assertEquals(rig.playback.playing(), []);
});

test("an item of an answer that was heard out before is not playing any more", () => {
  // To truncate it would take all of its words out of the model's memory.
  const rig = new Rig();
  rig.answer(300);
  rig.clock.pass(200);
  rig.playback.begin();
  rig.playback.enqueue("item_2", audio(500));
  rig.clock.pass(200);
  assertEquals(rig.playback.playing(), [{ itemId: "item_2", heardMs: 100, receivedMs: 500 }]);
});

test("an answer that is too long loses what is over the bound, and says so", () => {
  const rig = new Rig({ maxQueuedMs: 1000 });
  rig.playback.begin();
  for (let i = 0; i < 12; i++) rig.playback.enqueue("item_1", audio(100));
  assertEquals([rig.port.overflowMs, rig.playback.queuedMs], [200, 1000]);
  rig.clock.pass(500);
  rig.playback.enqueue("item_1", audio(400));
  assertEquals([rig.port.overflowMs, rig.playback.queuedMs], [200, 900]);
});

test("what holds no audio changes nothing", () => {
  const rig = new Rig();
  rig.playback.enqueue("item_1", "");
  assertEquals([rig.port.told, rig.playback.playing()], [[], []]);
});

test("the way there and back is measured with a mark into the empty buffer", () => {
  const rig = new Rig();
  rig.playback.probe();
  assertEquals(rig.port.marks, ["probe"]);
  rig.clock.pass(80);
  rig.playback.markHeard("probe");
  const positions = new Map<string, number>();
  const mark = rig.port.mark.bind(rig.port);
  rig.port.mark = (name) => {
    positions.set(name, rig.sentMs);
    mark(name);
  };
  rig.answer(4000);
  // Marks that are late by exactly that are in time.
  while (rig.clock.nowMs() < 3500) {
    rig.clock.tick();
    for (const [name, positionMs] of positions) {
      if (rig.clock.nowMs() === 80 + positionMs + 80) rig.playback.markHeard(name);
    }
  }
  assert(positions.size > 5);
  assertEquals(rig.playback.playing()[0]!.heardMs, 3420);
});

test("PCM of a brain that answers in another format is counted in its own bytes", () => {
  const rig = new Rig();
  rig.playback.format = PCM_24K;
  rig.playback.begin();
  rig.playback.enqueue("item_1", audio(500, PCM_24K));
  rig.clock.pass(100);
  assertEquals(rig.playback.playing(), [{ itemId: "item_1", heardMs: 100, receivedMs: 500 }]);
});

test("close leaves no timer behind", () => {
  const rig = new Rig();
  rig.answer(5000);
  assertEquals(rig.clock.pending, 1);
  rig.playback.close();
  rig.clock.pass(10_000);
  assertEquals([rig.clock.pending, rig.times("silent")], [0, 0]);
});

test("where a wire knows no marks, the clock tells what was heard and when it was over", () => {
  const rig = new Rig();
  (rig.port as PlaybackPort).mark = undefined;
  rig.playback.probe();
  rig.answer(2000);
  rig.clock.pass(900);
  assertEquals(rig.port.told, ["sent", "heard"]);
  const [{ heardMs }] = rig.playback.playing() as [Heard];
  assert(Math.abs(heardMs - 900) < 60, `${heardMs} ms of 900 were heard`);
  rig.playback.hold();
  rig.clock.pass(500);
  rig.playback.resume();
  rig.clock.pass(1250);
  assertEquals(rig.port.told, ["sent", "heard", "clear", "silent"]);
  assertEquals([rig.port.marks, rig.clock.pending], [[], 0]);
});
