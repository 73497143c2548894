/**
 * Everything that can happen next in a world, each with a name, so that a path through it can be
 * read, repeated and kept.
 *
 * @module
 */

import type { CallEvent } from "../../call/state.ts";
import { activeOf, commitHeard, type Fault, finish, speak, takeRequest } from "./brain_moves.ts";
import {
  type Down,
  hear,
  hearInBuffer,
  isClosed,
  playingOf,
  type Said,
  say,
  takeAudio,
  tell,
  type World,
} from "./world.ts";

export interface Budget {
  /** How much the caller may still say, and how often the brain may still fail. */
  says: number;
  faults: number;
}

export interface Move<S> {
  readonly name: string;
  readonly fault?: boolean;
  readonly says?: boolean;
  run(w: World<S>): void;
}

const voiceOf = <S>(w: World<S>): Said | undefined => w.said.find((said) => !said.finished);

/** `nowMs` goes on, but no further than to the next deadline: who is late for that is a move. */
function pass<S>(w: World<S>, ms: number): void {
  w.nowMs += ms;
}

/** What is on its way longer than this is a fault of the world. */
const MAX_LAG_MS = 1500;

/** Whether `ms` may pass before a timer has to run, or a message to arrive. */
function canPass<S>(w: World<S>, ms: number): boolean {
  const sentAtMs = [w.ready ? w.upAtMs[0] : undefined, w.downAtMs[0]];
  if (w.ready && w.settings.turns !== "local") sentAtMs.push(unheardByBrain(w)?.onsetMs);
  if (sentAtMs.some((atMs) => atMs !== undefined && w.nowMs + ms > atMs + MAX_LAG_MS)) return false;
  const next = w.subject.next(w.state);
  return next === null || next.atMs > w.nowMs + ms;
}

/** The caller opens their mouth. */
function begins<S>(w: World<S>, kind: Said["kind"]): void {
  pass(w, 60);
  const open = activeOf(w) !== undefined || w.down.some((m) => m.type === "response_created");
  const leftMs = w.pieces.reduce((sum, p) => sum + p.receivedMs - p.heardMs, 0);
  w.said.push({
    id: ++w.ids,
    kind,
    onsetMs: w.nowMs - 50,
    voiced: true,
    finished: false,
    endMs: 0,
    guarded: kind === "cough" && w.audible && !w.held && w.pieces.some((p) => p.heardMs > 0) &&
      (open || leftMs > 800) && w.said.every(({ endMs }) => endMs < w.nowMs - 700),
    items: [],
    answeredBy: [],
  });
  voice(w);
}

/** The voice is to be heard: by our detector at once, by the brain's when it wakes up. */
function voice<S>(w: World<S>): void {
  const said = voiceOf(w)!;
  said.voiced = true;
  if (w.settings.turns === "local" && w.uplinkOpen) hearInBuffer(w, said);
  tell(w, { type: "caller_started", by: "local", onsetMs: w.nowMs - 50 });
}

export function moves<S>(w: World<S>, budget: Budget): Move<S>[] {
  if (isClosed(w)) return [];
  const list: Move<S>[] = [];
  const add = (name: string, run: (w: World<S>) => void, more: Partial<Move<S>> = {}) =>
    list.push({ name, run, ...more });
  if (!w.ready) {
    add("the session stands", ready);
  }
  if (w.down.length > 0) add(`hears of ${describe(w.down[0]!)}`, deliver);
  if (w.up.length > 0 && w.ready) {
    add(`the brain takes ${w.up[0]!.type}`, (w) => takeRequest(w, "none"));
    if (budget.faults > 0 && w.up[0]!.type === "create_response") {
      for (const fault of ["refuses", "ignores", "stalls", "fails", "empties"] as Fault[]) {
        add(`the brain ${fault} it`, (w) => takeRequest(w, fault), { fault: true });
      }
    }
  }
  addAnswers(w, add);
  addCaller(w, budget, add);
  addDetector(w, budget, add);
  if (w.audible && !w.held) {
    add("700 ms are heard", (w) => (pass(w, 10), hear(w, 700)));
    add("all is heard", (w) => (pass(w, 10), hear(w, Infinity)));
  }
  const next = w.subject.next(w.state);
  // A cough is over before anything else can be.
  const said = voiceOf(w);
  const coughs = said?.kind === "cough" && said.voiced;
  const isDue = next && !/limit/.test(next.name) && !(coughs && next.atMs > w.nowMs + 250);
  if (isDue && (budget.faults > 0 || !isLate(w))) {
    add(`time for ${next.name}`, ring, { fault: isLate(w) });
  }
  return list;
}

/** Time passes while something is on its way, or the brain's detector sleeps: a fault of the world. */
function isLate<S>(w: World<S>): boolean {
  if (!w.ready) return false;
  return w.down.length > 0 || w.up.length > 0 ||
    (w.settings.turns !== "local" && unheardByBrain(w) !== undefined);
}

type Add<S> = (name: string, run: (w: World<S>) => void, more?: Partial<Move<S>>) => void;

function addAnswers<S>(w: World<S>, add: Add<S>): void {
  const active = activeOf(w);
  if (!active || active.stalled) return;
  if (active.audioMs < 2400) add("the brain speaks", (w) => speak(w, activeOf(w)!, 1200));
  if (active.audioMs > 0) add("the brain is done", (w) => finish(w, activeOf(w)!, false));
}

function addCaller<S>(w: World<S>, budget: Budget, add: Add<S>): void {
  const said = voiceOf(w);
  if (!said) {
    if (budget.says <= 0) return;
    if (canPass(w, 60)) {
      add("the caller asks", (w) => begins(w, "question"), { says: true });
      add("the caller coughs", (w) => begins(w, "cough"), { says: true });
    }
    add("the caller types", types, { says: true });
    return;
  }
  if (said.voiced) {
    if (canPass(w, lengthMs(said)) && !isDoubted(w, said)) add("the caller pauses", pauses);
  } else {
    if (said.kind === "question" && canPass(w, 60)) add("the caller goes on", goesOn);
    if (canPass(w, 40)) add("the caller is done", stops);
  }
}

/**
 * Words over what the caller has begun to hear last until they are believed: shorter ones can't be
 * told from a cough, unless hardly anything is left to be heard.
 */
export function isDoubted<S>(w: World<S>, said: Said): boolean {
  if (!w.held || said.kind === "cough") return false;
  const begun = w.phrases > 0 || w.pieces.some(({ heardMs }) => heardMs > 0);
  const leftMs = w.pieces.reduce((sum, p) => sum + p.receivedMs - p.heardMs, 0);
  return begun && (leftMs > 550 || !w.complete || w.phrases > 0);
}

/** From the onset that our detector told of to its pause: words take longer than a cough. */
const lengthMs = ({ kind }: Said) => kind === "cough" ? 250 : 600;

export function pauses<S>(w: World<S>): void {
  pass(w, lengthMs(voiceOf(w)!));
  const said = voiceOf(w)!;
  said.voiced = false;
  // At the very end of an answer, a sound may well be meant.
  const leftMs = w.pieces.reduce((sum, p) => sum + p.receivedMs - p.heardMs, 0);
  if (w.complete && leftMs <= 650) said.guarded = false;
  tell(w, { type: "caller_paused", endMs: w.nowMs - 160, playing: playingOf(w) });
}

function goesOn<S>(w: World<S>): void {
  pass(w, 60);
  const said = voiceOf(w)!;
  said.voiced = true;
  if (w.settings.turns === "local" && w.uplinkOpen) hearInBuffer(w, said);
  tell(w, { type: "caller_resumed", playing: playingOf(w) });
}

export function stops<S>(w: World<S>): void {
  const said = voiceOf(w)!;
  pass(w, 40);
  said.voiced = false;
  said.finished = true;
  said.endMs = w.nowMs;
  tell(w, { type: "caller_stopped", by: "local", endMs: w.nowMs - 200, playing: playingOf(w) });
}

function types<S>(w: World<S>): void {
  const id = ++w.ids;
  w.said.push({
    id,
    kind: "typed",
    onsetMs: w.nowMs,
    voiced: false,
    finished: true,
    endMs: w.nowMs,
    guarded: false,
    items: [],
    answeredBy: [],
  });
  tell(w, { type: "caller_wrote", ref: id, playing: playingOf(w) });
}

/** What was said and no item holds yet: the brain's detector has still to hear it. */
export function unheardByBrain<S>(w: World<S>): Said | undefined {
  return w.said.find((said) =>
    said.kind !== "typed" && said.items.length === 0 && !w.brain.buffer.includes(said.id)
  );
}

function addDetector<S>(w: World<S>, budget: Budget, add: Add<S>): void {
  if (w.settings.turns === "local" || !w.ready) return;
  if (unheardByBrain(w)) add("the brain hears a voice", brainHears);
  if (w.brain.item === "") return;
  add("the brain hears the end", (w) => commitHeard(w, "none"));
  if (budget.faults === 0) return;
  for (const fault of ["ignores", "stalls", "fails", "silent_refusal"] as Fault[]) {
    add(`the brain hears the end and ${fault}`, (w) => commitHeard(w, fault), { fault: true });
  }
}

export function brainHears<S>(w: World<S>): void {
  const said = unheardByBrain(w)!;
  hearInBuffer(w, said);
  if (w.brain.item !== "") return;
  w.brain.item = `i${++w.ids}`;
  say(w, {
    type: "caller_started",
    by: "brain",
    onsetMs: said.onsetMs,
    itemId: w.brain.item,
  });
}

export function ready<S>(w: World<S>): void {
  w.ready = true;
  if (w.settings.turns === "local" && w.uplinkEver) {
    for (const said of w.said) if (said.kind !== "typed") hearInBuffer(w, said);
  }
  tell(w, { type: "brain_ready" });
}

/** The oldest thing that the brain said arrives. */
export function deliver<S>(w: World<S>): void {
  const said = w.down.shift()!;
  w.downAtMs.shift();
  pass(w, 5);
  if (said.type === "audio") return takeAudio(w, said.responseId, said.itemId, said.ms);
  if (said.type === "response_done" && w.subject.wants(w.state, said.responseId)) w.complete = true;
  tell(w, "playing" in said ? { ...said, playing: playingOf(w) } as CallEvent : said);
}

/** The next deadline comes; by then, what plays has been heard. */
export function ring<S>(w: World<S>): void {
  const next = w.subject.next(w.state)!;
  w.nowMs = Math.max(w.nowMs, next.atMs);
  tell(w, w.subject.timer(w.state, next.name, playingOf(w)));
  w.seen.add(`timer_${next.name}`);
}

function describe(message: Down): string {
  return message.type.replaceAll("_", " ");
}
