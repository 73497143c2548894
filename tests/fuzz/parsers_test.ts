import test from "node:test";
import { assert, assertGreater } from "@std/assert";
import { seeded } from "../random.ts";
import { fuzzParser, SUBJECTS } from "./parsers.ts";

/** A small share of what `deno task fuzz` sends. */
const MESSAGES = 10_000;

for (const subject of SUBJECTS) {
  test(`fuzz: ${subject.name} are read or refused, in time`, () => {
    const { refused, worstMs } = fuzzParser(subject, MESSAGES, seeded(15));
    // Some 0.1 ms, but a garbage collection, or another process, may fall into one of them.
    assert(worstMs < 1000, `${worstMs} ms for one message`);
    // What is refused by throwing was met, so the generator is no idle one.
    if (subject.refusals.length > 0) assertGreater(refused, MESSAGES / 100);
  });
}
