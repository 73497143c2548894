/**
 * A call of two questions that something happens to at a random moment: how much silence that added,
 * and which words were lost, on either side.
 *
 * @module
 */

import type { FaultBrain } from "../../tests/faults/fault_brain.ts";
import { type Asked, FaultCall, wordsOfCaller } from "../../tests/faults/fault_call.ts";
import { ANSWER_WORDS, type HeardAnswer } from "../../tests/faults/words.ts";
import type { Line } from "../../tests/calls/line.ts";
import type { Random } from "../vad/random.ts";

/** From the first frame to the end of the second answer, if nothing happens; ms. */
const CALL_MS = 11_500;
/** The longest wait for an answer: more than anything that is owed may take. */
const PATIENCE_MS = 12_000;
/** A caller waits so long before the next question. */
const THINK_MS = [200, 600] as const;

/** Where a call is made. */
export interface Place {
  readonly line: Line;
  readonly brain: FaultBrain;
}

/** A place, until it is closed. */
export interface OpenPlace extends Place {
  close(): Promise<void>;
}

/** What happens to a call while it goes on. */
export type Strike = (call: FaultCall, place: Place) => void | Promise<void>;

/** What became of a call. */
export interface Measured {
  /** Whether all questions were answered to their end. */
  readonly lived: boolean;
  /** How long the caller waited for the greeting and for each answer, ms; NaN for one that never came. */
  readonly waitsMs: readonly number[];
  /** Silence inside of answers, ms. */
  readonly gapsMs: number;
  /** Words: the agent's that were never heard, and the caller's that whoever answered did not know. */
  readonly agentLost: number;
  readonly callerLost: number;
  /** The agent's words that were heard twice, and the caller's that the brain was told twice. */
  readonly agentTwice: number;
  readonly callerTwice: number;
  readonly greetings: number;
  /** Links to the brain that the call had. */
  readonly links: number;
}

const sleep = (ms: number) => new Promise<void>((go) => setTimeout(go, ms));

/** @param strike Happens at a moment that `random` draws; null for a call that nothing happens to. */
export async function measureCall(
  place: Place,
  random: Random,
  strike: Strike | null,
): Promise<Measured> {
  const { line, brain } = place;
  const call = new FaultCall(line.phone);
  const strikeAtMs = random.between(0, CALL_MS);
  const pausesMs = [random.between(...THINK_MS), random.between(...THINK_MS)];
  await call.dial();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let struck: void | Promise<void> = undefined;
  if (strike) timer = setTimeout(() => struck = strike(call, place), strikeAtMs);
  await call.heard(0, ANSWER_WORDS, PATIENCE_MS);
  for (const pauseMs of pausesMs) {
    await sleep(pauseMs);
    if (call.phone.end) break;
    const { question } = call.ask();
    await call.heard(question, ANSWER_WORDS, PATIENCE_MS);
  }
  clearTimeout(timer);
  await struck;
  const greeting = call.answerTo(0);
  const answers = call.asked.map(({ question }) => call.answerTo(question));
  await call.phone.hangUp();
  const waitsMs = [greeting ? greeting.fromMs - call.startedAtMs : NaN];
  call.asked.forEach((asked, i) => {
    const answer = answers[i];
    waitsMs.push(answer ? answer.fromMs - asked.endedAtMs : NaN);
  });
  const all = [greeting, ...answers];
  const words = call.asked.map((asked) => told(brain, asked));
  const sum = <T>(list: readonly T[], of: (one: T) => number) =>
    list.reduce((total, one) => total + of(one), 0);
  return {
    lived: answers.length === pausesMs.length && all.every((answer) => answer && whole(answer)),
    waitsMs,
    gapsMs: sum(all, (answer) => answer?.silenceMs ?? 0),
    agentLost: sum(
      all,
      (answer) => answer ? answer.times.filter((n) => n === 0).length : ANSWER_WORDS,
    ),
    agentTwice: sum(all, (answer) => answer ? answer.times.filter((n) => n > 1).length : 0),
    callerLost: sum(words, ({ lost }) => lost),
    callerTwice: sum(words, ({ twice }) => twice),
    greetings: greeting ? Math.max(...greeting.times) : 0,
    links: brain.links.filter(({ known }) => known.has(call.number)).length,
  };
}

const whole = ({ times }: HeardAnswer) => times.every((n) => n > 0);

/** What whoever began the answer knew of the question. */
function told({ counting }: FaultBrain, asked: Asked): { lost: number; twice: number } {
  const known = counting.answers.findLast(({ question }) => question === asked.question);
  return wordsOfCaller(asked, known?.frames ?? new Map());
}
