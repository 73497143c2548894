/**
 * A phone's frames: 20 ms of µ-law.
 *
 * @module
 */

import { encodeBase64 } from "../media/base64.ts";
import { MULAW_SILENCE } from "../media/mulaw.ts";

export const BYTES_PER_MS = 8;
export const FRAME_BYTES = 160;
export const SILENT_FRAME = new Uint8Array(FRAME_BYTES).fill(MULAW_SILENCE);
export const SILENT_FRAME_BASE64 = encodeBase64(SILENT_FRAME);
