/**
 * The world around the turn machine, as a value: a caller, a brain with the API's refusals, the
 * wires between, playback and time. A move takes a world to another one; which move comes next is
 * somebody else's choice.
 *
 * It knows the truth that the machine can only infer: what was a question, what was a cough, which
 * item holds what, and which answer was heard.
 *
 * @module
 */

import type { CallAction, CallEvent, Heard, TurnSettings } from "../../call/state.ts";
import type { Subject } from "./subject.ts";

/** Something that the caller does: real words, or a sound that asks for nothing. */
export interface Said {
  readonly id: number;
  readonly kind: "question" | "cough" | "typed";
  readonly onsetMs: number;
  /** The voice is to be heard now; a typed line is never. */
  voiced: boolean;
  /** All of it was said, and when. */
  finished: boolean;
  endMs: number;
  /** A cough over our own sound, which nobody may answer. */
  guarded: boolean;
  /** The items of the brain that hold it. */
  items: string[];
  /** Responses that answered it and were heard. */
  answeredBy: string[];
}

export interface Response {
  readonly id: string;
  /** Ours, by name, or empty when the brain began it. */
  readonly name: string;
  readonly kind: string;
  /** What stood in the conversation when it was made: ids of `Said`. */
  readonly covers: readonly number[];
  itemId: string;
  audioMs: number;
  heardMs: number;
  status: "active" | "done";
  /** It makes no sound by itself any more; a cancel still ends it. */
  stalled: boolean;
}

export interface Brain {
  /** Its detector hears speech, in this item. */
  item: string;
  /** `Said`s whose audio came since the last commit. */
  buffer: number[];
  responses: Response[];
}

interface Piece {
  readonly responseId: string;
  readonly itemId: string;
  receivedMs: number;
  heardMs: number;
}

export type Down = CallEvent | { type: "audio"; responseId: string; itemId: string; ms: number };

export interface World<S> {
  readonly subject: Subject<S>;
  readonly settings: TurnSettings;
  state: S;
  nowMs: number;
  ready: boolean;
  said: Said[];
  brain: Brain;
  /** Requests on their way to the brain, and events on their way to us. */
  up: CallAction[];
  down: Down[];
  /** When each of them was sent. */
  upAtMs: number[];
  downAtMs: number[];
  pieces: Piece[];
  held: boolean;
  audible: boolean;
  complete: boolean;
  uplinkOpen: boolean;
  uplinkEver: boolean;
  muted: boolean;
  /** Voice of ours that no brain made. */
  phrases: number;
  lastSoundMs: number;
  ids: number;
  greetingsHeard: number;
  closed: number;
  deleted: string[];
  /** What has gone wrong, in words; the first is the one that counts. */
  broken: string[];
  seen: Set<string>;
}

export function openWorld<S>(subject: Subject<S>, settings: TurnSettings): World<S> {
  return {
    subject,
    settings,
    state: subject.open(settings, 0),
    nowMs: 0,
    ready: false,
    said: [],
    brain: { item: "", buffer: [], responses: [] },
    up: [],
    down: [],
    upAtMs: [],
    downAtMs: [],
    pieces: [],
    held: false,
    audible: false,
    complete: true,
    uplinkOpen: settings.turns !== "local",
    uplinkEver: settings.turns !== "local",
    muted: false,
    phrases: 0,
    lastSoundMs: 0,
    ids: 0,
    greetingsHeard: 0,
    closed: 0,
    deleted: [],
    broken: [],
    seen: new Set(),
  };
}

/** A world that can go another way. States are never changed in place, so they are shared. */
export function fork<S>(w: World<S>): World<S> {
  return {
    ...w,
    said: w.said.map((s) => ({ ...s, items: [...s.items], answeredBy: [...s.answeredBy] })),
    brain: {
      item: w.brain.item,
      buffer: [...w.brain.buffer],
      responses: w.brain.responses.map((r) => ({ ...r })),
    },
    up: [...w.up],
    down: [...w.down],
    upAtMs: [...w.upAtMs],
    downAtMs: [...w.downAtMs],
    pieces: w.pieces.map((p) => ({ ...p })),
    deleted: [...w.deleted],
    broken: [...w.broken],
  };
}

export function breaks<S>(w: World<S>, what: string): void {
  w.broken.push(what);
}

export const isClosed = <S>(w: World<S>) => w.subject.isClosed(w.state);

export function playingOf<S>(w: World<S>): Heard[] {
  return w.pieces
    .filter(({ heardMs, receivedMs }) => heardMs < receivedMs || !w.complete)
    .map(({ itemId, heardMs, receivedMs }) => ({ itemId, heardMs, receivedMs }));
}

/** The machine is told, and what it decides is done. */
export function tell<S>(w: World<S>, event: CallEvent): void {
  if (isClosed(w)) return;
  let decided: ReturnType<Subject<S>["step"]>;
  try {
    decided = w.subject.step(w.state, event, w.nowMs);
  } catch (error) {
    return breaks(w, `throws at ${event.type}: ${(error as Error).message}`);
  }
  w.state = decided.state;
  for (const action of decided.actions) effect(w, action);
}

function effect<S>(w: World<S>, action: CallAction): void {
  w.seen.add(action.type);
  if (w.closed > 0) breaks(w, `${action.type} after the close`);
  switch (action.type) {
    case "create_response":
    case "cancel_response":
    case "delete_item":
    case "commit":
    case "clear_input":
    case "send_text":
    case "tool_output":
      w.up.push(action);
      w.upAtMs.push(w.nowMs);
      return;
    case "truncate": {
      const piece = w.pieces.find(({ itemId }) => itemId === action.itemId) ??
        w.brain.responses.find(({ itemId }) => itemId === action.itemId);
      if (action.audioEndMs <= 0) breaks(w, "truncates at 0");
      if (!piece) breaks(w, "truncates what was never played");
      else if (action.audioEndMs > piece.heardMs + 1) breaks(w, "truncates past what was heard");
      return;
    }
    case "hold":
      if (w.held) breaks(w, "holds twice");
      w.held = true;
      return;
    case "resume":
      if (!w.held) breaks(w, "resumes what was not held");
      w.held = false;
      return;
    case "drop":
      w.pieces = [];
      w.held = false;
      w.audible = false;
      w.complete = true;
      w.phrases = 0;
      return;
    case "open_uplink":
      w.uplinkOpen = w.uplinkEver = true;
      for (const said of w.said) if (said.voiced) hearInBuffer(w, said);
      return;
    case "close_uplink":
      w.uplinkOpen = false;
      return;
    case "mute_uplink":
      w.muted = action.on;
      return;
    case "say":
      w.phrases++;
      w.audible = true;
      w.seen.add(`say_${action.phrase}`);
      // Whoever is asked to say it again knows that they were not answered.
      if (action.phrase === "say_again") {
        for (const said of w.said) if (said.finished) said.answeredBy.push(action.phrase);
      }
      return;
    case "close":
      w.closed++;
      return;
  }
}

/** The brain says something. */
export function say<S>(w: World<S>, event: Down): void {
  w.down.push(event);
  w.downAtMs.push(w.nowMs);
}

/** With local turns: the caller's voice lies in the brain's buffer until it is committed. */
export function hearInBuffer<S>(w: World<S>, said: Said): void {
  if (!w.brain.buffer.includes(said.id)) w.brain.buffer.push(said.id);
}

/** Audio came: it is played if its answer is still wanted. */
export function takeAudio<S>(w: World<S>, responseId: string, itemId: string, ms: number): void {
  if (!w.subject.wants(w.state, responseId)) return;
  const piece = w.pieces.find((p) => p.itemId === itemId);
  if (piece) piece.receivedMs += ms;
  else w.pieces.push({ responseId, itemId, receivedMs: ms, heardMs: 0 });
  w.complete = false;
  w.audible = true;
  tell(w, { type: "audio_began", responseId, itemId });
}

/** The caller hears up to `ms` of what plays. */
export function hear<S>(w: World<S>, ms: number): void {
  let left = ms;
  if (w.phrases > 0) {
    w.lastSoundMs = w.nowMs;
    w.phrases = 0;
  }
  for (const piece of w.pieces) {
    const heardMs = Math.min(left, piece.receivedMs - piece.heardMs);
    if (heardMs <= 0) continue;
    left -= heardMs;
    // Less than a word is nothing.
    if (piece.heardMs < 200 && piece.heardMs + heardMs >= 200) firstHeard(w, piece.responseId);
    piece.heardMs += heardMs;
    w.lastSoundMs = w.nowMs;
    const response = w.brain.responses.find(({ id }) => id === piece.responseId);
    if (response) response.heardMs += heardMs;
  }
  const rest = w.pieces.some((p) => p.heardMs < p.receivedMs);
  if (rest || !w.audible) return;
  if (w.complete) w.pieces = [];
  w.audible = false;
  tell(w, { type: "agent_silent" });
}

/** Prompts and apologies answer no question, so they may come beside an answer. */
const PROMPTS = ["greeting", "still_there", "goodbye", "unheard", "go_on", "tool"];

/** Whoever was asked to say it again may still be answered. */
const isUnanswered = (said: Said) => said.answeredBy.every((by) => by === "say_again");

function firstHeard<S>(w: World<S>, responseId: string): void {
  const response = w.brain.responses.find(({ id }) => id === responseId);
  if (!response) return;
  if (response.kind === "greeting" && ++w.greetingsHeard > 1) breaks(w, "greets twice");
  const covered = w.said.filter((said) => response.covers.includes(said.id));
  const fresh = covered.filter((said) => isUnanswered(said) && !said.guarded);
  if (fresh.length === 0 && !PROMPTS.includes(response.kind)) {
    breaks(w, covered.length > 0 ? "answers twice" : "answers nothing that was said");
  }
  for (const said of covered) said.answeredBy.push(responseId);
}
