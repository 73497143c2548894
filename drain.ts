/**
 * How a server goes: it takes nobody new, lets the calls that are going on end by themselves, and at
 * the deadline ends those that are left. A second signal doesn't wait.
 *
 * @module
 */

import type { Deps } from "./deps.ts";

/** Time for hang-ups and closing handshakes to leave the house. */
const FAREWELL_MS = 500;

/** Resolves when the last call has ended, or was ended. */
export async function drain({ registry, config, log, telemetry }: Deps): Promise<void> {
  const deadlineMs = config.EARSHOT_DRAIN_MS;
  telemetry.draining = true;
  log.info("Draining: no new calls, live ones may finish", { live: registry.live, deadlineMs });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((go) => timer = setTimeout(() => go("late"), deadlineMs));
  const how = await Promise.race([registry.drain(), late]);
  clearTimeout(timer);
  if (how === "late") {
    log.warn("The deadline has come, the last calls are ended", { live: registry.live });
    for (const call of [...registry.calls.values()]) call.end("draining");
  }
  await new Promise((go) => setTimeout(go, FAREWELL_MS));
}
