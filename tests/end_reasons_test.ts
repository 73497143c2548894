/**
 * Words for how a call ended stand in several places; the machine's are the only true ones.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { test } from "node:test";
import { assertEquals } from "@std/assert";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const words = (text: string | undefined) =>
  [...(text ?? "").matchAll(/"(\w+)"/g)].map(([, word]) => word!).sort();

const REASONS = words(
  /export type EndReason =([\s\S]*?);/.exec(read("call/turns/state.ts"))?.[1],
);

test("end reasons: telemetry tells apart those that a call can end for", () => {
  const [, type] = /export type CallEndReason =([\s\S]*?)\/\//.exec(read("telemetry/turn.ts"))!;
  assertEquals(words(type), REASONS);
});

test("end reasons: docs/closing.md has a row for each", () => {
  const told = [...read("docs/closing.md").matchAll(/\| `(\w+)` \|$/gm)].map(([, word]) => word!);
  assertEquals([...new Set(told)].filter((word) => REASONS.includes(word)).sort(), REASONS);
});

test("end reasons: the page has words for none that doesn't exist, and for each that needs some", () => {
  const page = read("web/call.js");
  const [, map] = /BYE_TEXTS = new Map\(Object\.entries\(\{([\s\S]*?)\}\)\)/.exec(page)!;
  const told = [...map!.matchAll(/^ {2}(\w+):/gm)].map(([, word]) => word!).sort();
  // Who has hung up, or is gone, reads nothing; who was moved goes on.
  const gone = ["caller_hung_up", "caller_lost", "moved"];
  assertEquals(told, REASONS.filter((reason) => !gone.includes(reason)));
});
