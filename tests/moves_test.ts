/**
 * Calls that outlive their machine, against the binary: two instances behind one address, and one of
 * them goes.
 *
 * @module
 */

import process from "node:process";
import { describe, it } from "node:test";
import { assert, assertEquals, assertLess } from "@std/assert";
import { within } from "../runtime/within.ts";
import { Fleet } from "./moves/fleet.ts";
import { ANSWER_WORDS } from "./faults/words.ts";
import type { FaultCall } from "./faults/fault_call.ts";

const late = (what: string) => () => {
  throw new Error(`It took too long until ${what}`);
};

/** A call that was greeted, asked something and got its answer. */
async function talking(fleet: Fleet): Promise<FaultCall> {
  const call = fleet.phone();
  await call.dial();
  assert(await call.heard(0, ANSWER_WORDS, 8000), "the greeting");
  const { question } = call.ask();
  assert(await call.heard(question, ANSWER_WORDS, 10_000), "the first answer");
  return call;
}

const greetings = (fleet: Fleet) =>
  fleet.brain.counting.answers.filter(({ question }) => question === 0).length;

async function answers(call: FaultCall, what: string): Promise<void> {
  const { question } = call.ask();
  assert(await call.heard(question, ANSWER_WORDS, 10_000), what);
}

describe("a call whose machine goes", () => {
  it("is moved at the drain's deadline, between two turns, and isn't greeted again", async () => {
    const fleet = await Fleet.start(2);
    try {
      const call = await talking(fleet);
      const [a, b] = fleet.instances;
      a!.signal("SIGTERM");
      await call.phone.waitFor(() => call.phone.streams.length === 2, 5000, "a second stream");
      const [first, second] = call.phone.streams;
      assertLess(second!.startedAtMs - first!.end!.atMs, 1000);
      assertEquals(await within(10_000, a!.exited, late("A has gone")), 0);
      await answers(call, "an answer at B");
      assertEquals(greetings(fleet), 1);
      assert(/"A call goes on here"[^\n]*"known":true/.test(b!.output()), b!.output());
      assertEquals(fleet.front.replays, 1);
      assertEquals(call.phone.end, undefined);
      await call.phone.hangUp();
    } finally {
      await fleet.close();
    }
  });

  it("comes back when the machine is killed, and isn't greeted again", async () => {
    const fleet = await Fleet.start(2);
    try {
      const call = await talking(fleet);
      const [a, b] = fleet.instances;
      process.kill(a!.pid, "SIGKILL");
      const goneAtMs = call.phone.now();
      await call.phone.waitFor(() => call.phone.streams.length === 2, 5000, "a second stream");
      const backAtMs = await call.phone.waitForAudio(5000, goneAtMs + 100);
      assertLess(backAtMs - goneAtMs, 3000);
      await call.phone.waitForSilence(300, 8000);
      await answers(call, "an answer at B");
      assert(/"A call goes on here"[^\n]*"known":false/.test(b!.output()), b!.output());
      await call.phone.hangUp();
    } finally {
      await fleet.close();
    }
  });
});
