import test from "node:test";
import { assertEquals } from "@std/assert";
import { delta, opened } from "./test_brains.ts";

test("an event that comes twice is one, and two pieces of silence without names are two", () => {
  const { brain, told } = opened();
  brain.stands(0);
  brain.says(0, { event_id: "e1", ...delta("r") });
  brain.says(0, { event_id: "e1", ...delta("r") });
  assertEquals(told, ["ready", "audio r"]);
  brain.says(0, delta("s"));
  brain.says(0, delta("s"));
  assertEquals(told.slice(2), ["audio s", "audio s"]);
});

test("an event that is cut off ends the session: what is missing nobody knows", () => {
  const { brain, told, clock } = opened();
  brain.stands(0);
  clock.advance(20_000);
  brain.links[0]!.handlers.message("pong");
  assertEquals(told, ["ready", "problem"]);
  brain.links[0]!.handlers.message('{"type":"response.done","resp');
  assertEquals(told.at(-1), "lost malformed");
});

test("what a message brings about and throws ends the session, not the process", () => {
  const { brain, told, session, clock } = opened();
  brain.says(0, { type: "session.updated", session: { audio: { input: { format: 7 } } } });
  clock.advance(1000);
  assertEquals([told, session.ready], [["m wrong_format", "failed wrong_format"], false]);
});

test("an error before the session stands is a refusal of it", () => {
  const { brain, told, clock } = opened();
  brain.says(0, { type: "error", error: { type: "server_error", message: "no" } });
  clock.advance(600);
  assertEquals([told, brain.links.length], [["m server_error"], 2]);
});
