/**
 * Writes recordings to a folder, a file a call.
 *
 * @module
 */

import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "../telemetry/log.ts";
import { type RecordedSettings, type RecordedStep, recordLine } from "./recording.ts";

export interface Recorder {
  record(line: RecordedSettings | RecordedStep): void;
  close(): void;
}

/** Longest recording of one call, in lines; what comes after is left out. */
const MAX_LINES = 100_000;

/**
 * Opens the recording of one call.
 *
 * @param callId Comes from the network, so only its letters and digits become the file's name.
 */
export function recordTo(folder: string, callId: string, log: Logger): Recorder {
  mkdirSync(folder, { recursive: true });
  const name = `${callId.replaceAll(/[^A-Za-z0-9]/g, "").slice(0, 64)}.jsonl`;
  const file = createWriteStream(join(folder, name), { flags: "w" });
  // A full disk must not end a call.
  file.on("error", (error) => log.warn("A recording can't be written", { callId, error }));
  let lines = 0;
  return {
    record(line) {
      if (lines++ < MAX_LINES) file.write(recordLine(line));
    },
    close: () => void file.end(),
  };
}
