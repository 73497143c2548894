/**
 * One simulated call of a latency test, from dialling to hanging up.
 *
 * @module
 */

import { Phone } from "../phone/phone.ts";
import type { CallPlan } from "./call_plan.ts";
import { Aborted, Conversation, EndedEarly, endReason, POLL_MS } from "./conversation.ts";
import { Pace } from "./pace.ts";
import type { Collector } from "./stats.ts";

/** Makes one call. Never rejects: a failure is counted with its reason. */
export async function makeCall(plan: CallPlan, collector: Collector): Promise<void> {
  const pace = new Pace();
  let failure: string | undefined;
  const phone = new Phone({
    ...plan.phone,
    pollMs: POLL_MS,
    onMedia: (bytes, atMs) => {
      const lateMs = pace.next(atMs, bytes.length / 8);
      if (lateMs !== null) collector.stages.jitter.record(lateMs);
    },
    onClear: () => pace.reset(),
  });
  collector.counts.dialled++;
  const call = new Conversation(phone, plan, collector);
  const breakOff = (): void => void phone.hangUp();
  plan.abort.addEventListener("abort", breakOff);
  try {
    if (await phone.dial() === "ended") throw new EndedEarly(endReason(phone));
    call.connected();
    await call.greeting();
    // However short the test, each call asks once.
    do await call.turn(); while (!plan.over());
  } catch (error) {
    if (!(error instanceof Aborted)) failure = error instanceof Error ? error.message : `${error}`;
  }
  plan.abort.removeEventListener("abort", breakOff);
  await phone.hangUp();
  call.count();
  if (plan.abort.aborted) failure = undefined;
  else if (failure === undefined && call.unanswered > 0) {
    failure = `no answer in ${plan.timings.answerWaitMs / 1000} s`;
  }
  if (failure !== undefined) collector.fail(failure);
}
