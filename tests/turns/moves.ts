/**
 * Everything that can happen next in a world, each with a name, so that a path through it can be
 * read, repeated and kept.
 *
 * @module
 */

import type { CallEvent } from "../../call/turns/events.ts";
import {
  activeOf,
  callTool,
  commitHeard,
  type Fault,
  finish,
  neverEnds,
  saysAll,
  speak,
  takeRequest,
} from "./brain_moves.ts";
import {
  begins,
  brainHears,
  goesOn,
  isDoubted,
  lengthMs,
  maybeDone,
  mayBeMeant,
  mutters,
  pass,
  pauses,
  stops,
  types,
  unheardByBrain,
} from "./caller_moves.ts";
import { tell } from "./effects.ts";
import { hear, takeAudio } from "./hearing.ts";
import { breaksOff, mayRotate, resumes, rotates, stands } from "./session_moves.ts";
import { isClosed, leftMs, playingOf, responseOf, voiceOf, type World } from "./world.ts";

export interface Budget {
  /** How much the caller may still say, and how often the brain may still fail. */
  says: number;
  faults: number;
  /** How often the brain may call a tool. */
  tools: number;
}

export interface Move<S> {
  readonly name: string;
  readonly spends?: keyof Budget;
  run(w: World<S>): void;
}

type Add<S> = (name: string, run: (w: World<S>) => void, spends?: keyof Budget) => void;

/** What is on its way longer than this is a fault of the world. */
const MAX_LAG_MS = 1500;
/** No detector wakes up later than this to a voice: it never does then. */
const MAX_DETECTOR_LAG_MS = 3000;

export function moves<S>(w: World<S>, budget: Budget): Move<S>[] {
  if (isClosed(w)) return [];
  const list: Move<S>[] = [];
  const add: Add<S> = (name, run, spends) => {
    if (spends === undefined) list.push({ name, run });
    else if (budget[spends] > 0) {
      list.push({ name, run: spends === "faults" ? faulty(run) : run, spends });
    }
  };
  if (w.settings.resumes && !w.resumed) return add("the call goes on here", resumes), list;
  if (!w.ready && !w.gone) add("the session stands", stands);
  if (w.ready && !w.gone) add("the session is lost", breaksOff, "faults");
  if (mayRotate(w)) add("the session rotates", rotates);
  if (w.down.length > 0) add(`hears of ${w.down[0]!.type.replaceAll("_", " ")}`, deliver);
  if (!w.gone) {
    addRequest(w, add);
    addAnswers(w, add);
    addDetector(w, add);
    add("the brain is gone", brainGone, "faults");
  }
  addCaller(w, add);
  if (w.audible && !w.held) {
    add("700 ms are heard", (w) => (pass(w, 10), hear(w, 700)));
    add("all is heard", (w) => (pass(w, 10), hear(w, Infinity)));
  }
  addTime(w, add);
  return list;
}

const faulty = <S>(run: (w: World<S>) => void) => (w: World<S>) => {
  w.disturbed = true;
  run(w);
};

function addRequest<S>(w: World<S>, add: Add<S>): void {
  const [first] = w.up;
  if (!first || !w.ready) return;
  add(`the brain takes ${first.type}`, (w) => takeRequest(w, "none"));
  const fails = (faults: Fault[]) => {
    for (const fault of faults) {
      add(`the brain ${fault} it`, (w) => takeRequest(w, fault), "faults");
    }
  };
  if (first.type === "create_response") {
    fails(["refuses", "limits", "despairs at", "forbids", "ignores", "stalls", "fails", "empties"]);
  }
  if (first.type !== "commit") return;
  fails(["refuses", "forbids"]);
  // It is for the brain to say whether a sound was any.
  const only = w.said.filter(({ id }) => (first.buffer ?? w.brain.buffer).includes(id));
  if (
    w.settings.turns === "local" && only.length > 0 && only.every(({ kind }) => kind === "cough")
  ) {
    add("the brain empties it", (w) => takeRequest(w, "empties"));
  }
}

function addAnswers<S>(w: World<S>, add: Add<S>): void {
  const active = activeOf(w);
  if (!active || active.stalled) return;
  const more = active.audioMs < 6000 && !active.spoken;
  if (more) add("the brain speaks", (w) => speak(w, activeOf(w)!, 3000));
  if (active.audioMs > 0 || active.usedTool) {
    add("the brain is done", (w) => finish(w, activeOf(w)!, "none"));
    for (const fault of ["fails", "limits", "forbids"] as Fault[]) {
      add(`the brain ${fault} half way`, (w) => finish(w, activeOf(w)!, fault), "faults");
    }
    add("the brain falls silent", (w) => void (activeOf(w)!.stalled = true), "faults");
  }
  if (active.spoken) {
    add("the brain never says that it is done", (w) => neverEnds(w, activeOf(w)!), "faults");
  } else if (active.audioMs > 0) {
    add("the brain has said it all", (w) => saysAll(w, activeOf(w)!));
  }
  // Some do when they hear a voice, though they were asked not to.
  if (w.brain.item !== "") {
    add("the brain stops by itself", (w) => finish(w, activeOf(w)!, "stops"), "faults");
  }
  if (active.usedTool) return;
  add("the brain calls a tool", (w) => callTool(w, activeOf(w)!, false), "tools");
  add("the brain hangs up", (w) => callTool(w, activeOf(w)!, true), "tools");
}

function addDetector<S>(w: World<S>, add: Add<S>): void {
  if (w.settings.turns === "local" || !w.ready) return;
  if (unheardByBrain(w)) {
    add("the brain hears a voice", brainHears);
    // Words that come while its detector is open belong to what it hears.
    if (w.brain.item === "" && !unheardByBrain(w)!.faint) {
      add("the brain never hears it", deafens, "faults");
    }
  }
  const { item, stuck, buffer } = w.brain;
  if (item === "" || stuck === "always" || stuck === "noise" && !w.muted) return;
  // Its silence has to pass first.
  if (w.said.some((said) => said.voiced && buffer.includes(said.id))) return;
  add("the brain hears the end", (w) => commitHeard(w, "none"));
  for (
    const fault of ["ignores", "stalls", "fails", "silent_refusal", "refuses", "limits"] as Fault[]
  ) {
    add(`the brain hears the end and ${fault}`, (w) => commitHeard(w, fault), "faults");
  }
  // A brain that announces nothing leaves nobody to know that it is stuck.
  if (stuck !== "" || !w.settings.announces) return;
  add("the brain takes noise for a voice", (w) => void (w.brain.stuck = "noise"), "faults");
  add("the brain never hears the end", (w) => void (w.brain.stuck = "always"), "faults");
}

function deafens<S>(w: World<S>): void {
  unheardByBrain(w)!.deaf = true;
}

function brainGone<S>(w: World<S>): void {
  w.gone = true;
  w.up = [];
  w.upAtMs = [];
  w.down = [];
  w.downAtMs = [];
  tell(w, { type: "brain_failed" });
}

/** Whether `ms` may pass before a timer has to run, or a message to arrive. */
function canPass<S>(w: World<S>, ms: number): boolean {
  const sentAtMs = [w.ready ? w.upAtMs[0] : undefined, w.downAtMs[0]];
  if (w.ready && w.settings.turns !== "local") sentAtMs.push(unheardByBrain(w)?.sentMs);
  if (sentAtMs.some((atMs) => atMs !== undefined && w.nowMs + ms > atMs + MAX_LAG_MS)) return false;
  const next = w.subject.next(w.state);
  return next === null || next.atMs > w.nowMs + ms;
}

function addCaller<S>(w: World<S>, add: Add<S>): void {
  const said = voiceOf(w);
  if (!said) {
    if (canPass(w, 60)) {
      add("the caller asks", (w) => begins(w, "question"), "says");
      add("the caller coughs", (w) => begins(w, "cough"), "says");
      const { turns, announces, namesItems } = w.settings;
      const brainTells = turns !== "local" && announces && namesItems;
      // What its detector has open would hold this as well, and nobody could tell.
      const alone = w.brain.item === "" && !unheardByBrain(w) &&
        w.said.every(({ kind, endMs }) => kind === "typed" || endMs < w.nowMs - 1000);
      if (brainTells && alone) add("the caller mutters", mutters, "says");
    }
    return add("the caller types", types, "says");
  }
  if (said.voiced) {
    if (canPass(w, lengthMs(said)) && !isDoubted(w, said)) add("the caller pauses", pauses);
    return;
  }
  if (said.kind === "question" && canPass(w, 60)) add("the caller goes on", goesOn);
  if (w.settings.speculates && w.told && !w.maybeDone) add("the caller may be done", maybeDone);
  if (canPass(w, 40)) add("the caller is done", stops);
}

/** The next deadline, unless something else has to be first. */
function addTime<S>(w: World<S>, add: Add<S>): void {
  const next = w.subject.next(w.state);
  if (!next || (/limit/.test(next.name) && !w.settings.limits)) return;
  // Whoever talks here takes a breath long before that.
  if (next.name === "voice") return;
  // Where a brain says little of what it commits, nobody can tell what we commit from what it does.
  const { namesItems, commitsFirst } = w.settings;
  if (next.name === "endpoint" && !(namesItems && commitsFirst)) return;
  // A cough is over before anything else can be.
  const said = voiceOf(w);
  if (said?.kind === "cough" && said.voiced && next.atMs > w.nowMs + 250) return;
  const sleepsFromMs = w.ready && w.settings.turns !== "local"
    ? unheardByBrain(w)?.sentMs ?? Infinity
    : Infinity;
  if (next.atMs > sleepsFromMs + MAX_DETECTOR_LAG_MS) return;
  const late = isLate(w);
  // What a late answer is to, a brain without names leaves nobody to tell.
  if (!late || w.settings.names) add(`time for ${next.name}`, ring, late ? "faults" : undefined);
}

/** Time passes while something is on its way, or the brain's detector sleeps: a fault of the world. */
function isLate<S>(w: World<S>): boolean {
  if (!w.ready) return false;
  return w.down.length > 0 || w.up.length > 0 ||
    (w.settings.turns !== "local" && unheardByBrain(w) !== undefined);
}

/** The oldest thing that the brain said arrives. */
export function deliver<S>(w: World<S>): void {
  const said = w.down.shift()!;
  w.downAtMs.shift();
  pass(w, 5);
  if (said.type === "audio") return takeAudio(w, said.responseId, said.itemId, said.ms);
  if (said.type === "response_done" && said.stopped && responseOf(w, said.responseId)!.cancelled) {
    return tell(w, { ...said, stopped: false });
  }
  if (said.type === "response_done" && w.subject.wants(w.state, said.responseId)) w.complete = true;
  const told = "playing" in said ? { ...said, playing: playingOf(w) } as CallEvent : said;
  tell(w, told.type === "caller_stopped" ? { ...told, endMs: lastVoiceMs(w, told.endMs) } : told);
}

/** Where a voice ended is said by our own detector, if it has heard one since. */
function lastVoiceMs<S>(w: World<S>, endMs: number): number {
  const heard = w.said.filter(({ kind, faint }) => kind !== "typed" && !faint);
  if (heard.some(({ voiced }) => voiced)) return w.nowMs;
  return Math.max(endMs, ...heard.map((said) => said.endMs));
}

/** Time passes to the next deadline, or to the end of our sound if that is sooner. */
export function ring<S>(w: World<S>): void {
  const next = w.subject.next(w.state)!;
  const ms = Math.max(0, next.atMs - w.nowMs);
  const plays = w.audible && !w.held;
  if (plays && leftMs(w) <= ms && next.name !== "session") {
    w.nowMs += leftMs(w);
    return hear(w, Infinity);
  }
  if (plays) hear(w, ms);
  w.nowMs += ms;
  // Meanwhile the last of the answer may have come.
  if (next.name === "call_off") { for (const said of w.said) mayBeMeant(w, said); }
  tell(w, w.subject.timer(w.state, next.name, playingOf(w)));
  w.seen.add(`timer_${next.name}`);
  // Nobody has said more: the short word near the end of the answer is believed to be one.
  if (next.name === "maybe_meant") { for (const said of w.said) said.guarded = false; }
}
