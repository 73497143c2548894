/**
 * Everything around the machine, as lawful as it gets and as unlucky as it may: a brain that keeps
 * the Realtime protocol's rules, a playback that holds what was sent, a caller who does what callers
 * do, and timers. Which of them moves next is chance, from a seed.
 *
 * After each step the world checks what must always hold, and throws with the seed if it doesn't.
 *
 * @module
 */

import { step } from "../call/machine.ts";
import {
  type CallAction,
  type CallEvent,
  type CallState,
  type Heard,
  openingState,
  type TimerName,
} from "../call/state.ts";

/** A small seeded generator (mulberry32). */
export function seeded(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Audio passes the machine by, but it comes in order with the rest. */
interface Audio {
  readonly type: "audio";
  readonly responseId: string;
  readonly itemId: string;
  readonly ms: number;
}

interface Item {
  readonly itemId: string;
  receivedMs: number;
  heardMs: number;
}

export class LawfulWorld {
  readonly #random: () => number;
  readonly #seed: number;
  state: CallState;
  nowMs = 0;
  steps = 0;
  readonly log: string[] = [];
  /** What the brain has said and we haven't heard yet. */
  #fromBrain: (CallEvent | Audio)[] = [];
  /** The brain's own view. */
  #brainActive: { id: string; items: string[] } | null = null;
  #brainSpeaking = false;
  #deleted = new Set<string>();
  #everOpened: string[] = [];
  #closedResponses = new Set<string>();
  #ids = 0;
  /** Playback. */
  #items: Item[] = [];
  #held = false;
  #audible = false;
  #timers = new Set<TimerName>();
  #callerLocal = false;
  #maybeDone = false;
  #open = false;
  #closes = 0;
  /** How often each action was decided, over all worlds: proof that they were tried. */
  static readonly decided = new Map<CallAction["type"], number>();

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = seeded(seed);
    const turns = this.#pick(["server", "semantic", "local"] as const);
    this.state = openingState({
      turns,
      confirmMs: 400,
      greets: this.#random() < 0.5,
      silencePromptMs: this.#random() < 0.5 ? 5000 : 0,
    });
  }

  /** Runs up to `count` events, then lets everything come to rest. */
  run(count: number): void {
    for (let i = 0; i < count && this.state.phase !== "closed"; i++) this.#anything();
    // Rest: the brain says what it has to say, the answer is heard out, the caller is silent.
    for (let i = 0; i < 500 && this.state.phase !== "closed"; i++) {
      if (!this.#settle()) break;
    }
    if (this.state.phase !== "closed") {
      this.#expect(this.state.response === null, "an answer was never closed");
      this.#expect(this.state.wanted === null, "an answer was wanted and never asked for");
      this.#expect(this.state.alarm === null, "an alarm was never resolved");
      this.#expect(!this.#held, "playback is held for ever");
      this.#step({ type: "caller_left", lost: false });
    }
    this.#expect(this.#closes === 1, `closed ${this.#closes} times`);
    const after = step(this.state, { type: "brain_ready" }, this.nowMs);
    this.#expect(after.actions.length === 0, "an action after the close");
  }

  #pick<T>(options: readonly T[]): T {
    return options[Math.floor(this.#random() * options.length)]!;
  }

  #expect(holds: boolean, what: string): void {
    if (!holds) {
      throw new Error(
        `seed ${this.#seed}, step ${this.steps}: ${what}\n${this.log.slice(-40).join("\n")}`,
      );
    }
  }

  #playing(): Heard[] {
    return this.#items.map(({ itemId, heardMs, receivedMs }) => ({
      itemId,
      heardMs: Math.floor(heardMs),
      receivedMs: Math.floor(receivedMs),
    }));
  }

  /** One lawful thing happens. */
  #anything(): void {
    this.nowMs += Math.floor(this.#random() * 200);
    const dice = this.#random();
    if (this.#fromBrain.length > 0 && dice < 0.45) return this.#deliver();
    if (!this.#open && dice < 0.6) {
      this.#open = true;
      return this.#step({ type: "brain_ready" });
    }
    if (dice < 0.5) return this.#brainMoves();
    if (dice < 0.62) return this.#play();
    if (dice < 0.8) return this.#callerMoves();
    if (dice < 0.9) return this.#ring();
    if (dice < 0.95) return this.#brainHears();
    if (dice < 0.96) {
      return this.#step({ type: "caller_wrote", ref: 1, playing: this.#playing() });
    }
    if (dice < 0.962) return this.#step({ type: "brain_failed" });
    if (dice < 0.964) return this.#step({ type: "caller_left", lost: this.#random() < 0.5 });
    if (dice < 0.965) return this.#step({ type: "told_to_end", reason: "draining" });
    this.#play();
  }

  #settle(): boolean {
    this.nowMs += 50;
    if (!this.#open) {
      this.#open = true;
      this.#step({ type: "brain_ready" });
      return true;
    }
    if (this.#fromBrain.length > 0) this.#deliver();
    else if (this.#callerLocal) this.#callerMoves();
    else if (this.#brainSpeaking) this.#brainHears();
    else if (this.#brainActive) this.#finish(false);
    else if (this.#timers.has("confirm")) this.#ring("confirm");
    else if (this.#timers.has("answer_due")) this.#ring("answer_due");
    else if (this.#items.length > 0 && !this.#held) this.#hearAll();
    else return false;
    return true;
  }

  #deliver(): void {
    const said = this.#fromBrain.shift()!;
    if (said.type !== "audio") return this.#step(said);
    // As in call.ts: it is played if it belongs to the answer that is wanted.
    const { response } = this.state;
    if (response?.id === said.responseId && !response.cancelled) {
      this.#enqueue(said.itemId, said.ms);
    }
  }

  /** The brain goes on with its answer: an item, audio, a tool, the end. */
  #brainMoves(): void {
    const active = this.#brainActive;
    if (!active) return;
    const dice = this.#random();
    if (active.items.length === 0 || dice < 0.1) {
      const itemId = `item_${++this.#ids}`;
      active.items.push(itemId);
      this.#fromBrain.push({ type: "output_item", responseId: active.id, itemId });
    } else if (dice < 0.6) {
      const itemId = active.items.at(-1)!;
      const ms = 20 + this.#random() * 400;
      this.#fromBrain.push({ type: "audio", responseId: active.id, itemId, ms });
    } else if (dice < 0.65) {
      const callId = `call_${++this.#ids}`;
      const hangsUp = this.#random() < 0.3;
      this.#fromBrain.push({ type: "tool_called", responseId: active.id, callId, hangsUp });
    } else this.#finish(this.#random() < 0.1);
  }

  #finish(failed: boolean): void {
    const { id } = this.#brainActive!;
    this.#brainActive = null;
    this.#fromBrain.push({ type: "response_done", responseId: id, failed, fatal: false });
  }

  #create(): void {
    const id = `resp_${++this.#ids}`;
    this.#brainActive = { id, items: [] };
    this.#everOpened.push(id);
    this.#fromBrain.push({ type: "response_created", responseId: id });
  }

  /** The brain's own detector, where it has one. */
  #brainHears(): void {
    if (!this.#open || this.state.turns === "local") return;
    if (!this.#brainSpeaking) {
      this.#brainSpeaking = true;
      const itemId = `item_${++this.#ids}`;
      this.#fromBrain.push({ type: "caller_started", by: "brain", onsetMs: this.nowMs, itemId });
    } else {
      this.#brainSpeaking = false;
      this.#fromBrain.push({ type: "caller_stopped", by: "brain" });
      this.#fromBrain.push({ type: "committed", itemId: `item_${this.#ids}` });
      if (!this.#brainActive) this.#create();
      else this.#fromBrain.push({ type: "answer_refused" });
    }
  }

  #callerMoves(): void {
    if (!this.#callerLocal) {
      this.#callerLocal = true;
      this.#step({ type: "caller_started", by: "local", onsetMs: this.nowMs - 50 });
    } else if (this.#maybeDone && this.#random() < 0.4) {
      this.#maybeDone = false;
      this.#step({ type: "caller_resumed", playing: this.#playing() });
    } else if (this.#random() < 0.3) this.#step({ type: "caller_paused" });
    else if (!this.#maybeDone && this.#random() < 0.5) {
      this.#maybeDone = true;
      this.#step({ type: "caller_maybe_done" });
    } else {
      this.#maybeDone = false;
      this.#callerLocal = false;
      this.#step({ type: "caller_stopped", by: "local" });
    }
  }

  #enqueue(itemId: string, ms: number): void {
    const last = this.#items.at(-1);
    if (last?.itemId === itemId) last.receivedMs += ms;
    else this.#items.push({ itemId, receivedMs: ms, heardMs: 0 });
    if (!this.#audible) {
      this.#audible = true;
      this.#step({ type: "agent_audible" });
    }
  }

  /** Some of what was sent is heard. */
  #play(): void {
    if (this.#held || this.#items.length === 0) return;
    const item = this.#items.find((item) => item.heardMs < item.receivedMs);
    if (item) {
      item.heardMs = Math.min(item.receivedMs, item.heardMs + this.#random() * 500);
      return;
    }
    // Playback is drained only when nothing more will come of the answer.
    if (!this.#brainActive || this.state.response === null) this.#hearAll();
  }

  #hearAll(): void {
    this.#items = [];
    if (!this.#audible) return;
    this.#audible = false;
    this.#step({ type: "agent_silent" });
  }

  #ring(name?: TimerName): void {
    const timers = [...this.#timers];
    if (timers.length === 0) return;
    const rung = name ?? this.#pick(timers);
    this.#timers.delete(rung);
    this.#step({ type: "timer", name: rung, playing: this.#playing() });
  }

  #step(event: CallEvent): void {
    const wasClosed = this.state.phase === "closed";
    const before = this.state;
    const { state, actions } = step(this.state, event, this.nowMs);
    this.state = state;
    this.steps++;
    this.log.push(
      `${this.nowMs} ${JSON.stringify(event)} → ${actions.map((a) => JSON.stringify(a)).join(" ")}`,
    );
    if (wasClosed) this.#expect(actions.length === 0, "an action after the close");
    if (event.type === "response_done") this.#closedResponses.add(event.responseId);
    for (const action of actions) this.#carryOut(action, before);
  }

  #carryOut(action: CallAction, before: CallState): void {
    const { decided } = LawfulWorld;
    decided.set(action.type, (decided.get(action.type) ?? 0) + 1);
    switch (action.type) {
      case "create_response": {
        const open = before.response !== null && before.response.id !== null &&
          !this.#closedResponses.has(before.response.id);
        this.#expect(!open, "an answer was asked for while another is open");
        if (this.#brainActive) this.#fromBrain.push({ type: "answer_refused" });
        else this.#create();
        return;
      }
      case "cancel_response":
        if (this.#brainActive?.id === action.responseId) {
          this.#finish(false);
        }
        return;
      case "truncate": {
        const item = this.#items.find(({ itemId }) => itemId === action.itemId) ??
          this.#dropped.find(({ itemId }) => itemId === action.itemId);
        this.#expect(item !== undefined, `truncated ${action.itemId}, which was never played`);
        this.#expect(action.audioEndMs > 0, "truncated at 0");
        this.#expect(action.audioEndMs <= item!.receivedMs, "truncated past what was received");
        this.#expect(action.audioEndMs <= item!.heardMs + 1, "truncated past what was heard");
        this.#expect(!this.#deleted.has(action.itemId), "truncated what was deleted");
        return;
      }
      case "delete_item":
        this.#expect(!this.#deleted.has(action.itemId), "deleted twice");
        this.#deleted.add(action.itemId);
        return;
      case "hold":
        this.#expect(!this.#held, "held twice");
        this.#held = true;
        return;
      case "resume":
        this.#expect(this.#held, "resumed what was not held");
        this.#held = false;
        return;
      case "drop":
        this.#dropped = this.#items;
        this.#items = [];
        this.#held = false;
        this.#audible = false;
        return;
      case "apologise":
        this.#items = [];
        this.#enqueue("apology", 3000);
        return;
      case "commit":
        this.#expect(before.turns === "local", "committed a turn that is the brain's");
        return;
      case "set_timer":
        this.#timers.add(action.name);
        return;
      case "clear_timer":
        this.#timers.delete(action.name);
        return;
      case "close":
        this.#closes++;
        return;
    }
  }

  #dropped: Item[] = [];
}
