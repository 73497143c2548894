/**
 * What a telemetry is told when it is made.
 *
 * @module
 */

import type { CallCounts } from "./health.ts";
import type { UsageTokens } from "./turn.ts";

/** Settings of a telemetry (`telemetry.ts`). */
export interface TelemetryOptions {
  readonly calls: CallCounts;
  readonly region: string;
  /** The machine: `FLY_MACHINE_ID`, or a name of our own. */
  readonly instance: string;
  readonly version?: string;
  /** Why no brain can be reached, by whoever looks; null while one can, or nobody looks. */
  readonly unreachable?: () => string | null;
  /** How far back percentiles look. Default 5 minutes. */
  readonly windowMs?: number;
  /** Prices usage; null when the model has no known price. Without it nothing is priced. */
  readonly costUsd?: (model: string, usage: UsageTokens) => number | null;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}
