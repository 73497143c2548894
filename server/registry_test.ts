import test from "node:test";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Admission, Registry } from "./registry.ts";

fc.configureGlobal({ seed: 20 });

const RESERVATION_MS = 1000;

/** A registry on a clock that a test turns by hand. */
function registryOf(maxCalls: number) {
  const clock = { nowMs: 0 };
  const registry = new Registry<string>(
    { maxCalls, reservationMs: RESERVATION_MS },
    () => clock.nowMs,
  );
  return { registry, clock };
}

/** Whether a promise has been resolved by now. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  return await Promise.race([promise.then(() => true), Promise.resolve().then(() => false)]);
}

/** The admission that must be there. */
function arrived(registry: Registry<string>): Admission {
  const admission = registry.arrive();
  assert(admission !== null, "refused");
  return admission;
}

test("a webhook's reservation is kept for its socket, and its place is free when the call ends", () => {
  const { registry } = registryOf(1);
  assert(registry.reserve("CA1"));
  assertEquals([registry.live, registry.closedBecause], [0, "full"]);
  assertEquals(registry.reserve("CA2"), false);
  const admission = arrived(registry);
  assert(admission.admit("CA1"));
  assert(admission.admit("CA1"), "a second time changes nothing");
  assertEquals([registry.live, registry.closedBecause], [1, "full"]);
  admission.release();
  admission.release();
  assertEquals([registry.live, registry.closedBecause], [0, null]);
});

test("a socket that comes while all places are reserved for others is refused when it names itself", () => {
  const { registry } = registryOf(2);
  assert(registry.reserve("CA1"));
  assert(registry.reserve("CA2"));
  const stranger = arrived(registry);
  assertEquals(stranger.admit("WEB1"), false);
  stranger.release();
  for (const id of ["CA1", "CA2"]) assert(arrived(registry).admit(id));
  assertEquals(registry.arrive(), null);
});

test("a webhook that is sent twice takes one place", () => {
  const { registry, clock } = registryOf(2);
  assert(registry.reserve("CA1"));
  clock.nowMs = 900;
  assert(registry.reserve("CA1"));
  assert(registry.reserve("CA2"));
  // The second one counts from its own time.
  clock.nowMs = 1500;
  assertEquals(registry.reserve("CA3"), false);
});

test("a place whose socket never comes is free again when its time is over, and everybody sees it", () => {
  const { registry, clock } = registryOf(1);
  assert(registry.reserve("CA1"));
  clock.nowMs = RESERVATION_MS - 1;
  assertEquals(registry.closedBecause, "full");
  clock.nowMs = RESERVATION_MS;
  // Whoever asks this first decides whether anybody is sent here at all.
  assertEquals(registry.closedBecause, null);
  assert(registry.reserve("CA2"));
});

test("a reservation that has ended doesn't stand in the way of one who is here", () => {
  const { registry, clock } = registryOf(1);
  assert(registry.reserve("CA1"));
  const admission = arrived(registry);
  clock.nowMs = RESERVATION_MS;
  assert(admission.admit("WEB1"));
});

test("a call that ended before its socket came gives its place back", () => {
  const { registry } = registryOf(1);
  assert(registry.reserve("CA1"));
  registry.release("CA1");
  registry.release("nobody");
  assert(registry.reserve("CA2"));
});

test("a socket that leaves without a name gives its place back", () => {
  const { registry } = registryOf(1);
  const admission = arrived(registry);
  assertEquals(registry.arrive(), null);
  admission.release();
  assertEquals(admission.admit("CA1"), false, "who has left isn't admitted");
  assert(arrived(registry).admit("CA1"));
});

test("calls are found by their id while they last", () => {
  const { registry } = registryOf(1);
  registry.add("CA1", "a call");
  assertEquals([...registry.calls], [["CA1", "a call"]]);
  registry.remove("CA1");
  registry.remove("CA1");
  assertEquals(registry.calls.size, 0);
});

test("drain admits only those with a reservation, and ends when the last one has left", async () => {
  const { registry } = registryOf(5);
  const live = arrived(registry);
  assert(live.admit("CA1"));
  assert(registry.reserve("CA2"));
  const [first, second] = [registry.drain(), registry.drain()];
  assertEquals([registry.closedBecause, registry.draining], ["draining", true]);
  assertEquals(registry.reserve("CA3"), false);
  const reserved = arrived(registry);
  assertEquals(registry.arrive(), null, "there is one reservation, and one is here for it");
  assert(reserved.admit("CA2"));
  live.release();
  assertEquals(await isDone(first), false);
  reserved.release();
  assertEquals([await isDone(first), await isDone(second)], [true, true]);
  assertEquals(registry.arrive(), null);
});

test("drain: who comes on another's reservation is refused, and the reservation stands", async () => {
  const { registry } = registryOf(5);
  assert(registry.reserve("CA1"));
  const drained = registry.drain();
  const stranger = arrived(registry);
  assertEquals(stranger.admit("WEB1"), false);
  stranger.release();
  assertEquals(await isDone(drained), false);
  const admission = arrived(registry);
  assert(admission.admit("CA1"));
  admission.release();
  assert(await isDone(drained));
});

test("drain with nobody there ends at once", async () => {
  assert(await isDone(registryOf(1).registry.drain()));
});

test("drain doesn't wait for a call that was given up before its socket came", async () => {
  const { registry } = registryOf(1);
  assert(registry.reserve("CA1"));
  const drained = registry.drain();
  assertEquals(await isDone(drained), false);
  registry.release("CA1");
  assert(await isDone(drained));
});

test("drain doesn't wait for a socket that never comes longer than its place is kept", async () => {
  const registry = new Registry<string>({ maxCalls: 3, reservationMs: 60 });
  assert(registry.reserve("CA1"));
  await new Promise((go) => setTimeout(go, 20));
  assert(registry.reserve("CA2"));
  const beganMs = performance.now();
  await registry.drain();
  const tookMs = performance.now() - beganMs;
  assert(tookMs > 30 && tookMs < 500, `took ${tookMs} ms`);
});

/** What may happen to a registry. Places and ids are picked by number, whatever there is. */
const operation = fc.oneof(
  fc.record({ type: fc.constant("reserve" as const), n: fc.nat(5) }),
  fc.record({ type: fc.constant("release" as const), n: fc.nat(5) }),
  fc.record({ type: fc.constant("arrive" as const), n: fc.constant(0) }),
  fc.record({ type: fc.constant("arrive" as const), n: fc.constant(0) }),
  fc.record({ type: fc.constant("take" as const), n: fc.nat(), id: fc.nat(7) }),
  fc.record({ type: fc.constant("take" as const), n: fc.nat(), id: fc.nat(7) }),
  fc.record({ type: fc.constant("leave" as const), n: fc.nat() }),
  fc.record({ type: fc.constant("pass" as const), n: fc.constantFrom(1, 400, 1000) }),
  fc.record({ type: fc.constant("ask" as const), n: fc.constant(0) }),
);

/** The rule in one line a question, on sets that are as simple as can be. */
class Model {
  nowMs = 0;
  draining = false;
  readonly reserved = new Map<string, number>();
  readonly unnamed = new Set<Admission>();
  readonly admitted = new Set<Admission>();
  constructor(readonly maxCalls: number) {}

  get reservations(): number {
    return [...this.reserved.values()].filter((untilMs) => untilMs > this.nowMs).length;
  }
  taken(unnamed = this.unnamed.size): number {
    return this.admitted.size + Math.max(unnamed, this.reservations);
  }
  isPromised(id: string): boolean {
    return (this.reserved.get(id) ?? -1) > this.nowMs;
  }
}

test("admission is exact: never one too many, and nobody is refused while there is room", async () => {
  const plan = fc.record({
    maxCalls: fc.integer({ min: 1, max: 4 }),
    operations: fc.array(operation, { minLength: 20, maxLength: 60 }),
    drainAt: fc.option(fc.nat(60), { freq: 3 }),
  });
  let refused = 0;
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(plan, async ({ maxCalls, operations, drainAt }) => {
      const { registry, clock } = registryOf(maxCalls);
      const model = new Model(maxCalls);
      const admissions: Admission[] = [];
      let drained: Promise<void> | null = null;
      for (const [i, op] of operations.entries()) {
        if (i === drainAt) {
          drained = registry.drain();
          model.draining = true;
        }
        if (op.type === "reserve") {
          const id = `CA${op.n}`;
          const wanted = !model.draining && (model.isPromised(id) || model.taken() < maxCalls);
          assertEquals(registry.reserve(id), wanted, `${i}: reserve ${id}`);
          if (wanted) model.reserved.set(id, model.nowMs + RESERVATION_MS);
        } else if (op.type === "release") {
          registry.release(`CA${op.n}`);
          model.reserved.delete(`CA${op.n}`);
        } else if (op.type === "arrive") {
          const expected = !model.draining || model.unnamed.size < model.reservations;
          const wanted = expected && model.taken(model.unnamed.size + 1) <= maxCalls;
          const admission = registry.arrive();
          assertEquals(admission !== null, wanted, `${i}: arrive`);
          if (admission) {
            admissions.push(admission);
            model.unnamed.add(admission);
          }
        } else if (op.type === "take" && admissions.length > 0) {
          const admission = admissions[op.n % admissions.length]!;
          const id = `CA${op.id}`;
          const was = model.admitted.has(admission)
            ? "admitted"
            : model.unnamed.has(admission)
            ? "here"
            : "gone";
          // One who comes in time and says who they are too late is let in too, while draining.
          const grace = model.draining && model.reserved.has(id);
          const reserved = model.isPromised(id);
          const got = admission.admit(id);
          if (was === "here") {
            model.reserved.delete(id);
            model.unnamed.delete(admission);
            const wanted = reserved || (!model.draining && model.taken() < maxCalls);
            assert(got === wanted || grace, `${i}: take ${id} is ${got}, wanted ${wanted}`);
            if (got) model.admitted.add(admission);
            got ? taken++ : refused++;
          } else assertEquals(got, was === "admitted", `${i}: take again`);
        } else if (op.type === "leave" && admissions.length > 0) {
          const admission = admissions[op.n % admissions.length]!;
          admission.release();
          model.unnamed.delete(admission);
          model.admitted.delete(admission);
        } else if (op.type === "pass") clock.nowMs = model.nowMs += op.n;
        else if (op.type === "ask") {
          const full = model.taken() >= maxCalls ? "full" : null;
          assertEquals(registry.closedBecause, model.draining ? "draining" : full);
        }
        assertEquals(registry.live, model.admitted.size);
        assert(registry.live <= maxCalls);
        assert(model.taken() <= maxCalls);
        if (drained && await isDone(drained)) assertEquals(model.taken(), 0, "drained too early");
      }
      drained ??= registry.drain();
      for (const admission of admissions) admission.release();
      for (let n = 0; n < 8; n++) registry.release(`CA${n}`);
      assert(await isDone(drained), "nobody is left, and drain goes on");
    }),
    { numRuns: 1000 },
  );
  assert(taken > 500 && refused > 50, `${taken} taken, ${refused} refused`);
});
