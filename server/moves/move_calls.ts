/**
 * Before this instance goes, what still lives goes on elsewhere: each call is moved in a gap between
 * two turns if one comes in time, and then without one. A phone that Twilio doesn't redirect is let
 * go: when its stream ends, Twilio asks the webhook again, and another instance goes on with it.
 *
 * @module
 */

import type { Call } from "../../call/call.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { Handovers } from "./handovers.ts";

export interface Movers {
  readonly calls: ReadonlyMap<string, Call>;
  readonly handovers: Handovers;
  readonly log: Logger;
}

/** Of the time there is, so much is left for Twilio to answer and the other side to fetch. */
const RESERVE_MS = 8000;
/** Gaps are looked for so often. */
const LOOK_MS = 20;
/** Requests to Twilio at a time. */
const MAX_AT_ONCE = 20;
/** Longer than Twilio takes to dial the next stream. */
const TOKEN_TTL_MS = 60_000;

/** Whoever was let go last is fetched in this time, if need be beyond the deadline. */
const FETCH_WAIT_MS = 3000;

/** Resolves when each call has gone, stays after all, or `ms` are over, and was fetched. */
export async function moveCalls({ calls, handovers, log }: Movers, ms: number): Promise<void> {
  const endMs = performance.now() + ms;
  const gapEndMs = performance.now() + Math.max(0, ms - RESERVE_MS);
  const stages = new Map<Call, "asking" | "leaving" | "stays">();
  // A phone that is being hung up is still among the calls.
  const isAt = (stage?: string) =>
    [...calls.values()].filter((call) => stages.get(call) === stage && call.endReason === "");
  let waitEndMs = endMs;

  /** Nobody hangs up on it: Twilio goes on to the <Redirect> behind the stream. */
  function letGo(call: Call): void {
    handovers.keep(call.start.callId, { type: "context", context: call.context() }, true);
    call.end("moved");
    waitEndMs = Math.max(endMs, performance.now() + FETCH_WAIT_MS);
  }

  async function move(call: Call): Promise<void> {
    const { callId } = call.start;
    stages.set(call, "asking");
    try {
      await call.move(handovers.issue(callId, call.startedAtMs, TOKEN_TTL_MS));
      stages.set(call, "leaving");
    } catch (error) {
      stages.set(call, "stays");
      log.error("A call could not be moved", { callId, error });
      if (call.kind === "twilio" && call.endReason === "") letGo(call);
    }
  }

  while (performance.now() < endMs && isAt("stays").length < calls.size) {
    const atOnce = MAX_AT_ONCE - isAt("asking").length;
    const isLate = performance.now() >= gapEndMs;
    const ready = isAt().filter((call) => isLate || call.resting).slice(0, Math.max(0, atOnce));
    for (const call of ready) void move(call);
    await new Promise((go) => setTimeout(go, LOOK_MS));
  }
  // Their redirects are open still, or were not acted on.
  const late = [...isAt(), ...isAt("asking"), ...isAt("leaving")];
  for (const call of late) if (call.kind === "twilio") letGo(call);
  await handovers.untilTaken(Math.max(0, waitEndMs - performance.now()));
}
