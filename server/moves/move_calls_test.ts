import test from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { Call } from "../../call/call.ts";
import { Handovers } from "./handovers.ts";
import { moveCalls } from "./move_calls.ts";

const CONTEXT = { startedAtMs: 7, lines: [], unanswered: [], owes: "nothing" } as const;
const QUIET = { debug() {}, info() {}, warn() {}, error() {} };
const never = () => new Promise<void>(() => {});

/** One call that is moved, and how it ended. */
function rig(kind: Call["kind"], move: (token: string) => Promise<void>) {
  const ends: string[] = [];
  const calls = new Map<string, Call>();
  const call = {
    start: { callId: "CA1", calledNumber: "" },
    kind,
    startedAtMs: 7,
    resting: true,
    endReason: "",
    move,
    context: () => CONTEXT,
    end(reason: string) {
      ends.push(reason);
      call.endReason = reason;
      calls.delete("CA1");
    },
  };
  calls.set("CA1", call as unknown as Call);
  const handovers = new Handovers(
    { secret: "s", address: "http://a", resumeMs: 30_000, maxKept: 10, maxUsed: 10 },
    () => undefined,
    QUIET,
  );
  const take = () => handovers.take(handovers.issue("CA1", 7, 60_000), "CA1");
  return { ends, call, handovers, take, movers: { calls, handovers, log: QUIET } };
}

const KEPT = { parcel: { type: "context", context: CONTEXT }, startedAtMs: 7 } as const;

test("moveCalls: a phone that Twilio doesn't redirect is let go at once, and its context is kept", async () => {
  const { ends, take, movers } = rig("twilio", () => Promise.reject(new Error("HTTP 500")));
  const beganMs = performance.now();
  const moved = moveCalls(movers, 60_000);
  await new Promise((go) => setTimeout(go, 100));
  assertEquals(ends, ["moved"]);
  assertEquals(await take(), KEPT);
  await moved;
  assert(performance.now() - beganMs < 2000, "it is waited for no longer than it is fetched");
});

test("moveCalls: at the deadline a phone is let go whose redirect is open, or has not acted", async () => {
  for (const move of [never, () => Promise.resolve()]) {
    const { ends, take, movers, handovers } = rig("twilio", move);
    let isDone = false;
    const moved = moveCalls(movers, 100).then(() => isDone = true);
    await new Promise((go) => setTimeout(go, 500));
    assertEquals([ends, isDone], [["moved"], false], "whoever goes on with it has time to ask");
    assertEquals(await take(), KEPT);
    await moved;
    handovers.close();
  }
});

test("moveCalls: who doesn't ask is not waited for long", async () => {
  const { movers, handovers } = rig("twilio", never);
  const beganMs = performance.now();
  await moveCalls(movers, 100);
  assert(performance.now() - beganMs < 6000);
  handovers.close();
});

test("moveCalls: a phone that is being hung up is left alone, and a page that can't be moved", async () => {
  let asked = 0;
  const hungUp = rig("twilio", () => (asked++, Promise.resolve()));
  hungUp.call.endReason = "agent_hung_up";
  await moveCalls(hungUp.movers, 100);
  assertEquals([hungUp.ends, asked], [[], 0]);
  const page = rig("browser", () => Promise.reject(new Error("no")));
  await moveCalls(page.movers, 100);
  assertEquals(page.ends, []);
});
