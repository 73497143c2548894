/**
 * Whoever only watches a call (its recorder, the history, those who listen at `/events`) can't fail it:
 * what they throw is told to the log, with the call's id, and the call goes on.
 *
 * @module
 */

import type { Logger } from "../telemetry/log.ts";

/** Makes watchers of one call harmless. What failed once is told once, and still asked again. */
export function bystanders(callId: string, log: Logger) {
  const told = new Set<string>();
  return <Args extends unknown[]>(what: string, watch: (...args: Args) => void) =>
  (...args: Args): void => {
    try {
      watch(...args);
    } catch (error) {
      if (told.has(what)) return;
      told.add(what);
      log.error("A watcher of a call failed, the call goes on", { callId, what, error });
    }
  };
}
