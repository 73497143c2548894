/**
 * The agent's voice on its way to the caller: forwarded untouched where brain and leg speak the same
 * format and the wire takes base64, converted otherwise.
 *
 * @module
 */

import type { Leg } from "../legs/leg.ts";
import { decodeBase64Into } from "../media/base64.ts";
import { type AudioFormat, bytesPerMs } from "../media/format.ts";
import { Transcoder } from "./transcoder.ts";

export class Downlink {
  readonly #leg: Leg;
  readonly #transcoder: Transcoder;
  readonly #bytes: Uint8Array;
  readonly #sampleBytes: number;
  /** Of a sample that the brain has cut in two, the half that came: it waits in `#bytes[0]`. */
  #half = 0;

  /** @param maxPieceMs The longest piece that `send` will be given. */
  constructor(leg: Leg, brainFormat: AudioFormat, maxPieceMs: number) {
    this.#leg = leg;
    this.#transcoder = new Transcoder(brainFormat, leg.format, maxPieceMs);
    this.#bytes = new Uint8Array(Math.ceil(maxPieceMs * bytesPerMs(brainFormat)) + 1);
    this.#sampleBytes = brainFormat.encoding === "pcm16" ? 2 : 1;
  }

  send(payload: string): void {
    if (this.#transcoder.idle && this.#leg.wire === "base64") return this.#leg.playBase64(payload);
    const length = decodeBase64Into(payload, this.#bytes.subarray(this.#half));
    if (length <= 0) return;
    const have = this.#half + length;
    this.#half = have % this.#sampleBytes;
    const bytes = this.#bytes.subarray(0, have - this.#half);
    const playable = this.#transcoder.idle ? bytes : this.#transcoder.convert(bytes);
    if (playable.length > 0) this.#leg.playBytes(playable);
    if (this.#half > 0) this.#bytes[0] = this.#bytes[have - 1]!;
  }

  /** What was sent is dropped; what comes next has no seam with it. */
  clear(): void {
    this.#transcoder.reset();
    this.#half = 0;
    this.#leg.clear();
  }
}
