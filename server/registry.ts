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

export interface RegistrySettings {
  readonly maxCalls: number;
  /** How long a webhook's reservation waits for its socket. */
  readonly reservationMs: number;
}

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
  /** CallSid to the time when its reservation ends. At most `maxCalls` of them. */
  readonly #reserved = new Map<string, number>();
  readonly #calls = new Map<string, Call>();
  #unnamed = 0;
  #admitted = 0;
  #draining = false;
  #emptied: (() => void)[] = [];
  /** While draining: looks again when the last reservation has ended. */
  #lastLook: ReturnType<typeof setTimeout> | undefined;

  constructor(settings: RegistrySettings, nowMs: () => number = () => performance.now()) {
    this.#settings = settings;
    this.#nowMs = nowMs;
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

  /** Keeps a place for a phone call whose socket is on its way. */
  reserve(callId: string): boolean {
    if (this.#draining) return false;
    this.#forgetLate();
    if (!this.#reserved.has(callId) && this.#taken() >= this.#settings.maxCalls) return false;
    this.#reserved.set(callId, this.#nowMs() + this.#settings.reservationMs);
    return true;
  }

  /** The call ended before its socket came. */
  release(callId: string): void {
    this.#reserved.delete(callId);
    this.#tellIfEmpty();
  }

  /** A socket is here. Null when there is no room for it. */
  arrive(): Admission | null {
    this.#forgetLate();
    // While draining, those who have a reservation are still admitted.
    if (this.#draining && this.#unnamed >= this.#reserved.size) return null;
    if (this.#taken(1) > this.#settings.maxCalls) return null;
    this.#unnamed++;
    let stage: "unnamed" | "admitted" | "released" = "unnamed";
    return {
      admit: (callId) => {
        if (stage !== "unnamed") return stage === "admitted";
        const reserved = this.#reserved.delete(callId);
        this.#unnamed--;
        this.#forgetLate();
        if (!reserved && (this.#draining || this.#taken() >= this.#settings.maxCalls)) {
          stage = "released";
          return false;
        }
        stage = "admitted";
        this.#admitted++;
        return true;
      },
      release: () => {
        if (stage === "unnamed") this.#unnamed--;
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
    return this.#admitted + Math.max(this.#unnamed + moreUnnamed, this.#reserved.size);
  }

  #forgetLate(): void {
    const nowMs = this.#nowMs();
    for (const [callId, untilMs] of this.#reserved) {
      if (untilMs <= nowMs) this.#reserved.delete(callId);
    }
  }

  #tellIfEmpty(): void {
    if (!this.#draining) return;
    this.#forgetLate();
    clearTimeout(this.#lastLook);
    if (this.#reserved.size > 0) {
      // Nobody else comes by when a socket stays away.
      const waitMs = Math.max(...this.#reserved.values()) - this.#nowMs();
      this.#lastLook = setTimeout(() => this.#tellIfEmpty(), waitMs);
    }
    if (this.#taken() > 0) return;
    for (const resolve of this.#emptied.splice(0)) resolve();
  }
}
