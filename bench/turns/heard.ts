/**
 * What a phone heard, told apart: which answer each piece came from, and which part of it. µ-law
 * passes earshot untouched, so the bytes themselves say it; the answers carry a little noise of
 * their own, so that no two stretches are alike.
 *
 * @module
 */

/** Bytes that are enough to be found by: 10 ms. */
const WINDOW_BYTES = 80;
/** Where nothing is found, the next look is so far on; a find is followed back to where it began. */
const STEP_BYTES = 16;
const BYTES_PER_MS = 8;
const SILENCE = 0xff;

/** A stretch that was heard as it was made. */
export interface Run {
  readonly source: string;
  /** Where in the source, in ms. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Where in what was heard, in ms. */
  readonly heardMs: number;
}

/** Where `window` stands in one of the sources. */
function find(
  sources: ReadonlyMap<string, Uint8Array>,
  window: Uint8Array,
): { source: string; at: number } | null {
  for (const [source, bytes] of sources) {
    const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(window);
    if (at >= 0) return { source, at };
  }
  return null;
}

/** How much of its source the last sound before the end of `heard` was, or null for silence. */
export function lastHeard(
  sources: ReadonlyMap<string, Uint8Array>,
  heard: Uint8Array,
): { source: string; ms: number } | null {
  let end = heard.length;
  while (end > 0 && heard[end - 1] === SILENCE) end--;
  // What is a byte of silence and what is none can't be known: at most a few are lost.
  for (; end >= WINDOW_BYTES; end--) {
    const found = find(sources, heard.subarray(end - WINDOW_BYTES, end));
    if (found) return { source: found.source, ms: (found.at + WINDOW_BYTES) / BYTES_PER_MS };
    if (heard.length - end > 4000) return null;
  }
  return null;
}

/** All that was heard, as runs in order. Sound that is in none of the sources is left out. */
export function runsOf(sources: ReadonlyMap<string, Uint8Array>, heard: Uint8Array): Run[] {
  const runs: Run[] = [];
  let at = 0, doneBytes = 0;
  while (at + WINDOW_BYTES <= heard.length) {
    const window = heard.subarray(at, at + WINDOW_BYTES);
    // Where nothing played there is silence, and no answer is digitally silent.
    const found = isSilent(window) ? null : find(sources, window);
    if (!found) {
      at += STEP_BYTES;
      continue;
    }
    const bytes = sources.get(found.source)!;
    let back = 0, length = WINDOW_BYTES;
    while (
      back < at - doneBytes && back < found.at &&
      heard[at - back - 1] === bytes[found.at - back - 1]
    ) back++;
    while (
      at + length < heard.length && found.at + length < bytes.length &&
      heard[at + length] === bytes[found.at + length]
    ) length++;
    runs.push({
      source: found.source,
      fromMs: (found.at - back) / BYTES_PER_MS,
      toMs: (found.at + length) / BYTES_PER_MS,
      heardMs: (at - back) / BYTES_PER_MS,
    });
    at += length;
    doneBytes = at;
  }
  return runs;
}

function isSilent(bytes: Uint8Array): boolean {
  let silent = 0;
  for (const byte of bytes) if (byte === SILENCE) silent++;
  return silent > bytes.length / 4;
}

/** Seams between runs of one source: how much of it is missing, or, negative, was heard twice. */
export function seamsOf(runs: readonly Run[]): number[] {
  const seams: number[] = [];
  for (let i = 1; i < runs.length; i++) {
    if (runs[i]!.source === runs[i - 1]!.source) seams.push(runs[i]!.fromMs - runs[i - 1]!.toMs);
  }
  return seams;
}
