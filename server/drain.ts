/**
 * How a server goes: it takes nobody new, lets the calls that are going on end by themselves, moves
 * those that are left to another instance, and at the deadline ends what can't be moved. A second
 * signal doesn't wait.
 *
 * @module
 */

import { within } from "../runtime/within.ts";
import { moveCalls } from "./moves/move_calls.ts";
import type { Services } from "./services.ts";

/** The longest that hanging up the last phones may take, beyond the deadline. */
const HANG_UP_WAIT_MS = 8000;
/** Time for closing handshakes to be sent. */
const HANDSHAKE_MS = 300;

/** Resolves when the last call has ended, was moved, or was ended. */
export async function drain({ registry, config, handovers, log }: Services): Promise<void> {
  const deadlineMs = config.EARSHOT_DRAIN_MS;
  const moveMs = handovers.canMove ? Math.min(config.EARSHOT_MOVE_MS, deadlineMs) : 0;
  log.info("Draining: no new calls, live ones may finish", { live: registry.live, deadlineMs });
  const empty = registry.drain().then(() => true);
  const isEmpty = await within(deadlineMs - moveMs, empty, () => false);
  if (!isEmpty && moveMs > 0) {
    log.info("The last calls are moved to another instance", { live: registry.live, moveMs });
    await moveCalls({ calls: registry.calls, handovers, log }, moveMs);
  }
  if (!isEmpty && registry.live > 0) {
    log.warn("The deadline has come, the last calls are ended", { live: registry.live });
    for (const call of [...registry.calls.values()]) call.end("draining");
    await within(HANG_UP_WAIT_MS, empty, () => false);
  }
  await new Promise((go) => setTimeout(go, HANDSHAKE_MS));
}
