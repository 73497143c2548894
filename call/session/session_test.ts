import test from "node:test";
import { assertEquals } from "@std/assert";
import { delta, opened } from "./test_brains.ts";

test("asks for its session at once, and is ready once it stands", () => {
  const { brain, told, session } = opened();
  assertEquals(JSON.parse(brain.links[0]!.sent[0]!).type, "session.update");
  assertEquals(session.ready, false);
  brain.stands(0);
  brain.stands(0);
  assertEquals([session.ready, told], [true, ["ready"]]);
});

test("a link that is lost is replaced at once, and nothing more is heard of it", () => {
  const { brain, told, session, clock } = opened();
  brain.stands(0);
  clock.advance(20_000);
  brain.drops(0);
  assertEquals(session.ready, false);
  clock.advance(60);
  brain.says(0, delta("old"));
  brain.drops(0);
  brain.stands(1);
  brain.says(1, delta("new"));
  session.send("hello");
  assertEquals(told, ["ready", "lost closed_1006", "ready", "audio new"]);
  assertEquals([brain.links[0]!.closed, brain.links[1]!.sent.at(-1)], [true, "hello"]);
});

test("before its time is over the next session is opened, and takes over in a pause", () => {
  const { brain, told, session, clock } = opened(undefined, { sessionLimitMs: 60_000 });
  brain.stands(0);
  clock.advance(60_000);
  assertEquals([brain.links.length, told], [2, ["ready"]]);
  brain.stands(1);
  brain.says(0, delta("still"));
  assertEquals(told, ["ready", "audio still"]);
  session.paused();
  brain.says(1, delta("new"));
  assertEquals(told.slice(2), ["lost rotation", "ready", "audio new"]);
  assertEquals(brain.links[0]!.closed, true);
});

test("a call without a pause is not spared: the session is replaced before the brain ends it", () => {
  const { brain, told, clock } = opened(undefined, { sessionLimitMs: 60_000 });
  brain.stands(0);
  clock.advance(60_000);
  brain.stands(1);
  clock.advance(60_000);
  assertEquals(told, ["ready", "lost rotation", "ready"]);
});

test("when the brain says that its session expires, it is replaced two minutes before", () => {
  const { brain, clock } = opened();
  brain.stands(0, { expires_at: Math.floor(Date.now() / 1000) + 300 });
  clock.advance(170_000);
  assertEquals(brain.links.length, 1);
  clock.advance(12_000);
  assertEquals(brain.links.length, 2);
});

test("in a pause the next session takes over as soon as it stands", () => {
  const { brain, told, clock } = opened(undefined, { sessionLimitMs: 60_000 }, true);
  brain.stands(0);
  clock.advance(60_000);
  brain.stands(1);
  assertEquals(told, ["ready", "lost rotation", "ready"]);
});

test("a brain whose sessions are short has one at a time nearly always", () => {
  const { brain, clock } = opened();
  brain.stands(0, { expires_at: Math.floor(Date.now() / 1000) + 60 });
  clock.advance(28_000);
  assertEquals(brain.links.length, 1);
  clock.advance(4000);
  assertEquals(brain.links.length, 2);
});
