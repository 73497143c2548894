/**
 * The decision road of one call: events wait in a queue, so that each is decided and its actions are
 * done before the next is looked at; and one timer runs, for whatever the state says is due next.
 *
 * @module
 */

import type { Clock } from "../runtime/clock.ts";
import type { RecordedSettings, RecordedStep } from "./recording.ts";
import type { Timers } from "./timers.ts";
import type { CallAction } from "./turns/actions.ts";
import { nextDeadline } from "./turns/deadlines.ts";
import { type CallEvent, type Heard, NOTHING_PLAYS } from "./turns/events.ts";
import { step } from "./turns/machine.ts";
import { type CallState, openingState, type TurnSettings } from "./turns/state.ts";

/** A timer may run this early. */
const EARLY_MS = 1;

export interface DecisionsPort {
  readonly clock: Clock;
  readonly timers: Timers<"deadline" | "digits">;
  /** What of ours is being heard: it is asked for when an event's turn has come. */
  playing(): readonly Heard[];
  perform(action: CallAction, atMs: number): void;
  /** All that waited is done. */
  settled(state: CallState): void;
  /** The brain's session took too long. */
  sessionLate(): void;
  record?(line: RecordedSettings | RecordedStep): void;
}

export class Decisions {
  readonly #port: DecisionsPort;
  #state: CallState;
  /** Events that wait for their turn; nearly always none. */
  #queue: CallEvent[] = [];
  #stepping = false;
  /** When the timer runs, for which deadline. */
  #dueMs = Infinity;

  constructor(settings: TurnSettings, port: DecisionsPort) {
    this.#port = port;
    const startedAtMs = port.clock.nowMs();
    port.record?.({ ...settings, startedAtMs });
    this.#state = openingState(settings, startedAtMs);
    this.#arm();
  }

  get state(): CallState {
    return this.#state;
  }

  /** What an action brings about waits until all actions of the present event are done. */
  readonly take = (event: CallEvent): void => {
    this.#queue.push(event);
    if (this.#stepping) return;
    this.#stepping = true;
    try {
      for (let next = this.#queue.shift(); next; next = this.#queue.shift()) this.#decide(next);
    } finally {
      this.#stepping = false;
      this.#queue.length = 0;
    }
    this.#port.settled(this.#state);
    this.#arm();
  };

  #decide(queued: CallEvent): void {
    if (this.#state.phase === "closed") return;
    const { clock, playing, perform, record } = this.#port;
    const event = "playing" in queued ? { ...queued, playing: playing() } : queued;
    const atMs = clock.nowMs();
    const { state, actions } = step(this.#state, event, atMs);
    this.#state = state;
    record?.({ atMs, event, actions });
    for (const action of actions) perform(action, atMs);
  }

  #arm(): void {
    const { clock, timers } = this.#port;
    const next = nextDeadline(this.#state);
    const dueMs = next?.atMs ?? Infinity;
    if (dueMs === this.#dueMs) return;
    this.#dueMs = dueMs;
    if (next === null) return timers.clear("deadline");
    timers.set("deadline", Math.max(0, dueMs - clock.nowMs()), () => this.#due());
  }

  #due(): void {
    this.#dueMs = Infinity;
    const next = nextDeadline(this.#state);
    const isDue = next !== null && next.atMs <= this.#port.clock.nowMs() + EARLY_MS;
    if (!isDue) return this.#arm();
    if (next.name === "session") this.#port.sessionLate();
    else this.take({ type: "timer", name: next.name, playing: NOTHING_PLAYS });
  }
}
