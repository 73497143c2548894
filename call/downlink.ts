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

  /** @param maxPieceMs The longest piece that `send` will be given. */
  constructor(leg: Leg, brainFormat: AudioFormat, maxPieceMs: number) {
    this.#leg = leg;
    this.#transcoder = new Transcoder(brainFormat, leg.format, maxPieceMs);
    this.#bytes = new Uint8Array(Math.ceil(maxPieceMs * bytesPerMs(brainFormat)));
  }

  send(payload: string): void {
    if (this.#transcoder.idle && this.#leg.kind === "twilio") return this.#leg.playBase64(payload);
    const length = decodeBase64Into(payload, this.#bytes);
    if (length <= 0) return;
    const bytes = this.#bytes.subarray(0, length);
    this.#leg.playBytes(this.#transcoder.idle ? bytes : this.#transcoder.convert(bytes));
  }

  /** What was sent is dropped; what comes next has no seam with it. */
  clear(): void {
    this.#transcoder.reset();
    this.#leg.clear();
  }
}
