/**
 * Calls for telemetry to ask about, in the place of a registry.
 *
 * @module
 */

import type { CallCounts } from "./health.ts";

/** A server with room for `maxCalls`, on which nobody is calling but for what `more` says. */
export function calls(maxCalls: number, more: Partial<CallCounts> = {}): CallCounts {
  return {
    maxCalls,
    live: 0,
    liveByKind: { twilio: 0, browser: 0 },
    closedBecause: null,
    ...more,
  };
}
