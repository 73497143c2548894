/**
 * A conversation in real time: such a caller in a phone, in a call with a running server.
 *
 * @module
 */

import { Phone } from "../../../cli/phone/phone.ts";
import type { TestServer } from "../../../tests/server.ts";
import type { StrictBrain } from "../strict_brain.ts";
import { LifeCaller, type Plot } from "./caller.ts";
import { echoLog } from "./echo_log.ts";
import { type CallLog, logOf } from "./log.ts";

const LONGEST_MS = 600_000;

/** Who talks to whom; calls of one setup begin one after the other. */
export interface Setup {
  readonly server: TestServer;
  /** Null for the embedded brain. */
  readonly brain: StrictBrain | null;
  dialling: Promise<unknown>;
}

export async function converse(
  seed: string,
  plot: (caller: LifeCaller) => Plot,
  setup: Setup,
): Promise<CallLog> {
  const { server, brain } = setup;
  const caller = new LifeCaller(seed, plot);
  const phone = new Phone({
    webhookUrl: `${server.url}/twilio/voice`,
    fillFrame: caller.fillFrame,
    keepHeardMs: LONGEST_MS,
  });
  const ears = {
    heard: (fromMs: number, toMs: number) => phone.heard(fromMs, toMs),
    firstHeardAfter: (fromMs: number) => phone.firstHeardAfter(fromMs),
  };
  // So the n-th call is the brain's n-th conversation.
  const dialled = setup.dialling.then(async () => {
    const n = brain?.conversations.length ?? 0;
    caller.brain = () => brain?.conversations[n] ?? null;
    caller.attach({
      now: () => phone.now(),
      startedAtMs: () => phone.stream.startedAtMs,
      heard: ears.heard,
      press: (digit) => phone.press(digit),
    });
    const outcome = await phone.dial();
    if (outcome !== "streaming") throw new Error(`No call: ${phone.describe()}`);
    if (brain) await phone.waitFor(() => brain.conversations[n], 10_000, "its brain");
  });
  setup.dialling = dialled.catch(() => {});
  await dialled;
  await phone.waitFor(() => caller.over || phone.end, LONGEST_MS, "the end of the conversation");
  const ended = caller.over ? "" : phone.end!.by;
  const fromMs = phone.times.streamStartedAtMs;
  const log = logOf(seed, caller, ears, fromMs, caller.brain(), ended, phone.callSid);
  await phone.hangUp();
  return brain ? log : echoLog(log, ears, fromMs, caller.nowMs);
}
