/**
 * A call of the turn machine alone: events at times, and the timers that the state asks for.
 *
 * @module
 */

import { nextDeadline } from "./deadlines.ts";
import { step } from "./machine.ts";
import type { CallAction } from "./actions.ts";
import type { CallEvent, Heard, TimerName } from "./events.ts";
import { type CallState, openingState, type TurnSettings } from "./state.ts";

export const SETTINGS: TurnSettings = {
  turns: "server",
  bargeInMs: 700,
  greets: false,
  silencePromptMs: 0,
  brainSilenceMs: 200,
  deadAirMs: 6000,
  sessionTimeoutMs: 10_000,
  callLimitMs: 3_600_000,
  idleLimitMs: 300_000,
};

type Type = CallAction["type"];

export class Talk {
  state: CallState;
  nowMs = 0;
  /** All that was decided, and when. */
  readonly decided: { readonly atMs: number; readonly action: CallAction }[] = [];
  /** Timers that ran. */
  readonly rang: TimerName[] = [];
  /** What plays, for events that ask. */
  playing: readonly Heard[] = [];

  constructor(settings: Partial<TurnSettings> = {}, isReady = true) {
    this.state = openingState({ ...SETTINGS, ...settings }, 0);
    if (isReady) this.tell({ type: "brain_ready" });
  }

  /** @returns What was decided. */
  tell(event: CallEvent): CallAction[] {
    const full = "playing" in event ? { ...event, playing: this.playing } : event;
    const { state, actions } = step(this.state, full, this.nowMs);
    this.state = state;
    for (const action of actions) this.decided.push({ atMs: this.nowMs, action });
    return actions;
  }

  /** Time passes; what is due on the way is done. @returns What was decided. */
  pass(ms: number): CallAction[] {
    const from = this.decided.length;
    const endMs = this.nowMs + ms;
    for (let next = nextDeadline(this.state); next; next = nextDeadline(this.state)) {
      if (next.atMs > endMs) break;
      this.nowMs = Math.max(this.nowMs, next.atMs);
      this.rang.push(next.name);
      this.tell({ type: "timer", name: next.name, playing: [] });
    }
    this.nowMs = endMs;
    return this.decided.slice(from).map(({ action }) => action);
  }

  /** The caller's voice by our own detector: `ms` of it, then silence until it is told. */
  voice(ms: number, silenceMs = 200): void {
    this.tell({ type: "caller_started", by: "local", onsetMs: this.nowMs });
    this.pass(ms);
    const endMs = this.nowMs;
    this.pass(160);
    this.tell({ type: "caller_paused", endMs, playing: [] });
    this.pass(silenceMs - 160);
    this.tell({ type: "caller_stopped", by: "local", endMs, playing: [] });
  }

  /** The same, heard by the brain too, which commits it as `itemId`. */
  spoken(ms: number, itemId: string): void {
    this.tell({ type: "caller_started", by: "brain", onsetMs: this.nowMs, itemId });
    this.voice(ms);
    this.committed(itemId);
  }

  committed(itemId: string): CallAction[] {
    this.tell({ type: "caller_stopped", by: "brain", endMs: this.nowMs, itemId, playing: [] });
    return this.tell({ type: "committed", itemId, playing: [] });
  }

  /** The brain creates a response: ours by its name, or its own. */
  created(responseId: string, name = ""): CallAction[] {
    return this.tell({ type: "response_created", responseId, name, playing: [] });
  }

  /** The first sound of a response: `ms` of it came, nothing was heard yet. */
  sounds(responseId: string, itemId: string, ms = 4000): void {
    this.tell({ type: "output_item", responseId, itemId });
    this.playing = [{ itemId, heardMs: 0, receivedMs: ms }];
    this.tell({ type: "audio_began", responseId, itemId });
  }

  heard(heardMs: number): void {
    this.playing = this.playing.map((item) => ({ ...item, heardMs }));
  }

  done(
    responseId: string,
    how: { failed?: boolean; fatal?: boolean; stopped?: boolean; retryAfterMs?: number } = {},
  ): CallAction[] {
    const { failed = false, fatal = false, stopped = false, retryAfterMs = 0 } = how;
    return this.tell({ type: "response_done", responseId, failed, stopped, fatal, retryAfterMs });
  }

  heardOut(): CallAction[] {
    this.playing = [];
    return this.tell({ type: "agent_silent" });
  }

  /** A whole answer, heard to its end. */
  answered(responseId: string, name = ""): void {
    this.created(responseId, name);
    this.sounds(responseId, `${responseId}_item`);
    this.done(responseId);
    this.heardOut();
  }

  /** The name of the last request for an answer. */
  get asked(): string {
    const last = this.all("create_response").at(-1);
    if (!last) throw new Error("No answer was asked for");
    return `answer_${last.answer}`;
  }

  all<T extends Type>(type: T): Extract<CallAction, { type: T }>[] {
    return this.decided.flatMap(({ action }) => action.type === type ? [action] : []) as Extract<
      CallAction,
      { type: T }
    >[];
  }

  count(type: Type): number {
    return this.all(type).length;
  }
}

/** The types alone, in order. */
export const types = (actions: readonly CallAction[]): Type[] => actions.map(({ type }) => type);
