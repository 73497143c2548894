/**
 * Before this instance goes, what still lives goes on elsewhere: each call is moved in a gap between
 * two turns if one comes in time, and then without one.
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

/** Resolves when each call has gone, stays after all, or `ms` are over. */
export async function moveCalls({ calls, handovers, log }: Movers, ms: number): Promise<void> {
  const endMs = performance.now() + ms;
  const gapEndMs = performance.now() + Math.max(0, ms - RESERVE_MS);
  const stages = new Map<Call, "asking" | "leaving" | "stays">();
  const isAt = (stage?: string) => [...calls.values()].filter((call) => stages.get(call) === stage);

  async function move(call: Call): Promise<void> {
    const { callId } = call.start;
    stages.set(call, "asking");
    try {
      await call.move(handovers.issue(callId, call.startedAtMs, TOKEN_TTL_MS));
      stages.set(call, "leaving");
    } catch (error) {
      stages.set(call, "stays");
      log.error("A call could not be moved", { callId, error });
    }
  }

  while (performance.now() < endMs && isAt("stays").length < calls.size) {
    const atOnce = MAX_AT_ONCE - isAt("asking").length;
    const isLate = performance.now() >= gapEndMs;
    const ready = isAt().filter((call) => isLate || call.resting).slice(0, Math.max(0, atOnce));
    for (const call of ready) void move(call);
    await new Promise((go) => setTimeout(go, LOOK_MS));
  }
  // Their streams should have ended by now. They go on elsewhere, so nobody may hang up on them.
  for (const call of isAt("leaving")) call.end("moved");
  await handovers.untilTaken(Math.max(0, endMs - performance.now()));
}
