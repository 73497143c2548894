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
/** What may wait for a slow disk; beyond it the recording ends. */
const MAX_WAITING_BYTES = 1024 * 1024;

/**
 * Opens the recording of one call.
 *
 * @param callId Comes from the network, so only its letters and digits become the file's name.
 */
export function recordTo(folder: string, callId: string, log: Logger): Recorder {
  const name = `${callId.replaceAll(/[^A-Za-z0-9]/g, "").slice(0, 64)}.jsonl`;
  let failed = false;
  // Neither a folder that isn't ours nor a full disk may end a call.
  const fail = (error: unknown) => {
    if (!failed) log.warn("A recording can't be written", { callId, error });
    failed = true;
  };
  const file = attempt(() => {
    mkdirSync(folder, { recursive: true });
    return createWriteStream(join(folder, name), { flags: "w" });
  }, fail);
  file?.on("error", fail);
  let lines = 0;
  return {
    record(line) {
      if (!file || failed || lines++ >= MAX_LINES) return;
      if (file.writableLength > MAX_WAITING_BYTES) fail(new Error("the disk is too slow"));
      else file.write(recordLine(line));
    },
    close: () => void file?.end(),
  };
}

function attempt<T>(open: () => T, fail: (error: unknown) => void): T | null {
  try {
    return open();
  } catch (error) {
    fail(error);
    return null;
  }
}
