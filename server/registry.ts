/**
 * The calls that are going on, and admission: whether there is room for one more. It is exact: calls
 * are counted at the moment of the question.
 *
 * A phone call comes twice: the webhook reserves a place for its CallSid, then a socket arrives that
 * doesn't say whose it is until `start`. So sockets without a name and reservations without a socket
 * are taken to be the same callers, and the larger of the two counts.
 *
 * @module
 */

import { TokenBucket } from "../runtime/token_bucket.ts";

export interface RegistrySettings {
  readonly maxCalls: number;
  /** Of these, from browsers: a crowd on the page must not make the phone busy. */
  readonly maxBrowserCalls?: number;
  /** Of one phone number. */
  readonly maxCallsPerCaller?: number;
  /** From one network address. */
  readonly maxCallsPerAddress?: number;
  /** New calls of each kind, with as many at once. */
  readonly newCallsPerSecond?: number;
  /** How long a webhook's reservation waits for its socket. */
  readonly reservationMs: number;
}

/** Why a call is not taken. */
export type CallRefusal =
  | "draining"
  | "full"
  | "browsers_full"
  | "caller_limit"
  | "address_limit"
  | "too_fast";

type Kind = "twilio" | "browser";

/** One socket's place. Every way out of it ends in `release`. */
export interface Admission {
  /**
   * The socket says who it is.
   *
   * @returns False when there is no room: the call has no reservation, and others have taken all.
   */
  admit(callId: string): boolean;
  /** Idempotent. */
  release(): void;
}

export class Registry<Call> {
  readonly #settings: RegistrySettings;
  readonly #nowMs: () => number;
  /** By CallSid: when the reservation ends, and whose it is. At most `maxCalls` of them. */
  readonly #reserved = new Map<string, { readonly untilMs: number; readonly caller: string }>();
  /** Places by who has them: reservations, and sockets. Those who have none are not in it. */
  readonly #places: Record<Kind, Map<string, number>> = { twilio: new Map(), browser: new Map() };
  readonly #rates: Record<Kind, TokenBucket>;
  #browsers = 0;
  readonly #calls = new Map<string, Call>();
  /** Phones' sockets before their `start`. */
  #unnamed = 0;
  /** Browsers' sockets before they are open; none of them is a phone that is waited for. */
  #opening = 0;
  #admitted = 0;
  #draining = false;
  #emptied: (() => void)[] = [];
  /** While draining: looks again when the last reservation has ended. */
  #lastLook: ReturnType<typeof setTimeout> | undefined;

  constructor(settings: RegistrySettings, nowMs: () => number = () => performance.now()) {
    this.#settings = settings;
    this.#nowMs = nowMs;
    const rate = settings.newCallsPerSecond ?? Infinity;
    this.#rates = {
      twilio: new TokenBucket(rate, rate, nowMs),
      browser: new TokenBucket(rate, rate, nowMs),
    };
  }

  get maxCalls(): number {
    return this.#settings.maxCalls;
  }

  /** Calls that are going on. */
  get live(): number {
    return this.#admitted;
  }

  get draining(): boolean {
    return this.#draining;
  }

  get calls(): ReadonlyMap<string, Call> {
    return this.#calls;
  }

  /** Why no new call is taken just now, or null. */
  get closedBecause(): "draining" | "full" | null {
    if (this.#draining) return "draining";
    this.#forgetLate();
    return this.#taken() >= this.#settings.maxCalls ? "full" : null;
  }

  /**
   * Why a call is not taken just now, or null; then it counts as one more of this second. Whoever has
   * a reservation already is asked for nothing twice.
   *
   * @param who The phone's number, or the browser's address; empty when it isn't known.
   */
  refusal(kind: Kind, who: string, callId?: string): CallRefusal | null {
    if (callId !== undefined && this.#reserved.has(callId)) return null;
    if (this.closedBecause) return this.closedBecause;
    const { maxCallsPerCaller = Infinity } = this.#settings;
    if (kind === "browser") {
      const limit = this.browserLimit(who);
      if (limit) return limit;
    } else if ((this.#places[kind].get(who) ?? 0) >= maxCallsPerCaller) return "caller_limit";
    return this.#rates[kind].take() ? null : "too_fast";
  }

  /**
   * Which limit of the page's is reached, or null. Alone it is for those who come back, who were
   * counted as new before.
   *
   * @param callId The call that goes on: a socket of it that is here still gives its place to it.
   */
  browserLimit(who: string, callId = ""): CallRefusal | null {
    const { maxBrowserCalls = Infinity, maxCallsPerAddress = Infinity } = this.#settings;
    const own = this.#calls.has(callId) ? 1 : 0;
    if (this.#browsers - own >= maxBrowserCalls) return "browsers_full";
    const places = this.#places.browser.get(who) ?? 0;
    return places - own >= maxCallsPerAddress ? "address_limit" : null;
  }

  /** Keeps a place for a phone call whose socket is on its way. */
  reserve(callId: string, caller = ""): boolean {
    if (this.#draining) return false;
    this.#forgetLate();
    if (!this.#reserved.has(callId) && this.#taken() >= this.#settings.maxCalls) return false;
    this.#unreserve(callId);
    this.#reserved.set(callId, {
      untilMs: this.#nowMs() + this.#settings.reservationMs,
      caller,
    });
    this.#count("twilio", caller, 1);
    return true;
  }

  /** The call ended before its socket came. */
  release(callId: string): void {
    this.#unreserve(callId);
    this.#tellIfEmpty();
  }

  /** Gives a reservation back, or null when there is none. */
  #unreserve(callId: string): { readonly caller: string } | null {
    const reservation = this.#reserved.get(callId);
    if (!reservation) return null;
    this.#reserved.delete(callId);
    this.#count("twilio", reservation.caller, -1);
    return reservation;
  }

  #count(kind: Kind, who: string, by: 1 | -1): void {
    if (kind === "browser") this.#browsers += by;
    if (who === "") return;
    const places = (this.#places[kind].get(who) ?? 0) + by;
    if (places > 0) this.#places[kind].set(who, places);
    else this.#places[kind].delete(who);
  }

  /**
   * A socket is here. Null when there is no room for it.
   *
   * @param who A browser's address; a phone's number is known by its reservation.
   */
  arrive(kind: Kind = "twilio", who = ""): Admission | null {
    this.#forgetLate();
    // While draining, those who have a reservation are still admitted.
    const isPhone = kind === "twilio";
    if (this.#draining && (!isPhone || this.#unnamed >= this.#reserved.size)) return null;
    const taken = isPhone ? this.#taken(1) : this.#taken() + 1;
    if (taken > this.#settings.maxCalls) return null;
    const arriving = (by: 1 | -1) => {
      if (isPhone) this.#unnamed += by;
      else this.#opening += by;
    };
    arriving(1);
    this.#count(kind, who, 1);
    let stage: "unnamed" | "admitted" | "released" = "unnamed";
    return {
      admit: (callId) => {
        if (stage !== "unnamed") return stage === "admitted";
        const reserved = isPhone ? this.#unreserve(callId) : null;
        arriving(-1);
        this.#forgetLate();
        if (!reserved && (this.#draining || this.#taken() >= this.#settings.maxCalls)) {
          stage = "released";
          this.#count(kind, who, -1);
          return false;
        }
        // The number goes over from the reservation to the call.
        if (reserved) this.#count(kind, who = reserved.caller, 1);
        stage = "admitted";
        this.#admitted++;
        return true;
      },
      release: () => {
        if (stage !== "released") this.#count(kind, who, -1);
        if (stage === "unnamed") arriving(-1);
        else if (stage === "admitted") this.#admitted--;
        stage = "released";
        this.#tellIfEmpty();
      },
    };
  }

  add(callId: string, call: Call): void {
    this.#calls.set(callId, call);
  }

  remove(callId: string): void {
    this.#calls.delete(callId);
  }

  /** From now on nobody new is admitted. Resolves when the last call has ended. */
  drain(): Promise<void> {
    this.#draining = true;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#emptied.push(resolve);
    this.#tellIfEmpty();
    return promise;
  }

  #taken(moreUnnamed = 0): number {
    return this.#admitted + this.#opening +
      Math.max(this.#unnamed + moreUnnamed, this.#reserved.size);
  }

  #forgetLate(): void {
    const nowMs = this.#nowMs();
    for (const [callId, { untilMs }] of this.#reserved) {
      if (untilMs <= nowMs) this.#unreserve(callId);
    }
  }

  #tellIfEmpty(): void {
    if (!this.#draining) return;
    this.#forgetLate();
    clearTimeout(this.#lastLook);
    if (this.#reserved.size > 0) {
      // Nobody else comes by when a socket stays away.
      const waitMs = Math.max(...[...this.#reserved.values()].map(({ untilMs }) => untilMs)) -
        this.#nowMs();
      this.#lastLook = setTimeout(() => this.#tellIfEmpty(), waitMs);
    }
    if (this.#taken() > 0) return;
    for (const resolve of this.#emptied.splice(0)) resolve();
  }
}
