/**
 * Chance from a seed, for tests and benches: what is made twice is the same.
 *
 * @module
 */

/** Numbers of 0 to below 1 (mulberry32): 32 bits of state, ample for gaps and noise. */
export function seeded(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
