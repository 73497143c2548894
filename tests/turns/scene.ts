/**
 * A call of the machine alone, told what happens one thing after the other, with a clock of its own.
 *
 * @module
 */

import { deadline, nextDeadline } from "../../call/deadlines.ts";
import { step } from "../../call/machine.ts";
import {
  type CallAction,
  type CallEvent,
  type CallState,
  type Heard,
  openingState,
  type TurnSettings,
} from "../../call/state.ts";
import { PLAIN } from "./profiles.ts";

/** A call in which what happens is told one thing after the other. */
export class Scene {
  state: CallState;
  nowMs = 0;
  actions: CallAction[] = [];

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
    this.tell({ type: "response_created", responseId, name: `answer_${this.state.lastId}` });
  sounds = (responseId = "r1") =>
    this.tell({ type: "audio_began", responseId, itemId: `${responseId}_item` });
  done(failed = false, responseId = "r1"): this {
    const rest = { stopped: false, fatal: false, retryAfterMs: 0 };
    return this.tell({ type: "response_done", responseId, failed, ...rest });
  }
  refuses = () => this.refusesFor(0);
  refusesFor(retryAfterMs: number): this {
    const name = `answer_${this.state.answers.at(-1)!.id}`;
    return this.tell({ type: "refused", name, why: "failed", retryAfterMs });
  }

  /** The next deadline comes. */
  ring(): this {
    const { name, atMs } = nextDeadline(this.state)!;
    this.nowMs = atMs;
    return this.tell({ type: "timer", name, playing: [] });
  }

  /** @returns The next deadline, as `name in ms`. */
  get next(): { name: string; inMs: number } {
    const next = nextDeadline(this.state);
    return { name: next?.name ?? "none", inMs: (next?.atMs ?? Infinity) - this.nowMs };
  }

  inMs = (name: Parameters<typeof deadline>[1]) => deadline(this.state, name) - this.nowMs;
  did = (type: CallAction["type"]) => this.actions.some((action) => action.type === type);
}

export const between = (ms: number, fromMs: number, toMs: number) => ms >= fromMs && ms <= toMs;

/** An answer of which 1 of 3 seconds was heard. */
export const PLAYS: readonly Heard[] = [{ itemId: "r1_item", heardMs: 1000, receivedMs: 3000 }];
export const answering = (settings: Partial<TurnSettings> = {}) =>
  new Scene(settings).ready().writes().created().sounds().at(1000);
export const asked = (settings: Partial<TurnSettings> = {}) => new Scene(settings).ready().writes();
