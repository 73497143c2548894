/**
 * Time that jumps from one thing to the next.
 *
 * @module
 */

import type { Clock } from "../../runtime/clock.ts";

interface Entry {
  readonly atMs: number;
  /** What is due together runs in the order in which it was asked for. */
  readonly order: number;
  /** Null when it was called off. */
  fn: (() => void) | null;
}

/** A binary heap, so that a call's thousands of frames cost no sorting. */
export class FastClock implements Clock {
  #nowMs = 0;
  #order = 0;
  readonly #heap: Entry[] = [];

  readonly nowMs = (): number => this.#nowMs;

  after(ms: number, fn: () => void): () => void {
    const entry: Entry = { atMs: this.#nowMs + Math.max(0, ms), order: this.#order++, fn };
    this.#push(entry);
    return () => void (entry.fn = null);
  }

  /** Runs everything up to then. */
  runTo(ms: number): void {
    const heap = this.#heap;
    while (heap.length > 0 && heap[0]!.atMs <= ms) {
      const { atMs, fn } = this.#pop();
      if (!fn) continue;
      this.#nowMs = atMs;
      fn();
    }
    this.#nowMs = Math.max(this.#nowMs, ms);
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!before(entry, heap[up]!)) break;
      heap[at] = heap[up]!;
      at = up;
    }
    heap[at] = entry;
  }

  #pop(): Entry {
    const heap = this.#heap;
    const first = heap[0]!, last = heap.pop()!;
    const count = heap.length;
    if (count === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= count) break;
      if (child + 1 < count && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
