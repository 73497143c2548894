/**
 * The resampler's inner loop as a WebAssembly SIMD function, assembled here from named instructions.
 *
 * One function serves every ratio. Plain loops took 1.5 to 3.5 times as long, and the faster of
 * them needed code of their own for each ratio (docs/decisions/resampler.md has the figures). In
 * TypeScript it would read:
 *
 * ```ts
 * function convolve(window, row, out, outEnd, rowBytes) {
 *   do {
 *     let sum = 0;
 *     for (let i = 0; i < rowBytes; i += 4) sum += f32[window + i] * f32[row + ROW_HEADER_BYTES + i];
 *     f32[out] = sum;
 *     window += i32[row]; // how far the next output's window lies ahead
 *     row = i32[row + 4]; // the next output's row of taps
 *     out += 4;
 *   } while (out < outEnd);
 * }
 * ```
 *
 * All arguments are byte addresses in one small memory that the resamplers of a thread share as
 * scratch: a resampler copies its samples in, calls, copies the result out, and keeps its state to
 * itself. With a memory each, every stream would take a page of 64 KiB and could leak it.
 *
 * @module
 */

/** A row's taps are padded to a multiple of this: the loop takes two vectors of four at a time. */
export const TAPS_MULTIPLE = 8;
/** Bytes before a row's taps: window step (i32), address of the next row (i32), 8 bytes unused. */
export const ROW_HEADER_BYTES = 16;

const PAGE_BYTES = 65536;
/** The rows of taps start here; those of all eight ratios together take about 6 KiB. */
export const ROWS_AT = 0;
/** The window of samples starts here: past ones, then the new ones; 8,192 fit. */
export const WINDOW_AT = PAGE_BYTES / 2;
/** The outputs start here; 16,384 fit. */
export const OUTPUT_AT = PAGE_BYTES;

const memory = new WebAssembly.Memory({ initial: 2, maximum: 2 });
/** The scratch memory as floats; an index is a byte address divided by 4. */
export const scratchFloats: Float32Array = new Float32Array(memory.buffer);
/** The scratch memory as integers, for the headers of rows. */
export const scratchInts: Int32Array = new Int32Array(memory.buffer);

/**
 * Writes `(outEnd - out) / 4` outputs, at least one; the module's text shows the loop.
 *
 * @param window Address of the oldest sample that the first output needs.
 * @param row Address of the first output's row.
 * @param out Address of the first output.
 * @param outEnd Address after the last output.
 * @param rowBytes Bytes of taps in a row: a multiple of 4 × {@link TAPS_MULTIPLE}.
 */
export type Convolve = (
  window: number,
  row: number,
  out: number,
  outEnd: number,
  rowBytes: number,
) => void;

/** The loop described above. Allocates nothing, keeps nothing. */
export const convolve: Convolve = assemble();

// Instructions by their text names (WebAssembly core specification 2.0, section 5.4). Immediates
// and lengths below 128 are one byte each; constants below 64 too, since those are signed.
function assemble(): Convolve {
  const i32 = 0x7f, v128 = 0x7b;
  const get = (local: number) => [0x20, local];
  const set = (local: number) => [0x21, local];
  const tee = (local: number) => [0x22, local];
  const i32Load = (offset: number) => [0x28, 2, offset];
  const f32Store = [0x38, 2, 0];
  const i32Const = (value: number) => [0x41, value];
  const i32LessUnsigned = [0x49];
  const i32Add = [0x6a];
  const f32Add = [0x92];
  const v128Load = (offset: number) => [0xfd, 0x00, 2, offset];
  const v128Zero = [0xfd, 0x0c, ...new Array<number>(16).fill(0)];
  const swapHalves = [0xfd, 0x0d, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7];
  const f32x4Lane = (lane: number) => [0xfd, 0x1f, lane];
  const f32x4Add = [0xfd, 0xe4, 0x01];
  const f32x4Mul = [0xfd, 0xe6, 0x01];
  /** `do { body } while (condition)`: the body leaves the condition on the stack. */
  const doWhile = (...body: number[][]) => [0x03, 0x40, ...body.flat(), 0x0d, 0, 0x0b];

  const window = 0, row = 1, out = 2, outEnd = 3, rowBytes = 4; // parameters
  const sample = 5, tap = 6, tapsEnd = 7, sumA = 8, sumB = 9; // locals
  // deno-fmt-ignore
  const body = doWhile(
    get(window), set(sample),
    get(row), i32Const(ROW_HEADER_BYTES), i32Add, tee(tap), get(rowBytes), i32Add, set(tapsEnd),
    v128Zero, set(sumA), v128Zero, set(sumB),
    doWhile(
      // Two sums, because an addition must wait for the one before it in the same sum.
      get(sumA), get(sample), v128Load(0), get(tap), v128Load(0), f32x4Mul, f32x4Add, set(sumA),
      get(sumB), get(sample), v128Load(16), get(tap), v128Load(16), f32x4Mul, f32x4Add, set(sumB),
      get(sample), i32Const(32), i32Add, set(sample),
      get(tap), i32Const(32), i32Add, tee(tap), get(tapsEnd), i32LessUnsigned,
    ),
    // Eight partial sums become four, two, one.
    get(sumA), get(sumB), f32x4Add, tee(sumA), get(sumA), get(sumA), swapHalves, f32x4Add, set(sumA),
    get(out), get(sumA), f32x4Lane(0), get(sumA), f32x4Lane(1), f32Add, f32Store,
    get(window), get(row), i32Load(0), i32Add, set(window),
    get(row), i32Load(4), set(row),
    get(out), i32Const(4), i32Add, tee(out), get(outEnd), i32LessUnsigned,
  );

  const length = (bytes: number[]) => [(bytes.length & 0x7f) | 0x80, bytes.length >> 7];
  const section = (id: number, ...bytes: number[]) => [id, ...length(bytes), ...bytes];
  const code = [2, 3, i32, 2, v128, ...body, 0x0b];
  // deno-fmt-ignore
  const module = new WebAssembly.Module(new Uint8Array([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,                          // "\0asm", version 1
    ...section(1, 1, 0x60, 5, i32, i32, i32, i32, i32, 0),    // one type: five i32, no result
    ...section(2, 1, 1, 0x6d, 1, 0x6d, 2, 1, 2, 2),           // import m.m: a memory of 2 pages
    ...section(3, 1, 0),                                      // one function, of that type
    ...section(7, 1, 1, 0x66, 0, 0),                          // export it as "f"
    ...section(10, 1, ...length(code), ...code),              // its locals and its body
  ]));
  return new WebAssembly.Instance(module, { m: { m: memory } }).exports.f as unknown as Convolve;
}
