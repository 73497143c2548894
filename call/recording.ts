/**
 * A call's decisions as JSON lines: the settings first, then each event with its time and what was
 * decided. There is no audio in it and nothing that was said, so it can be kept and shared; and since
 * the machine is pure, replaying the events must give the same decisions.
 *
 * @module
 */

import { step } from "./turns/machine.ts";
import type { CallAction } from "./turns/actions.ts";
import type { CallEvent } from "./turns/events.ts";
import { type CallState, openingState, type TurnSettings } from "./turns/state.ts";

/** The first line. */
export interface RecordedSettings extends TurnSettings {
  readonly startedAtMs: number;
}

/** Each line after it. Times are whole microseconds, in ms. */
export interface RecordedStep {
  readonly atMs: number;
  readonly event: CallEvent;
  readonly actions: readonly CallAction[];
}

const round = (ms: number) => Math.round(ms * 1000) / 1000;

/** The line for the settings, or for a step. */
export function recordLine(line: RecordedSettings | RecordedStep): string {
  return JSON.stringify(line, (_key, value) => typeof value === "number" ? round(value) : value) +
    "\n";
}

/** Where a replay parted from what was recorded. */
export interface Difference {
  readonly line: number;
  readonly event: CallEvent;
  readonly recorded: readonly CallAction[];
  readonly replayed: readonly CallAction[];
}

/**
 * Replays a recording.
 *
 * @param text JSON lines as `recordLine` writes them.
 * @returns The differences (none, if the machine still decides the same) and the last state.
 * @throws {SyntaxError} Naming the line that is not a recording's.
 */
export function replay(text: string): { differences: Difference[]; state: CallState } {
  const lines = text.split("\n").filter((line) => line !== "");
  const parsed = lines.map((line, i) => {
    try {
      return JSON.parse(line);
    } catch {
      throw new SyntaxError(`Cannot replay: line ${i + 1} is not JSON`);
    }
  });
  const [settings, ...steps] = parsed as [RecordedSettings, ...RecordedStep[]];
  if (typeof settings?.bargeInMs !== "number") {
    throw new SyntaxError("Cannot replay: line 1 does not hold a call's settings");
  }
  const { startedAtMs, ...given } = settings;
  let state = openingState(given, startedAtMs);
  const differences: Difference[] = [];
  steps.forEach(({ atMs, event, actions }, i) => {
    const next = step(state, event, atMs);
    state = next.state;
    const replayed = rounded(next.actions), recorded = rounded(actions);
    if (JSON.stringify(replayed) !== JSON.stringify(recorded)) {
      differences.push({ line: i + 2, event, recorded, replayed });
    }
  });
  return { differences, state };
}

/** Times were rounded for the file; whole ms are what counts. */
function rounded(actions: readonly CallAction[]): CallAction[] {
  return JSON.parse(
    JSON.stringify(actions, (_key, value) => typeof value === "number" ? Math.round(value) : value),
  );
}
