/**
 * How a server goes: it takes nobody new, lets the calls that are going on end by themselves, and at
 * the deadline ends those that are left. A second signal doesn't wait.
 *
 * @module
 */

import { within } from "../runtime/within.ts";
import type { Services } from "./services.ts";

/** The longest that hanging up the last phones may take, beyond the deadline. */
const HANG_UP_WAIT_MS = 8000;
/** Time for closing handshakes to be sent. */
const HANDSHAKE_MS = 300;

/** Resolves when the last call has ended, or was ended. */
export async function drain({ registry, config, log }: Services): Promise<void> {
  const deadlineMs = config.EARSHOT_DRAIN_MS;
  log.info("Draining: no new calls, live ones may finish", { live: registry.live, deadlineMs });
  const empty = registry.drain().then(() => true);
  if (!await within(deadlineMs, empty, () => false)) {
    log.warn("The deadline has come, the last calls are ended", { live: registry.live });
    for (const call of [...registry.calls.values()]) call.end("draining");
    await within(HANG_UP_WAIT_MS, empty, () => false);
  }
  await new Promise((go) => setTimeout(go, HANDSHAKE_MS));
}
