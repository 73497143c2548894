/**
 * Who goes on with a call: what an instance knows of calls that left it is kept here for a short time,
 * and handed over once, to a stream of this instance or to another instance, for a token of ours.
 *
 * @module
 */

import type { CallContext } from "../../call/context.ts";
import { within } from "../../runtime/within.ts";
import type { Logger } from "../../telemetry/log.ts";
import { fetchParcel, TokenRefused } from "./fetch_parcel.ts";
import { type Parcel, Parcels } from "./parcel.ts";
import { ResumeTokens, type Ticket } from "./resume_tokens.ts";

/** A live call, as far as handing it over goes. */
export interface Leaver {
  /** Empty while it goes on. */
  readonly endReason: string;
  context(): CallContext;
  /** It goes on elsewhere: closes it here, and leaves the phone alone. */
  end(reason: "moved"): void;
}

export interface HandoverSettings {
  /** What all instances share; without it, only this instance can go on with its calls. */
  readonly secret: string;
  /** Where the other instances reach this one; empty when they don't. */
  readonly address: string;
  /** How long a call that was left is kept. */
  readonly resumeMs: number;
  /** Calls that were left and are kept; the oldest are forgotten first. */
  readonly maxKept: number;
  /** Tokens that were used and could still be tried again; the oldest are forgotten first. */
  readonly maxUsed: number;
}

/** What came of a token: what is known of the call, or in words why it is refused. */
export type Taken =
  | { readonly parcel: Parcel; readonly startedAtMs: number }
  | { readonly refused: string };

interface Kept {
  readonly parcel: Parcel;
  readonly untilMs: number;
  /** Somebody is on their way to fetch it. */
  readonly moved: boolean;
}

const NOTHING: Parcel = { type: "nothing" };

export class Handovers {
  readonly #settings: HandoverSettings;
  readonly #live: (callId: string) => Leaver | undefined;
  readonly #log: Logger;
  readonly #nowMs: () => number;
  readonly #tokens: ResumeTokens;
  readonly #parcels: Parcels;
  /** By call, oldest first. */
  readonly #kept = new Map<string, Kept>();
  /** Nonce to the time when its token ends. */
  readonly #used = new Map<string, number>();
  #sweep: ReturnType<typeof setTimeout> | undefined;
  #waiting: (() => void)[] = [];

  constructor(
    settings: HandoverSettings,
    live: (callId: string) => Leaver | undefined,
    log: Logger,
    nowMs: () => number = Date.now,
  ) {
    this.#settings = settings;
    this.#live = live;
    this.#log = log;
    this.#nowMs = nowMs;
    this.#tokens = new ResumeTokens(settings.secret, nowMs);
    this.#parcels = new Parcels(settings.secret);
  }

  /** Whether calls can go on elsewhere: the other instances know where to ask. */
  get canMove(): boolean {
    return this.#settings.address !== "";
  }

  /** A token with which a stream goes on with this call, once. */
  issue(callId: string, startedAtMs: number, ttlMs: number): string {
    return this.#tokens.issue(callId, { address: this.#settings.address, startedAtMs, ttlMs });
  }

  /** The call's stream has ended, and the call may come back. */
  keep(callId: string, parcel: Parcel, moved = false): void {
    const { resumeMs, maxKept } = this.#settings;
    this.#kept.delete(callId);
    this.#kept.set(callId, { parcel, untilMs: this.#nowMs() + resumeMs, moved });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > maxKept) this.#forget(oldest!);
    this.#sweep ??= setTimeout(() => this.#sweepLate(), resumeMs);
  }

  /** Resolves when every call that was moved has been fetched, or `ms` are over. */
  async untilTaken(ms: number): Promise<void> {
    if (!this.#someMoved()) return;
    await within(ms, new Promise<void>((go) => this.#waiting.push(go)), () => {});
  }

  /** What another instance is given for a token: the sealed parcel, or in words why not. */
  async give(token: string | undefined, callId: string): Promise<Uint8Array<ArrayBuffer> | string> {
    const ticket = this.#tokens.read(token, callId);
    if (typeof ticket === "string") return ticket;
    if (!this.#use(ticket)) return "the resume token was used before";
    return await this.#parcels.seal(this.#take(callId), bindingOf(ticket));
  }

  /**
   * Takes what is known of a call, from here or from the instance that the token names. A call never
   * ends because the other instance can't be asked: then nothing is known.
   */
  async take(token: string | undefined, callId: string): Promise<Taken> {
    const ticket = this.#tokens.read(token, callId);
    if (typeof ticket === "string") return { refused: ticket };
    if (!this.#use(ticket)) return { refused: "the resume token was used before" };
    const { startedAtMs, address } = ticket;
    const own = this.#take(callId);
    const isElsewhere = address !== "" && address !== this.#settings.address;
    if (own.type !== "nothing" || !isElsewhere) return { parcel: own, startedAtMs };
    try {
      const sealed = await fetchParcel(address, token!, callId);
      return { parcel: await this.#parcels.open(sealed, bindingOf(ticket)), startedAtMs };
    } catch (error) {
      if (error instanceof TokenRefused) return { refused: error.message };
      this.#log.warn("The instance that knew a call can't be asked", { callId, address, error });
      return { parcel: NOTHING, startedAtMs };
    }
  }

  /** Forgets everything. */
  close(): void {
    clearTimeout(this.#sweep);
    this.#kept.clear();
    this.#tellIfTaken();
  }

  #take(callId: string): Parcel {
    const kept = this.#kept.get(callId);
    if (kept) {
      this.#forget(callId);
      return kept.untilMs > this.#nowMs() ? kept.parcel : NOTHING;
    }
    // Its stream is here still, as far as we know: a connection may be dead long before that shows.
    const call = this.#live(callId);
    if (!call) return NOTHING;
    // Twilio has not answered yet that the phone is hung up.
    if (call.endReason !== "") return { type: "ended", reason: call.endReason };
    const context = call.context();
    call.end("moved");
    this.#forget(callId);
    return { type: "context", context };
  }

  #use({ nonce, untilMs }: Ticket): boolean {
    if (this.#used.has(nonce)) return false;
    const nowMs = this.#nowMs();
    for (const [old, endsMs] of this.#used) {
      if (endsMs > nowMs && this.#used.size < this.#settings.maxUsed) break;
      this.#used.delete(old);
    }
    this.#used.set(nonce, untilMs);
    return true;
  }

  #someMoved(): boolean {
    for (const { moved } of this.#kept.values()) if (moved) return true;
    return false;
  }

  #forget(callId: string): void {
    this.#kept.delete(callId);
    this.#tellIfTaken();
  }

  #tellIfTaken(): void {
    if (this.#waiting.length === 0 || this.#someMoved()) return;
    for (const go of this.#waiting.splice(0)) go();
  }

  /** What people said is not kept longer than it may be of use. */
  #sweepLate(): void {
    const nowMs = this.#nowMs();
    for (const [callId, { untilMs }] of this.#kept) if (untilMs <= nowMs) this.#forget(callId);
    const [next] = this.#kept.values();
    this.#sweep = next && setTimeout(() => this.#sweepLate(), next.untilMs - nowMs);
  }
}

const bindingOf = ({ callId, nonce }: Ticket) => `${callId}.${nonce}`;
