/**
 * A call of the soak: about half a minute of questions, now and then over the answer, and for a few of
 * them a fault.
 *
 * @module
 */

import type { FaultBrain } from "../../tests/faults/fault_brain.ts";
import { FaultCall } from "../../tests/faults/fault_call.ts";
import { type LinkFault, rudePhone } from "../../tests/faults/rude_socket.ts";
import { ANSWER_WORDS } from "../../tests/faults/words.ts";
import type { Line } from "../../tests/calls/line.ts";
import type { SpeechName } from "../../tests/speech/speech.ts";
import type { Random } from "../vad/random.ts";

/** A greeting or an answer that takes longer has failed. */
const PATIENCE_MS = 6000;
const QUESTIONS: readonly SpeechName[] = ["question_open", "question_hear", "question_order"];
/** A caller who breaks in does so over the answer's first words. */
const BARGE_IN_RATE = 0.3, BARGE_IN_WORD = 2;

/** On the brain's side, and on the caller's. */
const BRAIN_FAULTS: readonly LinkFault[] = ["drop", "reset", "close", "half-close", "stall"];
const PHONE_FAULTS: readonly LinkFault[] = ["drop", "reset", "half-close", "never-read"];

export interface SoakCall {
  readonly faulty: boolean;
  /** Why it was not served as it should have been; empty when it was. */
  readonly failure: string;
  /** From the end of each question to the end of the answer's first word, and when that was. */
  readonly waits: readonly { readonly ms: number; readonly atMs: number }[];
}

export const sleep = (ms: number): Promise<void> => new Promise((go) => setTimeout(go, ms));

/** @param until No new question is asked after this; ms of the phone's clock. */
export async function soakCall(
  line: Line,
  brain: FaultBrain,
  random: Random,
  lengthMs: number,
  faulty: boolean,
): Promise<SoakCall> {
  const call = new FaultCall(line.phone);
  const waits: { ms: number; atMs: number }[] = [];
  const untilMs = performance.now() + lengthMs;
  const done = async (failure: string): Promise<SoakCall> => {
    clearTimeout(strike);
    await call.phone.hangUp();
    return { faulty, failure, waits };
  };
  let strike: ReturnType<typeof setTimeout> | undefined;
  try {
    await call.dial();
  } catch (error) {
    return await done((error as Error).message);
  }
  if (faulty) strike = setTimeout(() => fail(call, brain, random), random.between(0, lengthMs));
  if (!await call.heard(0, 1, PATIENCE_MS)) return await done(`no greeting: ${told(call)}`);
  while (performance.now() < untilMs) {
    await sleep(random.between(300, 2500));
    if (call.phone.end) return await done(`ended: ${told(call)}`);
    const asked = call.ask(random.pick(QUESTIONS));
    const bargesIn = random.next() < BARGE_IN_RATE;
    if (!await call.heard(asked.question, 1, PATIENCE_MS)) {
      return await done(`no answer: ${told(call)}`);
    }
    const atMs = call.heardAtMs(asked.question, 1);
    waits.push({ ms: atMs - asked.endedAtMs, atMs });
    await call.heard(asked.question, bargesIn ? BARGE_IN_WORD : ANSWER_WORDS, PATIENCE_MS);
  }
  return await done(call.phone.end ? `ended: ${told(call)}` : "");
}

/** The kind of failure, without what differs from call to call. */
function told({ phone }: FaultCall): string {
  return phone.end ? `ended by ${phone.end.by}` : "still on the line";
}

function fail(call: FaultCall, brain: FaultBrain, random: Random): void {
  if (call.phone.end) return;
  if (random.next() < 0.6) brain.linkOf(call.number)?.break(random.pick(BRAIN_FAULTS));
  else rudePhone(call.phone.stream).break(random.pick(PHONE_FAULTS));
}
