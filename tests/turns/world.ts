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

import type { CallAction } from "../../call/turns/actions.ts";
import type { CallEvent, EventOf, Heard } from "../../call/turns/events.ts";
import type { EndReason, TurnSettings } from "../../call/turns/state.ts";
import type { Subject } from "./subject.ts";

/** What a call is told about turns, and what its brain and its world are like. */
export interface WorldSettings extends TurnSettings {
  /** The brain gives our names back, with answers and with refusals. */
  readonly names: boolean;
  /** The brain says when its detector hears a voice begin and end, and not only what it committed. */
  readonly announces: boolean;
  /** It names an item as soon as it hears a voice, and not only when it commits it. */
  readonly namesItems: boolean;
  /** It says that it has committed before it begins the answer, and not after. */
  readonly commitsFirst: boolean;
  /** With local turns: the answer is asked for at an early silence. */
  readonly speculates: boolean;
  /** The call's limits are near enough to be reached. */
  readonly limits: boolean;
  /** The call went on elsewhere before: what the agent owes. */
  readonly resumes?: EventOf<"call_resumed">["owes"];
  /** A session that replaces another is of another brain. */
  readonly nextBrain?: { readonly names: boolean };
}

/** Something that the caller does: real words, or a sound that asks for nothing. */
export interface Said {
  readonly id: number;
  readonly kind: "question" | "cough" | "typed";
  readonly onsetMs: number;
  /** The voice is to be heard now; a typed line is never. */
  voiced: boolean;
  /** All of it was said. */
  finished: boolean;
  /** Where the voice was last heard to end. */
  endMs: number;
  /** A cough over our own sound, which nobody may answer. */
  guarded: boolean;
  /** Our own detector doesn't hear it. */
  faint: boolean;
  /** The brain's detector will never hear it. */
  deaf: boolean;
  /** When its audio came to the session, and whether it did not: it was lost with one before. */
  sentMs: number;
  missed: boolean;
  /** A typed line was sent. */
  sent: boolean;
  /** Whoever says this was asked to repeat it, and the brain has heard nothing since. */
  repeated: boolean;
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
  usedTool: boolean;
  /** All of its sound was sent, and it said so. */
  spoken: boolean;
  /** We were told so. */
  complete: boolean;
  /** We were told that it was created, and not yet that it is over. */
  live: boolean;
  /** We said that nobody wants it. */
  cancelled: boolean;
  /** The brain was told that only this much of it was heard; -1 for all. */
  keptMs: number;
}

export interface Brain {
  /** Its detector hears speech, in this item. */
  item: string;
  /** Its detector takes the line's noise for speech, or doesn't end a turn at all. */
  stuck: "" | "noise" | "always";
  /** `Said`s whose audio came since the last commit. */
  buffer: number[];
  responses: Response[];
}

export interface Tool {
  readonly callId: string;
  readonly responseId: string;
  readonly hangsUp: boolean;
  /** The machine has heard of it, while it wanted the answer that calls it. */
  wanted: boolean;
  ran: boolean;
}

interface Piece {
  readonly responseId: string;
  readonly itemId: string;
  receivedMs: number;
  heardMs: number;
}

export type Down = CallEvent | { type: "audio"; responseId: string; itemId: string; ms: number };

/** A request on its way; audio travels in order with it, so a commit takes what came before. */
export type Up = CallAction & { readonly buffer?: readonly number[] };

export interface World<S> {
  readonly subject: Subject<S>;
  settings: WorldSettings;
  state: S;
  nowMs: number;
  /** A session stands. */
  ready: boolean;
  /** How many have stood so far, and when the last of them was lost. */
  sessions: number;
  lostMs: number;
  /** What is owed from elsewhere was told. */
  resumed: boolean;
  /** The brain has failed for good. */
  gone: boolean;
  said: Said[];
  /** The ears have told of a voice, and nobody has called it off. */
  told: boolean;
  /** In this pause they have told that the turn may be over. */
  maybeDone: boolean;
  /** An answer was asked for then, and is held. */
  early: boolean;
  /** When the caller last did anything that counts. */
  activeMs: number;
  brain: Brain;
  tools: Tool[];
  /** Requests on their way to the brain, and events on their way to us. */
  up: Up[];
  down: Down[];
  /** When each of them was sent. */
  upAtMs: number[];
  downAtMs: number[];
  pieces: Piece[];
  held: boolean;
  /** When it was held, and for a voice that began when. */
  heldAtMs: number;
  heldOnsetMs: number;
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
  deleted: string[];
  /** A turn is being measured, and nothing of its answer was to be heard. */
  measuring: boolean;
  /** The item that the brain has announced and neither of us has ended, as far as we were told. */
  hearing: string;
  /** The brain wants nothing to be asked before this. */
  notBeforeMs: number;
  /** Why we may give up: refused for good, told to wait for too long. */
  hopeless: boolean;
  /** What may have counted as a failure since an answer was last heard. */
  troubles: number;
  /** Times that the caller was told to wait since an answer last sounded. */
  waits: number;
  /** Prompts and goodbyes since the caller last did anything. */
  prompts: number;
  goodbyes: number;
  /** Something has failed. */
  disturbed: boolean;
  /** A fault cut an answer off, and nobody has taken it up. */
  cutOff: boolean;
  /** Something of ours was not said to its end, ever. */
  everCutOff: boolean;
  /** The caller was asked to say it again, and the brain has heard nothing since. */
  askedToRepeat: boolean;
  /** How the call was closed. */
  closed: { readonly reason: EndReason; readonly hangUp: boolean } | null;
  /** When the machine began to say its last words. */
  endingMs: number;
  /** What has gone wrong, in words; the first is the one that counts. */
  broken: string[];
  seen: Set<string>;
}

/** A world that can go another way. States are never changed in place, so they are shared. */
export function fork<S>(w: World<S>): World<S> {
  return {
    ...w,
    said: w.said.map((s) => ({ ...s, items: [...s.items], answeredBy: [...s.answeredBy] })),
    brain: {
      ...w.brain,
      buffer: [...w.brain.buffer],
      responses: w.brain.responses.map((r) => ({ ...r })),
    },
    tools: w.tools.map((t) => ({ ...t })),
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

/** No session has stood yet, or the last one is gone. */
export const isOpening = <S>(w: World<S>) => !w.ready && w.sessions === 0;
export const isLost = <S>(w: World<S>) => !w.ready && w.sessions > 0;

export const isClosed = <S>(w: World<S>) => w.subject.isClosed(w.state);

/** What the caller is saying, with its pauses. */
export const voiceOf = <S>(w: World<S>): Said | undefined => w.said.find((said) => !said.finished);

export const responseOf = <S>(w: World<S>, id: string): Response | undefined =>
  w.brain.responses.find((response) => response.id === id);

/** How much of our sound was not heard yet. */
export const leftMs = <S>(w: World<S>): number =>
  w.pieces.reduce((sum, p) => sum + p.receivedMs - p.heardMs, 0);

export function playingOf<S>(w: World<S>): Heard[] {
  return w.pieces
    .filter(({ heardMs, receivedMs }) => heardMs < receivedMs || !w.complete)
    .map(({ itemId, heardMs, receivedMs }) => ({ itemId, heardMs, receivedMs }));
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
