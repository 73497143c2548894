import test from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { step } from "./turns/machine.ts";
import { type RecordedSettings, recordLine, replay } from "./recording.ts";
import type { CallEvent } from "./turns/events.ts";
import { openingState } from "./turns/state.ts";
import { SETTINGS } from "./turns/test_talk.ts";

const RECORDED: RecordedSettings = { ...SETTINGS, greets: true, startedAtMs: 0 };

/** The lines of a call in which these things happened, a second apart. */
function recorded(events: readonly CallEvent[], settings = RECORDED): string {
  let state = openingState(settings, 0);
  let text = recordLine(settings);
  events.forEach((event, i) => {
    const atMs = 1000 * i + 0.123456789;
    const next = step(state, event, atMs);
    state = next.state;
    text += recordLine({ atMs, event, actions: next.actions });
  });
  return text;
}

const EVENTS: CallEvent[] = [
  { type: "brain_ready" },
  { type: "response_created", responseId: "r1", name: "answer_1", playing: [] },
  { type: "output_item", responseId: "r1", itemId: "i1" },
  { type: "audio_began", responseId: "r1", itemId: "i1" },
  { type: "caller_started", by: "local", onsetMs: 3950.333333 },
  { type: "timer", name: "confirm", playing: [{ itemId: "i1", heardMs: 730, receivedMs: 4000 }] },
  { type: "caller_left", lost: false },
];

test("a line is one line of JSON, with times in whole microseconds", () => {
  const line = recordLine({ atMs: 12.3456789, event: { type: "brain_ready" }, actions: [] });
  assertEquals(line, '{"atMs":12.346,"event":{"type":"brain_ready"},"actions":[]}\n');
});

test("what was recorded replays to the same decisions and the same end", () => {
  const { differences, state } = replay(recorded(EVENTS));
  assertEquals(differences, []);
  assertEquals([state.phase, state.endReason], ["closed", "caller_hung_up"]);
});

test("the settings count: with another bargeInMs it is no interruption yet", () => {
  const text = recorded(EVENTS).replace('"bargeInMs":700', '"bargeInMs":5000');
  const { differences } = replay(text);
  assertEquals(differences.map(({ line }) => line), [7]);
  assertEquals(differences[0]!.recorded.map(({ type }) => type), [
    "drop",
    "cancel_response",
    "truncate",
  ]);
});

test("a difference names its line and holds both sides", () => {
  const text = recorded(EVENTS).replace('"audioEndMs":730', '"audioEndMs":731');
  const [difference, ...rest] = replay(text).differences;
  assertEquals(rest, []);
  assertEquals(difference!.line, 7);
  assertEquals(difference!.event.type, "timer");
  assertEquals(difference!.recorded.at(-1), { type: "truncate", itemId: "i1", audioEndMs: 731 });
  assertEquals(difference!.replayed.at(-1), { type: "truncate", itemId: "i1", audioEndMs: 730 });
});

test("noise below a millisecond is no difference", () => {
  const text = recorded(EVENTS);
  const onset = /"bargeIn":{"onsetMs":([\d.]+)/.exec(text)!;
  const moved = (ms: number) =>
    text.replace(onset[0], `"bargeIn":{"onsetMs":${Number(onset[1]) + ms}`);
  assertEquals(replay(moved(0.1)).differences, []);
  assertEquals(replay(moved(2)).differences.length, 1);
});

test("what is no recording is refused, by line", () => {
  assertThrows(() => replay(""), SyntaxError, "line 1");
  assertThrows(() => replay('{"turns":"server"}\n'), SyntaxError, "line 1");
  assertThrows(() => replay(recorded(EVENTS) + "half a li"), SyntaxError, "line 9 is not JSON");
});
