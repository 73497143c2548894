/**
 * What the caller had begun to say when their call went on elsewhere: heard here once more, so that
 * the turn goes on where it was.
 *
 * @module
 */

import { type AudioFormat, bytesPerMs } from "../../media/format.ts";
import type { CallContext } from "../context.ts";

const FRAME_MS = 20;

/** Its frames, as the leg would bring them; none where the caller was silent. */
export function* openTurn({ unanswered }: CallContext, format: AudioFormat): Generator<Uint8Array> {
  const frameBytes = FRAME_MS * bytesPerMs(format);
  for (const { base64 } of unanswered.filter(({ ended }) => !ended)) {
    const bytes = Uint8Array.fromBase64(base64);
    for (let at = 0; at < bytes.length; at += frameBytes) {
      yield bytes.subarray(at, at + frameBytes);
    }
  }
}
