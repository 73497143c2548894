import { describe, it } from "node:test";
import { assert, assertEquals, assertGreater } from "@std/assert";
import { Ticker, type Ticking } from "./ticker.ts";

/** A member that counts, every 20 ms from `startMs`. */
class Counter implements Ticking {
  ticks = 0;
  nextDueMs: number;
  readonly #startMs: number;
  constructor(startMs: number) {
    this.#startMs = startMs;
    this.nextDueMs = startMs;
  }
  tick(): void {
    this.ticks++;
    this.nextDueMs = this.#startMs + this.ticks * 20;
  }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("Ticker", () => {
  it("gives 150 members with staggered starts each tick that was due, and not one more", async () => {
    const ticker = new Ticker();
    const startMs = performance.now();
    const members = Array.from({ length: 150 }, (_, i) => new Counter(startMs + i * 20 / 150));
    for (const member of members) ticker.add(member);
    await sleep(300);
    for (const member of members) ticker.remove(member);
    const dueNow = Math.ceil((performance.now() - startMs) / 20);
    for (const { ticks } of members) assert(ticks >= 10 && ticks <= dueNow, `${ticks}`);
    const total = members.reduce((sum, { ticks }) => sum + ticks, 0);
    assertEquals(ticker.lateness().ticks, total);
    await sleep(50);
    assertEquals(members.reduce((sum, { ticks }) => sum + ticks, 0), total);
  });

  it("owns up when it was held up, and then catches up", async () => {
    const ticker = new Ticker();
    const member = new Counter(performance.now());
    ticker.add(member);
    await sleep(50);
    const untilMs = performance.now() + 90;
    while (performance.now() < untilMs); // Nothing else runs meanwhile.
    await sleep(30);
    ticker.remove(member);
    assertGreater(ticker.lateness().worstMs, 50);
    assertGreater(member.ticks, 7);
    ticker.resetLateness();
    assertEquals(ticker.lateness(), { ticks: 0, p50Ms: 0, p99Ms: 0, worstMs: 0 });
  });

  it("lets a member remove itself and add another from within its tick", async () => {
    const ticker = new Ticker();
    const second = new Counter(performance.now() + 30);
    const first: Ticking = {
      nextDueMs: performance.now() + 10,
      tick() {
        ticker.remove(first);
        ticker.add(second);
      },
    };
    ticker.add(first);
    await sleep(80);
    ticker.remove(second);
    assert(second.ticks >= 1, `${second.ticks}`);
  });
});
