/**
 * Reads the WAV files that people have: mono, 16-bit PCM or G.711 µ-law.
 *
 * @module
 */

import { encodeMulawInto } from "../../media/mulaw.ts";
import { SAMPLE_RATES_HZ, type SampleRateHz } from "../../media/format.ts";
import { Resampler } from "../../media/resampler.ts";

const PCM = 1;
const MULAW = 7;
const EXTENSIBLE = 0xfffe;
/** Samples that go through the resampler at once. */
const PART_SAMPLES = 4096;

/**
 * A WAV file as µ-law at 8000 Hz, resampled when it has another rate.
 *
 * @throws {SyntaxError} If the file is not RIFF/WAVE or its chunks do not hold together.
 * @throws {RangeError} If it is stereo, or of an encoding or rate that is not supported.
 */
export function wavToMulaw(file: Uint8Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const tag = (at: number) => String.fromCharCode(...file.subarray(at, at + 4));
  if (file.length < 12 || tag(0) !== "RIFF" || tag(8) !== "WAVE") {
    throw new SyntaxError("Cannot read WAV: the file does not begin with RIFF and WAVE");
  }
  let format: { encoding: number; channels: number; rateHz: number; bits: number } | undefined;
  let data: Uint8Array | undefined;
  for (let at = 12; at + 8 <= file.length;) {
    const bytes = view.getUint32(at + 4, true);
    const body = at + 8;
    if (tag(at) === "fmt " && bytes >= 16 && body + bytes <= file.length) {
      const encoding = view.getUint16(body, true);
      format = {
        // The extensible form keeps the real encoding in the first bytes of a GUID.
        encoding: encoding === EXTENSIBLE && bytes >= 26
          ? view.getUint16(body + 24, true)
          : encoding,
        channels: view.getUint16(body + 2, true),
        rateHz: view.getUint32(body + 4, true),
        bits: view.getUint16(body + 14, true),
      };
    } else if (tag(at) === "data") {
      // Programs that write to a pipe leave the length open; then the rest is the data.
      data = file.subarray(body, Math.min(file.length, body + bytes));
      break;
    }
    at = body + bytes + bytes % 2;
  }
  if (format === undefined || data === undefined) {
    throw new SyntaxError(`Cannot read WAV: no ${format ? "data" : "fmt"} chunk`);
  }
  const { encoding, channels, rateHz, bits } = format;
  if (channels !== 1) throw new RangeError(`Cannot use WAV: ${channels} channels, wanted 1`);
  if (encoding === MULAW && rateHz === 8000) return data.slice();
  if (encoding !== PCM || bits !== 16) {
    throw new RangeError(
      `Cannot use WAV: encoding ${encoding} with ${bits} bits at ${rateHz} Hz, ` +
        "wanted 16-bit PCM, or µ-law at 8000 Hz",
    );
  }
  const rate = SAMPLE_RATES_HZ.find((known) => known === rateHz);
  if (rate === undefined) {
    throw new RangeError(`Cannot use WAV: ${rateHz} Hz, wanted ${SAMPLE_RATES_HZ.join(", ")}`);
  }
  const pcm = new Int16Array(data.length >> 1);
  const samples = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let i = 0; i < pcm.length; i++) pcm[i] = samples.getInt16(i * 2, true);
  const at8k = rate === 8000 ? pcm : to8k(pcm, rate);
  const out = new Uint8Array(at8k.length);
  encodeMulawInto(at8k, out);
  return out;
}

function to8k(pcm: Int16Array, rateHz: SampleRateHz): Int16Array {
  const resampler = new Resampler({ fromHz: rateHz, toHz: 8000 });
  const out = new Int16Array(Math.ceil(pcm.length * 8000 / rateHz) + 64);
  let written = 0;
  for (let from = 0; from < pcm.length; from += PART_SAMPLES) {
    const part = pcm.subarray(from, from + PART_SAMPLES);
    written += resampler.process(part, out.subarray(written));
  }
  written += resampler.flush(out.subarray(written));
  return out.subarray(0, written);
}
