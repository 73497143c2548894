/**
 * A conversation in simulated time: the real `Call` between such a caller and such a brain, on a
 * clock that runs as fast as it can.
 *
 * @module
 */

import type { TurnMode } from "../../../brain/openai/session.ts";
import { FIRST_ANSWER_SOURCE } from "../answering.ts";
import type { BrainSettings } from "../brain_settings.ts";
import { Rehearsal } from "../rehearsal.ts";
import { life } from "./behaviours.ts";
import { LifeCaller } from "./caller.ts";
import { type CallLog, logOf } from "./log.ts";
import { stampedVoice } from "./sounds.ts";

export interface LifeSettings {
  readonly turns: TurnMode;
  readonly brain: Partial<BrainSettings>;
  /** One behaviour alone; null for all. */
  readonly only: string | null;
}

/** No conversation of ten questions takes longer, whatever fails. */
const MAX_MS = 600_000;
const STEP_MS = 1000;

export function simulate(seed: string, { turns, brain, only }: LifeSettings): CallLog {
  const caller = new LifeCaller(seed, (c) => life(c, only));
  const call = new Rehearsal({
    voice: caller,
    settings: { turns },
    brain: { ...brain, seed, voice: stampedVoice(FIRST_ANSWER_SOURCE) },
    wayMs: caller.random.between(5, 60),
    records: false,
  });
  caller.brain = () => call.conversation;
  while (!caller.over && call.ended === "" && call.nowMs < MAX_MS) call.run(STEP_MS);
  const ended = caller.over ? "" : call.ended || "too long";
  const heard = {
    heard: (fromMs: number, toMs: number) => call.heard(fromMs, toMs),
    firstHeardAfter: (fromMs: number) => call.playout.firstHeardAfter(fromMs, call.nowMs),
  };
  const log = logOf(seed, caller, heard, 0, call.conversation, ended);
  if (call.ended === "") call.hangUp();
  return log;
}
