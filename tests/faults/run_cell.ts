/**
 * One call, one fault, one moment: what the caller heard, and what was kept.
 *
 * @module
 */

import { poll } from "../../cli/phone/wait.ts";
import type { Line } from "../calls/line.ts";
import { type Fault, HARMLESS, type Moment, type Outcome } from "./cells.ts";
import { type Asked, FaultCall, nextQuestion, wordsOfCaller } from "./fault_call.ts";
import type { FaultBrain, FaultLink } from "./fault_brain.ts";
import { ANSWER_WORDS, type HeardAnswer } from "./words.ts";

/** Nothing that is owed may take longer than this; a hang is an outcome too. */
const PATIENCE_MS = 12_000;
/** Into a question of 1.8 s. */
const LISTENING_MS = 800;
const SPEAKING_WORDS = 2;

/** A server, its brain, and how long a caller waits when nothing is wrong. */
export interface Setup {
  readonly line: Line;
  readonly brain: FaultBrain;
  /** Takes over when the first one is of no use. */
  readonly second?: FaultBrain;
  /** From the stream's start to the greeting, and from a question to its answer, ms. */
  readonly healthy: { readonly greetingMs: number; readonly answerMs: number };
}

const sleep = (ms: number) => new Promise<void>((go) => setTimeout(go, ms));

/** Questions that the brain answers with a goodbye. */
const goodbyes = new Set<number>();
export const isGoodbye = (question: number): boolean => goodbyes.has(question);

/** What a caller waits when nothing is wrong. */
export async function measureHealthy(line: Line): Promise<Setup["healthy"]> {
  const call = new FaultCall(line.phone);
  await call.dial();
  if (!await call.heard(0, ANSWER_WORDS, PATIENCE_MS)) throw new Error("No greeting");
  const asked = call.ask();
  if (!await call.heard(asked.question, 1, PATIENCE_MS)) throw new Error("No answer");
  const greetingMs = call.answerTo(0)!.fromMs - call.startedAtMs;
  const answerMs = call.answerTo(asked.question)!.fromMs - asked.endedAtMs;
  await call.phone.hangUp();
  return { greetingMs, answerMs };
}

/** Breaks a link, or the way to it. */
function strike(fault: Fault, link: FaultLink | undefined, brain: FaultBrain): void {
  if (fault.upgrade) {
    if (fault.always) brain.refuseAll(fault.upgrade);
    else brain.refuse(fault.upgrade);
    link?.break("drop");
  } else if (fault.link === "expired") link!.expire();
  else link!.break(fault.link!);
}

/**
 * A call whose first link fails. Only one at a time may do this with a brain.
 *
 * @param settled Runs when another call may begin: the link that was to fail has failed.
 */
export async function connecting(
  setup: Setup,
  fault: Fault,
  settled: () => void = () => {},
): Promise<Outcome> {
  const { line, brain } = setup;
  const call = new FaultCall(line.phone);
  const linksBefore = brain.links.length;
  if (fault.upgrade) strike(fault, undefined, brain);
  else brain.onNextLink((link) => strike(fault, link, brain));
  await call.dial();
  // Another call's first link must not be taken for the one that replaces this.
  const links = HARMLESS.has(fault.link) ? 1 : 2;
  const replaced = () => brain.links.length >= linksBefore + links || call.phone.end;
  void poll(() => replaced() ? true : null, 4000, () => "").catch(() => {}).then(settled);
  await call.heard(0, ANSWER_WORDS, PATIENCE_MS);
  const greeting = call.answerTo(0);
  return await conclude(setup, fault, "connecting", call, {
    answer: greeting,
    addedMs: greeting ? greeting.fromMs - call.startedAtMs - setup.healthy.greetingMs : NaN,
  });
}

/** A call that is broken in its midst. */
export async function broken(
  setup: Setup,
  fault: Fault,
  moment: Exclude<Moment, "connecting">,
): Promise<Outcome> {
  const { line, brain } = setup;
  const call = new FaultCall(line.phone);
  await call.dial();
  if (!await call.heard(0, ANSWER_WORDS, PATIENCE_MS)) throw new Error("No greeting");
  const question = nextQuestion();
  if (moment === "closing") goodbyes.add(question);
  const asked = call.ask("question_open", question);
  await until(moment, call, asked, brain);
  strike(fault, brain.linkOf(call.number), brain);
  await call.heard(question, ANSWER_WORDS, PATIENCE_MS);
  const answer = call.answerTo(question);
  // What was said before the fault is not late.
  const late = moment === "listening" || moment === "thinking";
  const addedMs = answer && late ? answer.fromMs - asked.endedAtMs - setup.healthy.answerMs : 0;
  return await conclude(setup, fault, moment, call, {
    asked,
    answer,
    addedMs: answer ? addedMs : NaN,
  });
}

/** Waits until the moment has come. */
async function until(
  moment: Moment,
  call: FaultCall,
  { question, said }: Asked,
  brain: FaultBrain,
): Promise<void> {
  if (moment === "listening") return await sleep(LISTENING_MS);
  await said;
  if (moment === "thinking") {
    const begun = () => brain.counting.answers.some((one) => one.question === question);
    return void await call.phone.waitFor(begun, PATIENCE_MS, "the brain to think");
  }
  await call.heard(question, SPEAKING_WORDS, PATIENCE_MS);
  if (moment === "speaking") return;
  const link = brain.linkOf(call.number)!;
  const complete = () => link.said.filter(({ type }) => type === "response.done").length >= 2;
  await call.phone.waitFor(complete, PATIENCE_MS, "the goodbye to be complete");
  // What was said last is on its way.
  await sleep(50);
}

interface Sofar {
  readonly asked?: Asked;
  readonly answer: HeardAnswer | undefined;
  readonly addedMs: number;
}

/** Asks once more, if there is somebody to ask, and writes down what came of it all. */
async function conclude(
  { line, brain, second }: Setup,
  fault: Fault,
  moment: Moment,
  call: FaultCall,
  { asked, answer, addedMs }: Sofar,
): Promise<Outcome> {
  const { phone } = call;
  let lives = answer !== undefined && answer.times.every((times) => times > 0);
  let last: Asked | undefined;
  if (moment === "closing" || phone.end) {
    await phone.waitFor(() => phone.end, PATIENCE_MS, "the end").catch(() => {});
  } else {
    last = call.ask("question_order");
    lives = await call.heard(last.question, ANSWER_WORDS, PATIENCE_MS) && lives;
  }
  const phrases = call.phrases();
  const endedBy = phone.end?.by ?? "caller";
  await phone.hangUp();
  let lost = 0, twice = 0;
  for (const times of answer?.times ?? Array(ANSWER_WORDS).fill(0)) {
    if (times === 0) lost++;
    if (times > 1) twice++;
  }
  let callerLost = 0, callerTwice = 0;
  for (const one of [asked, last]) {
    if (!one) continue;
    // Whoever began the answer had to know the whole question.
    const begun = [...brain.counting.answers, ...second?.counting.answers ?? []];
    const known = begun.findLast(({ question }) => question === one.question);
    const words = wordsOfCaller(one, known?.frames ?? new Map());
    callerLost += words.lost;
    callerTwice += words.twice;
  }
  return {
    fault,
    moment,
    lives,
    endedBy,
    phrases,
    silenceMs: Math.max(0, addedMs) + (answer?.silenceMs ?? 0),
    lost,
    twice,
    againMs: answer?.againMs ?? 0,
    callerLost,
    callerTwice,
    logged: loggedOf(line, phone.callSid),
  };
}

/** Warnings and errors with the call's id, each sentence once, with its code. */
function loggedOf({ server }: Line, callId: string): string[] {
  const found = new Set<string>();
  for (const text of server.output().split("\n")) {
    if (!text.includes(callId) || !/"level":"(warn|error)"/.test(text)) continue;
    const line = JSON.parse(text) as { message: string; code?: string };
    found.add(line.code ? `${line.message} (${line.code})` : line.message);
  }
  return [...found];
}
