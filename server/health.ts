/**
 * How this server is: what `/health` answers, and `/events` tells each second.
 *
 * @module
 */

import type { Telemetry } from "../telemetry/telemetry.ts";
import type { Registry } from "./registry.ts";

/** The registry knows best who is let in. */
export function healthOf(
  { registry, telemetry }: { registry: Registry<unknown>; telemetry: Telemetry },
) {
  return { ...telemetry.health(), status: registry.closedBecause ?? "ok" };
}
