/**
 * What can go wrong between the caller's phone and us, and when.
 *
 * @module
 */

import { poll } from "../../cli/phone/wait.ts";
import { liveCalls } from "../calls/live_calls.ts";
import type { Line } from "../calls/line.ts";
import { lineTo } from "../calls/line.ts";
import type { Target } from "../server.ts";
import { startFaultBrain } from "./fault_brain.ts";
import { FaultCall } from "./fault_call.ts";
import { type LinkFault, rudePhone } from "./rude_socket.ts";
import { ANSWER_WORDS } from "./words.ts";

export const LEG_MOMENTS = ["listening", "thinking", "speaking"] as const;
export type LegMoment = typeof LEG_MOMENTS[number];

export interface LegFault {
  readonly name: string;
  readonly fault: LinkFault;
  /** It is over after this; absent for one that stays. */
  readonly forMs?: number;
  /** Whether there is a call afterwards. */
  readonly goesOn: boolean;
  /** Twilio asks our webhook again, and the call goes on over another stream. */
  readonly again?: boolean;
  /** What the caller said meanwhile may be lost: it never reached us. */
  readonly losesVoice?: boolean;
}

export const LEG_FAULTS: readonly LegFault[] = [
  { name: "stream gone (FIN)", fault: "drop", goesOn: true, again: true },
  { name: "stream reset (RST)", fault: "reset", goesOn: true, again: true },
  { name: "stream half closed", fault: "half-close", goesOn: true, again: true },
  { name: "a frame that no WebSocket sends", fault: "garbage", goesOn: true, again: true },
  {
    name: "nothing is sent for 1.2 s",
    fault: "stall",
    forMs: 1200,
    goesOn: true,
    losesVoice: true,
  },
  { name: "everything 700 ms late", fault: "delay", goesOn: true },
  { name: "everything twice for 1 s", fault: "duplicate", forMs: 1000, goesOn: true },
  {
    name: "every third message cut off for 1 s",
    fault: "corrupt",
    forMs: 1000,
    goesOn: true,
    losesVoice: true,
  },
  { name: "nothing is read for 1 s", fault: "never-read", forMs: 1000, goesOn: true },
  { name: "dead: nothing is read or sent", fault: "never-read", goesOn: false },
];

/** What became of a call. */
export interface LegOutcome {
  readonly fault: LegFault;
  readonly moment: LegMoment;
  /** The next question was answered to its end. */
  readonly goesOn: boolean;
  /** The answer in whose making or hearing it happened: words never heard. */
  readonly lost: number;
  /** Until the server had let go of the call, ms; 0 when it goes on. */
  readonly freedMs: number;
  /** From the fault to the stream that took over, ms; 0 when there was none. */
  readonly againMs: number;
}

const PATIENCE_MS = 12_000;
/** A leg that can be lost without a word must not hold a place for longer. */
const FREED_MS = 30_000;
const sleep = (ms: number) => new Promise<void>((go) => setTimeout(go, ms));

/** Whether the server still has the call. */
async function holds(line: Line, callSid: string): Promise<boolean> {
  const response = await fetch(`${line.server.url}/calls/${callSid}`);
  const call = await response.json() as { endedAtMs?: number | null; endReason?: string | null };
  return response.ok && !call.endReason;
}

async function run(line: Line, fault: LegFault, moment: LegMoment): Promise<LegOutcome> {
  const call = new FaultCall(line.phone);
  await call.dial();
  if (!await call.heard(0, ANSWER_WORDS, PATIENCE_MS)) throw new Error("No greeting");
  const rude = rudePhone(call.phone.stream);
  const { question, said } = call.ask();
  if (moment === "listening") await sleep(700);
  else {
    await said;
    if (moment === "thinking") await sleep(300);
    else await call.heard(question, 2, PATIENCE_MS);
  }
  const atMs = performance.now();
  rude.break(fault.fault);
  if (fault.forMs !== undefined) {
    await sleep(fault.forMs);
    rude.heal();
  }
  let goesOn = false, freedMs = 0;
  if (fault.goesOn) {
    await call.heard(question, ANSWER_WORDS, PATIENCE_MS);
    const next = call.phone.end ? null : call.ask("question_order");
    goesOn = next !== null && await call.heard(next.question, ANSWER_WORDS, PATIENCE_MS);
  } else {
    while (await holds(line, call.phone.callSid)) {
      if (performance.now() - atMs > FREED_MS) break;
      await sleep(50);
    }
    freedMs = performance.now() - atMs;
  }
  const times = call.answerTo(question)?.times ?? Array(ANSWER_WORDS).fill(0);
  const again = call.phone.streams[1];
  rude.heal();
  call.phone.stream.drop();
  await call.phone.hangUp();
  const lost = times.filter((n) => n === 0).length;
  const againMs = again ? again.openedAtMs - atMs : 0;
  return { fault, moment, goesOn, lost, freedMs, againMs };
}

/** What is not as it should be. */
export function legProblems({ fault, goesOn, lost, freedMs, againMs }: LegOutcome): string[] {
  const problems: string[] = [];
  if (fault.again !== undefined && againMs === 0) problems.push("no second stream");
  if (goesOn !== fault.goesOn) problems.push(goesOn ? "the call went on" : "the call was lost");
  if (fault.goesOn && !fault.losesVoice && lost > 0) problems.push(`${lost} words lost`);
  if (!fault.goesOn && freedMs >= FREED_MS) problems.push("the place was not freed");
  return problems;
}

export interface LegCell {
  readonly fault: LegFault;
  readonly moment: LegMoment;
  readonly outcome: LegOutcome | Error;
}

/** All cells at once on one server; at the end nothing of them is left there. */
export async function runLegMatrix(target: Target): Promise<LegCell[]> {
  const brain = await startFaultBrain({ thinkMs: 400, streamRate: 4 });
  const line = await lineTo(target, brain.url, { EARSHOT_TRANSCRIBE: "gpt-realtime-whisper" });
  try {
    const cells = await Promise.all(
      LEG_FAULTS.flatMap((fault) =>
        LEG_MOMENTS.map(async (moment): Promise<LegCell> => {
          const outcome = await run(line, fault, moment).catch((error) => error as Error);
          return { fault, moment, outcome };
        })
      ),
    );
    let left = await liveCalls(line.server);
    const counted = () =>
      left === 0 ? true : (void liveCalls(line.server).then((n) => left = n), null);
    await poll(counted, 5000, () => `the last ${left} calls to be let go`, 100);
    return cells;
  } finally {
    await line.close();
    await brain.close();
  }
}
