/**
 * The filters of all ratios, laid out in the resampler kernel's memory the first time each is asked
 * for.
 *
 * @module
 */

import { polyphaseFilter } from "./resampler_filter.ts";
import {
  ROW_HEADER_BYTES,
  ROWS_AT,
  scratchFloats,
  scratchInts,
  TAPS_MULTIPLE,
} from "./resampler_kernel.ts";

/** One ratio's filter, ready for the kernel. */
export interface ResamplerRows {
  /** Outputs in one period of the ratio. */
  readonly up: number;
  /** Inputs in one period of the ratio. */
  readonly down: number;
  /** The filter's delay in steps of 1 / (`up` × input rate). */
  readonly centre: number;
  /** Samples that each output is made from. */
  readonly taps: number;
  /** The address of phase 0's row; those of the other phases follow. */
  readonly address: number;
  readonly rowStrideBytes: number;
}

// Eight at most: only the ratio counts, so 8 to 16 kHz and 24 to 48 kHz share their rows.
const rowsByRatio = new Map<string, ResamplerRows>();
let nextAddress = ROWS_AT;

/** The rows that turn a stream of `fromHz` into one of `toHz`. */
export function resamplerRows(fromHz: number, toHz: number): ResamplerRows {
  const divisor = greatestCommonDivisor(fromHz, toHz);
  const up = toHz / divisor;
  const down = fromHz / divisor;
  const ratio = `${up}:${down}`;
  let laidOut = rowsByRatio.get(ratio);
  if (!laidOut) {
    laidOut = layOut(up, down);
    rowsByRatio.set(ratio, laidOut);
  }
  return laidOut;
}

function layOut(up: number, down: number): ResamplerRows {
  const { centre, taps, rows } = polyphaseFilter(up, down, TAPS_MULTIPLE);
  const address = nextAddress;
  const rowStrideBytes = ROW_HEADER_BYTES + taps * 4;
  for (const [phase, row] of rows.entries()) {
    const at = (address + phase * rowStrideBytes) / 4;
    // The next output lies `down` steps on: some whole inputs, and a phase.
    scratchInts[at] = Math.floor((phase + down) / up) * 4;
    scratchInts[at + 1] = address + ((phase + down) % up) * rowStrideBytes;
    scratchFloats.set(row, at + ROW_HEADER_BYTES / 4);
  }
  nextAddress += up * rowStrideBytes;
  return { up, down, centre, taps, address, rowStrideBytes };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
