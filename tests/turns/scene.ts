/**
 * A call of the machine alone, told what happens one thing after the other, with a clock of its own.
 *
 * @module
 */

import { deadline, nextDeadline } from "../../call/turns/deadlines.ts";
import { step } from "../../call/turns/machine.ts";
import type { CallAction } from "../../call/turns/actions.ts";
import type { CallEvent, Heard } from "../../call/turns/events.ts";
import {
  type AnswerKind,
  type CallState,
  openingState,
  type TurnSettings,
} from "../../call/turns/state.ts";
import { PLAIN } from "./profiles.ts";

/** A call in which what happens is told one thing after the other. */
export class Scene {
  state: CallState;
  nowMs = 0;
  /** What the last event led to, and all of it. */
  actions: CallAction[] = [];
  readonly all: CallAction[] = [];

  constructor(settings: Partial<TurnSettings> = {}) {
    this.state = openingState({ ...PLAIN, greets: false, ...settings }, 0);
  }

  at(ms: number): this {
    this.nowMs = ms;
    return this;
  }

  tell(event: CallEvent): this {
    const { state, actions } = step(this.state, event, this.nowMs);
    this.state = state;
    this.actions = actions;
    this.all.push(...actions);
    return this;
  }

  ready = () => this.tell({ type: "brain_ready" });
  writes = () => this.tell({ type: "caller_wrote", ref: 1, playing: [] });
  starts = () => this.tell({ type: "caller_started", by: "local", onsetMs: this.nowMs });
  pauses = (playing: readonly Heard[] = []) =>
    this.tell({ type: "caller_paused", endMs: this.nowMs, playing });
  stops = (endMs = this.nowMs) =>
    this.tell({ type: "caller_stopped", by: "local", endMs, playing: [] });
  brainStarts = (itemId: string, onsetMs = this.nowMs) =>
    this.tell({ type: "caller_started", by: "brain", onsetMs, itemId });

  /** The answer that was asked for last becomes this response. */
  created = (responseId = "r1") =>
    this.tell({ type: "response_created", responseId, name: this.#name, playing: [] });
  get #name(): string {
    return `answer_${this.state.answers.at(-1)?.id}`;
  }
  sounds = (responseId = "r1") =>
    this.tell({ type: "audio_began", responseId, itemId: `${responseId}_item` });
  done(failed = false, responseId = "r1", stopped = false): this {
    const rest = { stopped, fatal: false, retryAfterMs: 0 };
    return this.tell({ type: "response_done", responseId, failed, ...rest });
  }
  /** Of an answer without a name: the brain's own, or ours from a brain that gives none back. */
  unnamed = (responseId: string) =>
    this.tell({ type: "response_created", responseId, name: "", playing: [] });
  commits = (itemId: string, playing: readonly Heard[] = []) =>
    this.tell({ type: "committed", itemId, playing });
  brainStops = (itemId: string) =>
    this.tell({ type: "caller_stopped", by: "brain", endMs: this.nowMs, itemId, playing: [] });
  calls = (responseId: string, hangsUp = false) =>
    this.tell({ type: "tool_called", responseId, callId: `${responseId}_call`, hangsUp });
  silent = () => this.tell({ type: "agent_silent" });
  refuses = () => this.refusesFor(0);
  refusesFor(retryAfterMs: number): this {
    return this.tell({ type: "refused", name: this.#name, why: "failed", retryAfterMs });
  }

  /** The next deadline comes. */
  ring(): this {
    const { name, atMs } = nextDeadline(this.state)!;
    this.nowMs = atMs;
    return this.tell({ type: "timer", name, playing: [] });
  }

  /** Time passes; what is due on the way is done. */
  pass(ms: number): this {
    const endMs = this.nowMs + ms;
    for (let next = this.next; this.nowMs + next.inMs <= endMs; next = this.next) this.ring();
    return this.at(endMs);
  }

  /** The caller's voice by our own detector, and the silence after it. */
  voice = (ms: number, playing: readonly Heard[] = []) =>
    this.starts().pass(ms).pauses(playing).stops();

  /** A whole answer, heard to its end. */
  answered = (responseId: string) =>
    this.created(responseId).sounds(responseId).done(false, responseId).silent();

  /** @returns The next deadline, as `name in ms`. */
  get next(): { name: string; inMs: number } {
    const next = nextDeadline(this.state);
    return { name: next?.name ?? "none", inMs: (next?.atMs ?? Infinity) - this.nowMs };
  }

  inMs = (name: Parameters<typeof deadline>[1]) => deadline(this.state, name) - this.nowMs;
  /** What was asked for at the last event, and in all. */
  get asks(): AnswerKind[] {
    return this.actions.flatMap((action) => action.type === "create_response" ? [action.kind] : []);
  }
  get asked(): AnswerKind[] {
    return this.all.flatMap((action) => action.type === "create_response" ? [action.kind] : []);
  }
  did = (type: CallAction["type"]) => this.actions.some((action) => action.type === type);
}

export const between = (ms: number, fromMs: number, toMs: number) => ms >= fromMs && ms <= toMs;

/** An answer of which 1 of 3 seconds was heard. */
export const PLAYS: readonly Heard[] = [{ itemId: "r1_item", heardMs: 1000, receivedMs: 3000 }];
export const answering = (settings: Partial<TurnSettings> = {}) =>
  new Scene(settings).ready().writes().created().sounds().at(1000);
export const asked = (settings: Partial<TurnSettings> = {}) => new Scene(settings).ready().writes();
