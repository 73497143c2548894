import test from "node:test";
import { assertEquals, assertLess } from "@std/assert";
import { fuzzSockets } from "./sockets.ts";

/** A small share of what `deno task fuzz` sends. */
const MESSAGES = 3000;

test("fuzz: live sockets stay whole, whatever they are sent", { timeout: 180_000 }, async () => {
  const names: string[] = [];
  for await (const { name, rssBeganBytes, rssEndedBytes } of fuzzSockets("binary", MESSAGES)) {
    names.push(name);
    assertLess(rssEndedBytes - rssBeganBytes, 100_000_000, name);
  }
  assertEquals(names, ["/twilio/stream", "/browser/stream", "/v1/realtime", "a brain's link"]);
});
