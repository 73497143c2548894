/**
 * Counts the bytes that a function allocates on the JavaScript heap, a call, on Deno and Bun.
 *
 * Neither runtime counts allocations as such. V8's used heap grows with every object until the young
 * generation is collected, so Deno is asked around short rounds, and the median of many is taken.
 * JavaScriptCore reports used bytes only after a collection, but the blocks it hands out grow at
 * once, so Bun is asked for heap capacity around rounds that begin with an emptied heap; a round
 * that crosses a collection reads low, so what matters there is zero or not. Both see objects on the
 * JavaScript heap alone: the memory behind a typed array or a long string lies outside it.
 *
 * @module
 */

import process from "node:process";

interface Meter {
  readonly callsPerRound: number;
  readonly rounds: number;
  readonly collect: () => void;
  readonly heapBytes: () => number;
}

async function meter(): Promise<Meter> {
  const { Bun } = globalThis as { Bun?: { gc(force: boolean): void } };
  if (Bun) {
    const name = "bun:jsc"; // not a literal: Deno would try to load it
    const { heapStats } = await import(name);
    return {
      callsPerRound: 20_000,
      rounds: 5,
      collect: () => Bun.gc(true),
      heapBytes: () => heapStats().heapCapacity,
    };
  }
  return {
    callsPerRound: 500,
    rounds: 200,
    collect: () => {},
    heapBytes: () => process.memoryUsage().heapUsed,
  };
}

const { callsPerRound, rounds, collect, heapBytes } = await meter();

function medianGrowth(run: () => unknown): number {
  const growths: number[] = [];
  for (let round = 0; round < rounds; round++) {
    collect();
    const before = heapBytes();
    for (let i = 0; i < callsPerRound; i++) run();
    growths.push((heapBytes() - before) / callsPerRound);
  }
  return growths.sort((a, b) => a - b)[rounds >> 1]!;
}

const nothing = medianGrowth(() => 0);

/** Heap bytes that `run` allocates a call: the median of rounds that make 100,000 calls together. */
export function allocatedBytes(run: () => unknown): number {
  for (let i = 0; i < 20_000; i++) run(); // so that compiling is over
  return Math.max(0, medianGrowth(run) - nothing);
}
