/**
 * What ordinary callers do. Each behaviour is a little play of one or two questions; a conversation
 * is an opening and nine of them.
 *
 * @module
 */

import type { SpeechName } from "../../../tests/speech/speech.ts";
import type { CallerItem } from "../caller_audio.ts";
import {
  type LifeCaller,
  type Need,
  OVER_MS,
  type Plot,
  type Probe,
  type Steps,
  type Utterance,
} from "./caller.ts";

/** Who hears nothing for so long has heard silence. */
export const SILENT_MS = 12_000;
const LONGEST_ANSWER_MS = 20_000;
/** Who has said hello expects something within this much silence. */
const PATIENT_MS = 3000;
/** Whoever has heard less than 200 ms of an answer has not heard it. */
const WORD_FRAMES = 10;
const QUESTIONS: readonly SpeechName[] = ["question_open", "question_hear", "question_order"];

function* until(c: LifeCaller, probe: Probe, timeoutMs: number): Plot {
  const endMs = c.nowMs + timeoutMs;
  const enough = () => c.nowMs >= endMs || probe();
  if (!enough()) yield enough;
}

export function* wait(c: LifeCaller, ms: number): Plot {
  yield* until(c, () => false, ms);
}

export function* speak(c: LifeCaller): Plot {
  if (c.speaking) yield () => !c.speaking;
}

/** Whether anything was heard that answers these words. */
function hearsAnswer(c: LifeCaller, need: Need): boolean {
  const last = need.utterances.findLast(({ kind }) => kind === "speech" || kind === "keys");
  if (!last) return true;
  const brain = c.brain();
  if (!brain) return c.lastSoundMs > last.endMs + 100 && c.quietMs < OVER_MS;
  // The newest first, and no closures: this is asked with every frame.
  for (let i = brain.responses.length - 1; i >= 0; i--) {
    const { items, covers } = brain.responses[i]!;
    for (let k = covers.length - 1; k >= 0; k--) {
      if (!holds(covers[k]!, last)) continue;
      if (items.some(({ source }) => (c.heard.get(source) ?? 0) >= WORD_FRAMES)) return true;
      break;
    }
  }
  return false;
}

const holds = ({ frames, text }: CallerItem, { number, kind, what }: Utterance) =>
  frames.has(number) || (kind === "keys" && text.includes(what));

/** Listens to the answer, or gives up. */
export function* listen(c: LifeCaller, need: Need): Plot {
  yield* until(c, () => hearsAnswer(c, need), SILENT_MS);
  yield* until(c, () => c.quietMs > OVER_MS, LONGEST_ANSWER_MS);
}

function* ask(c: LifeCaller, behaviour: string): Plot {
  const need = c.need(behaviour, [c.say(c.random.pick(QUESTIONS))]);
  yield* speak(c);
  yield* listen(c, need);
}

/** Under this name stand the questions that only lead up to something. */
const ASKS_FIRST = "(asks first)";

/** A question whose answer is being heard when it returns. @returns What the agent says. */
function* intoAnswer(c: LifeCaller): Steps<number | null> {
  const need = c.need(ASKS_FIRST, [c.say(c.random.pick(QUESTIONS))]);
  yield* speak(c);
  yield* until(c, () => hearsAnswer(c, need) && c.quietMs < 100, SILENT_MS);
  return c.quietMs < 100 ? c.lastStamp?.source ?? null : null;
}

/** As before, and `ms` before its last word. */
function* intoTail(c: LifeCaller, ms: number): Steps<boolean> {
  if ((yield* intoAnswer(c)) === null) return false;
  yield* until(c, () => c.restMs <= ms || c.quietMs > OVER_MS, LONGEST_ANSWER_MS);
  return c.restMs <= ms;
}

/** Some noise while the agent speaks: it goes on. */
function* noise(c: LifeCaller, behaviour: string, what: SpeechName): Plot {
  const source = yield* intoAnswer(c);
  if (source === null) return;
  // Sooner it may go on with the question; closer to the end it may well be meant as an answer.
  yield* wait(c, c.random.between(1300, 2300));
  if (c.quietMs < 100 && c.restMs > 2900) {
    c.need(behaviour, [c.say(what, "noise")], { wants: "goes_on", over: c.lastStamp!.source });
    yield* speak(c);
  }
  yield* until(c, () => c.quietMs > 2 * OVER_MS, LONGEST_ANSWER_MS);
}

/** Takes the word. */
function* interrupt(c: LifeCaller, behaviour: string, what: SpeechName): Plot {
  if ((yield* intoAnswer(c)) === null) return;
  yield* wait(c, c.random.between(300, 1500));
  const over = c.quietMs < 100 ? c.lastStamp!.source : null;
  const need = c.need(behaviour, [c.say(what)], { over, interrupts: over !== null });
  yield* speak(c);
  yield* listen(c, need);
}

function* uhmThenQuestion(c: LifeCaller, behaviour: string, pauseMs: number): Plot {
  const uhm = c.say("uhm", "filler");
  yield* speak(c);
  yield* wait(c, pauseMs);
  const need = c.need(behaviour, [uhm, c.say(c.random.pick(QUESTIONS))]);
  yield* speak(c);
  yield* listen(c, need);
}

/** ... over the last `restMs` of an answer. */
export function* uhmOverTail(c: LifeCaller, name: string, restMs: number, pauseMs: number): Plot {
  yield* intoTail(c, restMs);
  yield* uhmThenQuestion(c, name, pauseMs);
}

/** One question, and a pause in it. */
export function* inTwoBreaths(c: LifeCaller, name: string, pauseMs: number): Plot {
  const first = c.say("table");
  yield* speak(c);
  yield* wait(c, pauseMs);
  const need = c.need(name, [first, c.say("for_two")]);
  yield* speak(c);
  yield* listen(c, need);
}

type Behaviour = (c: LifeCaller, name: string) => Plot;

/** By the name under which it is scored. */
export const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  plain: ask,
  "in two breaths": (c, name) => inTwoBreaths(c, name, c.random.between(180, 400)),
  hesitates: (c, name) => uhmThenQuestion(c, name, c.random.between(180, 550)),
  "hesitates over the tail": (c, name) =>
    uhmOverTail(c, name, c.random.between(80, 900), c.random.between(180, 550)),
  *"coughs before the answer"(c, name) {
    const question = c.say(c.random.pick(QUESTIONS));
    const need = c.need(name, [question]);
    yield* speak(c);
    yield* wait(c, c.random.between(250, 900));
    // Only while nothing sounds yet.
    if (c.lastSoundMs < question.endMs) need.utterances.push(c.say("cough", "noise"));
    yield* speak(c);
    yield* listen(c, need);
  },
  "coughs over the answer": (c, name) => noise(c, name, "cough"),
  "mm-hm": (c, name) => noise(c, name, "mm_hm"),
  interrupts: (c, name) => interrupt(c, name, c.random.pick(QUESTIONS)),
  "stop, wait": (c, name) => interrupt(c, name, "stop_wait"),
  *"yes after the last word"(c, name) {
    yield* intoTail(c, 40);
    yield* wait(c, c.random.between(120, 500));
    const need = c.need(name, [c.say("yes")]);
    yield* speak(c);
    yield* listen(c, need);
  },
  *"yes before the last word"(c, name) {
    yield* intoTail(c, c.random.between(60, 300));
    const need = c.need(name, [c.say("yes")]);
    yield* speak(c);
    yield* listen(c, need);
  },
  *keys(c, name) {
    if (c.random.next() < 0.3) {
      yield* intoAnswer(c);
      yield* wait(c, c.random.between(200, 800));
    }
    const digits = String(100 + c.random.index(900));
    const need = c.need(name, [c.press(digits)]);
    yield* listen(c, need);
  },
  *"speaks late"(c, name) {
    yield* wait(c, c.random.between(4000, 9000));
    yield* ask(c, name);
  },
};

/** Listens to the greeting to its end. */
export function* greeting(c: LifeCaller): Plot {
  yield* until(c, () => c.lastSoundMs > 0, SILENT_MS);
  yield* until(c, () => c.quietMs > OVER_MS, LONGEST_ANSWER_MS);
}

/** How a call may begin. */
export const OPENINGS: Readonly<Record<string, Behaviour>> = {
  *greeted(c, name) {
    yield* greeting(c);
    yield* ask(c, name);
  },
  *"hello before the greeting"(c, name) {
    yield* wait(c, c.random.between(100, 600));
    const into = c.lastSoundMs > 0;
    const need = c.need(name, [c.say("hello")], { wants: into ? "either" : "any" });
    yield* speak(c);
    yield* listen(c, need);
    yield* until(c, () => c.quietMs > 2 * OVER_MS, LONGEST_ANSWER_MS);
  },
  *"hello into the greeting"(c, name) {
    yield* until(c, () => c.lastSoundMs > 0, SILENT_MS);
    yield* wait(c, c.random.between(100, 600));
    const over = c.lastStamp?.source ?? null;
    const need: Need = c.need(name, [c.say("hello")], { wants: "either", over });
    yield* speak(c);
    // They can't know whether they were heard: the greeting may be over, or an answer come.
    yield* until(c, () => hearsAnswer(c, need) || c.quietMs > PATIENT_MS, SILENT_MS);
    yield* until(c, () => c.quietMs > OVER_MS, LONGEST_ANSWER_MS);
  },
  "speaks at once": ask,
};

/** Listens to the greeting, then behaves so, one after the other. */
export function* greeted(c: LifeCaller, names: readonly string[]): Plot {
  yield* greeting(c);
  for (const name of names) yield* BEHAVIOURS[name]!(c, name);
}

const WEIGHTS: Readonly<Record<string, number>> = { plain: 2 };
const QUESTIONS_A_CALL = 10;

/** The behaviours of one conversation; `only` repeats a single one. */
export function* life(c: LifeCaller, only: string | null): Plot {
  const opening = only && only in OPENINGS ? only : c.random.pick(Object.keys(OPENINGS));
  yield* OPENINGS[only && !(only in OPENINGS) ? "greeted" : opening]!(c, opening);
  const bag = Object.keys(BEHAVIOURS).flatMap((name) =>
    Array.from({ length: WEIGHTS[name] ?? 1 }, () => name)
  );
  const names = only && only in BEHAVIOURS ? bag.map(() => only) : c.random.shuffled(bag);
  for (const name of names) {
    if (c.needs.length >= QUESTIONS_A_CALL) return;
    yield* wait(c, c.random.between(300, 1500));
    yield* BEHAVIOURS[name]!(c, name);
  }
}
