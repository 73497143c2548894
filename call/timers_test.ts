import test from "node:test";
import { assertEquals } from "@std/assert";
import { FakeClock } from "./test_phone.ts";
import { guardedClock, Timers } from "./timers.ts";

test("a timer rings once, by its name", () => {
  const clock = new FakeClock();
  const timers = new Timers<"a" | "b">(clock);
  const rang: string[] = [];
  timers.set("a", 30, () => rang.push("a"));
  timers.set("b", 10, () => rang.push("b"));
  clock.pass(20);
  assertEquals(rang, ["b"]);
  clock.pass(100);
  assertEquals(rang, ["b", "a"]);
  assertEquals(clock.pending, 0);
});

test("what is closed sets no timer any more", () => {
  const clock = new FakeClock();
  const timers = new Timers<"a">(clock);
  timers.set("a", 30, () => {});
  timers.close();
  // A key that is pressed while the phone is being hung up.
  timers.set("a", 30, () => {});
  assertEquals(clock.pending, 0);
});

test("setting a timer again moves it, and clearing one that is not set is nothing", () => {
  const clock = new FakeClock();
  const timers = new Timers<"a" | "b">(clock);
  const rang: string[] = [];
  timers.clear("b");
  timers.set("a", 30, () => rang.push("first"));
  clock.pass(20);
  timers.set("a", 30, () => rang.push("second"));
  assertEquals(clock.pending, 1);
  clock.pass(20);
  assertEquals(rang, []);
  clock.pass(20);
  assertEquals(rang, ["second"]);
});

test("a timer may set itself anew while it rings", () => {
  const clock = new FakeClock();
  const timers = new Timers<"a">(clock);
  let rang = 0;
  const ring = () => {
    if (++rang < 3) timers.set("a", 10, ring);
  };
  timers.set("a", 10, ring);
  clock.pass(100);
  assertEquals([rang, clock.pending], [3, 0]);
});

test("close ends them all", () => {
  const clock = new FakeClock();
  const timers = new Timers<"a" | "b">(clock);
  let rang = 0;
  timers.set("a", 10, () => rang++);
  timers.set("b", 20, () => rang++);
  clock.pass(15);
  timers.close();
  clock.pass(100);
  assertEquals([rang, clock.pending], [1, 0]);
});

test("what a guarded clock's timer throws goes to the call, and the next one still rings", () => {
  const clock = new FakeClock();
  const broke: unknown[] = [];
  const guarded = guardedClock(
    { nowMs: () => clock.nowMs(), after: clock.after.bind(clock) },
    (e) => {
      broke.push(e);
    },
  );
  let rang = 0;
  guarded.after(10, () => {
    throw new RangeError("of its own");
  });
  guarded.after(20, () => rang++);
  const cancel = guarded.after(30, () => rang++);
  cancel();
  clock.pass(50);
  assertEquals([rang, broke.map(String)], [1, ["RangeError: of its own"]]);
  assertEquals(guarded.nowMs(), 50);
});
