import test from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Circuit } from "../../brain/circuit.ts";
import { UpstreamError } from "../../brain/errors.ts";
import { BrainChoice } from "./choice.ts";
import { BrainSession } from "./session.ts";
import { delta, Hand, opened, SETTINGS } from "./test_brains.ts";

test("an attempt that nobody answers ends, and the pauses between attempts grow", () => {
  const { brain, told, clock } = opened();
  clock.advance(2999);
  assertEquals(told, []);
  clock.advance(1);
  assertEquals(told, ["m connect_timeout"]);
  const beginsMs: number[] = [];
  for (let ms = 0; ms < 60_000; ms += 10) {
    const before = brain.links.length;
    clock.advance(10);
    if (brain.links.length > before) beginsMs.push(ms);
  }
  const pausesMs = beginsMs.slice(1).map((ms, n) => ms - beginsMs[n]! - 3000);
  assert(pausesMs[0]! >= 200 && pausesMs[0]! <= 520, `${pausesMs}`);
  assert(pausesMs.at(-1)! >= 980 && pausesMs.at(-1)! <= 2020, `${pausesMs}`);
});

test("the next brain takes over at once, and a refusal for good is asked for no second time", () => {
  const brains = [new Hand("first"), new Hand("second")];
  const { told, session, clock } = opened(brains);
  brains[0]!.drops(0, "http_401", false);
  clock.advance(1);
  brains[1]!.stands(0);
  assertEquals([told, session.brain.model], [["first http_401", "ready"], "second"]);
  clock.advance(20_000);
  brains[1]!.drops(0);
  clock.advance(10_000);
  assertEquals([brains[0]!.links.length, brains[1]!.links.length > 1], [1, true]);
});

test("when each brain refuses for good there is nothing to wait for", () => {
  const { brain, told, clock } = opened();
  brain.drops(0, "http_401", false);
  clock.advance(1000);
  assertEquals(told, ["m http_401", "failed http_401"]);
});

test("a session that dies as soon as it stands is not dialled in a circle without a pause", () => {
  const { brain, clock } = opened();
  for (let ms = 0; ms < 10_000; ms += 10) {
    const { length } = brain.links;
    brain.stands(length - 1);
    if (!brain.links[length - 1]!.closed) brain.drops(length - 1);
    clock.advance(10);
  }
  assert(brain.links.length < 15, `${brain.links.length} links in 10 s`);
});

test("a new call is told at once that nobody reaches the brain, and one that goes on waits", () => {
  const first = opened();
  first.brain.stands(0);
  first.clock.advance(20_000);
  first.brain.drops(0);
  for (let n = 1; n < 12; n++) {
    first.clock.advance(2500);
    first.brain.links[n]?.handlers.closed(new UpstreamError("no", "connect_failed", true));
  }
  assert(first.circuits[0]!.isOpen(first.clock.nowMs()));
  assert(!first.told.some((word) => word.startsWith("failed")));
  const told: string[] = [];
  const circuit = first.circuits[0]!;
  circuit.allows(first.clock.nowMs()); // the one attempt of this time is somebody else's
  const none = () => {};
  new BrainSession(
    [{ brain: new Hand(), circuit }],
    SETTINGS,
    first.clock,
    {
      ready: none,
      audio: none,
      said: none,
      lost: none,
      attemptFailed: none,
      failed: ({ code }) => told.push(code),
      inPause: () => false,
      problem: none,
    },
  );
  assertEquals(told, [], "not before the call has its session at hand");
  first.clock.advance(1);
  assertEquals(told, ["unreachable"]);
});

test("a brain that makes no answers is left for the next one, and asked no more", () => {
  const brains = [new Hand("first"), new Hand("second")];
  const { told, session, clock } = opened(brains);
  brains[0]!.stands(0);
  clock.advance(20_000);
  session.misfired("server_error");
  brains[0]!.says(0, delta("r"));
  session.misfired("server_error");
  assertEquals(told, ["ready", "audio r"], "one of them is bad luck");
  session.misfired("server_error");
  clock.advance(100);
  brains[1]!.stands(0);
  assertEquals(told.slice(2), ["lost no_answers", "ready"]);
  brains[1]!.drops(0);
  clock.advance(10_000);
  assertEquals(brains[0]!.links.length, 1);
});

test("a limit that outlasts the call is not waited for where another brain is at hand", () => {
  const brains = [new Hand("first"), new Hand("second")];
  const { told, session } = opened(brains);
  brains[0]!.stands(0);
  session.misfired("rate_limit_exceeded", true);
  assertEquals(told.at(-1), "lost no_answers");
});

test("the only brain is not left because an answer failed", () => {
  const { brain, told, session } = opened();
  brain.stands(0);
  for (let n = 0; n < 10; n++) session.misfired("server_error");
  assertEquals(told, ["ready"]);
});

for (const code of ["closed_1008", "closed_1014", "closed_4000", "http_404", "http_302"]) {
  test(`${code} on a brain that had taken the call is tried once more`, () => {
    const { brain, told, clock } = opened();
    brain.stands(0);
    clock.advance(20_000);
    brain.drops(0);
    clock.advance(100);
    brain.drops(1, code, false);
    clock.advance(1000);
    brain.stands(2);
    assertEquals(told, ["ready", "lost closed_1006", `m ${code}`, "ready"]);
  });
}

test("no caller waits for a brain that is known to be dead while another one answers", () => {
  const brains = [new Hand("dead"), new Hand("alive")];
  const circuits = [new Circuit(), new Circuit()];
  const upstreams = brains.map((brain, n) => ({ brain, circuit: circuits[n]! }));
  for (let n = 0; n < 5; n++) circuits[0]!.failed(n * 4000);
  const choice = new BrainChoice(upstreams);
  assertEquals(choice.next(20_000, true), brains[1]);
  assertEquals(brains[0]!.links.length, 1, "it is probed, for nobody in particular");
  assertEquals(choice.next(20_100, true), brains[1]);
  assertEquals(brains[0]!.links.length, 1, "and not by each call");
  brains[0]!.says(0, { type: "session.created" });
  assertEquals(new BrainChoice(upstreams).next(20_200, true), brains[0]);
  assertEquals(brains[0]!.links[0]!.closed, true);
});

test("a call that comes back waits for a brain that nobody reaches just now", () => {
  const { brain, told, clock } = opened(undefined, { resumes: true });
  for (let n = 0; n < 8; n++) {
    clock.advance(2500);
    brain.links[n]?.handlers.closed(new UpstreamError("no", "connect_failed", true));
  }
  assert(!told.some((word) => word.startsWith("failed")), `${told}`);
});
