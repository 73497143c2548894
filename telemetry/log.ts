/**
 * Structured logs: one line an event, a fixed sentence plus fields; for people on a terminal, JSON
 * otherwise. LogTape sorts by category and level; what may not be printed is blanked here, for all.
 *
 * @module
 */

import fs from "node:fs";
import process from "node:process";
import { configureSync, getLogger, type LogRecord, type Sink } from "@logtape/logtape";
import { jsonLine, type LogLine, prettyLine } from "./log_format.ts";
import { type LineOutput, stderrOutput } from "./log_output.ts";
import { safeFields, safeText } from "./redact.ts";

/** `auto` is pretty on a terminal and JSON otherwise. */
export type LogFormat = "auto" | "json" | "pretty" | "off";
export type LogLevel = "debug" | "info" | "warn" | "error";

/** What a log line carries beside its sentence. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Writes events of one category. The sentence is fixed; what varies goes into the fields, where the
 * values of telling names (token, key, secret, text, transcript, from, to, payload…) are blanked.
 */
export interface Logger {
  debug(sentence: string, fields?: LogFields): void;
  info(sentence: string, fields?: LogFields): void;
  warn(sentence: string, fields?: LogFields): void;
  error(sentence: string, fields?: LogFields): void;
}

const ROOT = "earshot";
const LEVELS = { debug: "debug", info: "info", warn: "warning", error: "error" } as const;

/**
 * Sets where logs go and which. Before this is called nothing is written; calling it again replaces
 * what was set.
 *
 * @param output Tests pass their own; the default is standard error.
 * @throws {TypeError} If the format or the level is not one of those named.
 */
export function configureLog(
  options: { format: LogFormat; level: LogLevel },
  output: LineOutput = stderrOutput,
): void {
  const { format, level } = options;
  if (!["auto", "json", "pretty", "off"].includes(format)) {
    throw new TypeError(`Cannot configure logs: format is "${format}", wants auto|json|pretty|off`);
  }
  if (!Object.hasOwn(LEVELS, level)) {
    throw new TypeError(`Cannot configure logs: level is "${level}", wants debug|info|warn|error`);
  }
  const terminal = isTerminal();
  const pretty = format === "pretty" || (format === "auto" && terminal);
  // NO_COLOR: https://no-color.org. A file that asked for pretty lines wants no escape codes.
  const colors = terminal && !process.env["NO_COLOR"];
  const sink: Sink = (record) => {
    const line = lineOf(record);
    output.push(pretty ? prettyLine(line, colors) : jsonLine(line));
  };
  output.onDropped = (count) => log("log").warn("Log lines were dropped", { count });
  const off = format === "off";
  configureSync({
    reset: true,
    sinks: { lines: sink },
    loggers: [
      { category: ROOT, lowestLevel: off ? null : LEVELS[level], sinks: off ? [] : ["lines"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: off ? [] : ["lines"] },
    ],
  });
}

/** The logger of a category: `call`, `twilio`, `brain`, `server` and their like. */
export function log(category: string): Logger {
  const logger = getLogger([ROOT, category]);
  return {
    debug: (sentence, fields) => logger.debug(sentence, { ...fields }),
    info: (sentence, fields) => logger.info(sentence, { ...fields }),
    warn: (sentence, fields) => logger.warn(sentence, { ...fields }),
    error: (sentence, fields) => logger.error(sentence, { ...fields }),
  };
}

/** Resolves when everything logged so far is out. Await it before the process is ended. */
export function flushLogs(): Promise<void> {
  return stderrOutput.flush();
}

/** Writes what waits at once, blocking: for a last word before the process dies of an error. */
export function flushLogsSync(): void {
  stderrOutput.flushSync();
}

/**
 * Whether standard error is a terminal. By the file's type, because `process.stderr` and node:tty
 * bring streams along: 2.5 MB more memory in a compiled Bun 1.4.5 binary. `/dev/null` passes for a
 * terminal, where it does no harm.
 */
function isTerminal(): boolean {
  try {
    return fs.fstatSync(2).isCharacterDevice();
  } catch {
    return false;
  }
}

function lineOf(record: LogRecord): LogLine {
  return {
    timeMs: record.timestamp,
    level: levelOf(record.level),
    category: record.category.slice(1).join(".") || ROOT,
    // The raw sentence: LogTape would fill `{name}` in from the fields before they are blanked.
    sentence: safeText(
      typeof record.rawMessage === "string" ? record.rawMessage : record.rawMessage.join("…"),
    ),
    fields: safeFields(record.properties),
  };
}

function levelOf(level: LogRecord["level"]): LogLine["level"] {
  switch (level) {
    case "trace":
    case "debug":
      return "debug";
    case "info":
      return "info";
    case "warning":
      return "warn";
    default:
      return "error";
  }
}
