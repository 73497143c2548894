/**
 * Sound that says what it is: a few quiet bytes in each block name its source and the block's place
 * in it. µ-law passes earshot untouched, so whoever hears a block knows whose it was, in one scan,
 * however the sound was cut and joined on its way.
 *
 * @module
 */

/** Blocks of the agent's sound: 10 ms. */
export const BLOCK_BYTES = 80;
export const BLOCK_MS = 10;
const BYTES_PER_MS = 8;

/**
 * A nibble is one of 16 codes around −45 dBFS, far below speech; the sign turns from byte to byte,
 * so that no step is left behind.
 */
const code = (nibble: number, place: number) => (place % 2 === 0 ? 0xe0 : 0x60) | nibble;
const START = Uint8Array.of(code(5, 0), code(10, 1), code(10, 2), code(5, 3));
const DIGITS = 6;
const STAMP_BYTES = START.length + DIGITS + 1;

/** A block that was found. */
export interface Stamp {
  readonly source: number;
  readonly block: number;
  /** Where in the bytes. */
  readonly at: number;
}

/** Writes a stamp over the beginning of a block. */
export function stamp(bytes: Uint8Array, at: number, source: number, block: number): void {
  bytes.set(START, at);
  let sum = 0;
  for (let i = 0; i < DIGITS; i++) {
    const nibble = ((i < 3 ? source : block) >> (4 * (i % 3))) & 15;
    sum += nibble;
    bytes[at + START.length + i] = code(nibble, i);
  }
  bytes[at + START.length + DIGITS] = code(sum & 15, DIGITS);
}

/** The stamp that begins at `at`, or null. */
export function readStamp(bytes: Uint8Array, at: number): Stamp | null {
  if (at + STAMP_BYTES > bytes.length) return null;
  for (let i = 0; i < START.length; i++) if (bytes[at + i] !== START[i]) return null;
  let sum = 0, source = 0, block = 0;
  for (let i = 0; i <= DIGITS; i++) {
    const byte = bytes[at + START.length + i]!;
    const nibble = byte & 15;
    if (byte !== code(nibble, i)) return null;
    if (i === DIGITS) return (sum & 15) === nibble ? { source, block, at } : null;
    sum += nibble;
    if (i < 3) source |= nibble << (4 * i);
    else block |= nibble << (4 * (i - 3));
  }
  return null;
}

/** Every stamp, in order. */
export function readStamps(bytes: Uint8Array<ArrayBuffer>): Stamp[] {
  const found: Stamp[] = [];
  if (bytes.length < STAMP_BYTES) return found;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = buffer.indexOf(START); at >= 0; at = buffer.indexOf(START, at + 1)) {
    const one = readStamp(bytes, at);
    if (one) found.push(one);
  }
  return found;
}

/** A stretch of one source that was heard as it was made. */
export interface StampedRun {
  readonly source: number;
  fromBlock: number;
  toBlock: number;
  /** Where in what was heard, ms from its beginning. */
  fromMs: number;
  toMs: number;
}

/** Stamps on their way through a cut may be lost, so a single missing one breaks no run. */
const MAX_MISSING = 1;
/** Bytes by which a block may stand beside where the one before it says. */
const SLACK_BYTES = 8;

/** The stamps of blocks of `blockMs` as runs. */
export function runsOfStamps(stamps: readonly Stamp[], blockMs = BLOCK_MS): StampedRun[] {
  const runs: StampedRun[] = [];
  let last: Stamp | null = null;
  for (const one of stamps) {
    const step: number = last && last.source === one.source ? one.block - last.block : 0;
    const inStep = step >= 1 && step <= 1 + MAX_MISSING &&
      Math.abs(one.at - last!.at - step * blockMs * BYTES_PER_MS) <= SLACK_BYTES;
    const run = runs.at(-1);
    if (run && inStep) {
      run.toBlock = one.block;
      run.toMs = one.at / BYTES_PER_MS + blockMs;
    } else {
      const fromMs = one.at / BYTES_PER_MS;
      const { source, block } = one;
      runs.push({ source, fromBlock: block, toBlock: block, fromMs, toMs: fromMs + blockMs });
    }
    last = one;
  }
  return runs;
}
