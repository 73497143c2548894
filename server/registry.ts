/**
 * Who is on the line, and whether there is room for one more. Admission is exact: it counts seats at
 * the moment of the question, never a sample of them.
 *
 * A phone call knocks twice: the webhook reserves a seat for its CallSid, then a socket arrives that
 * doesn't say whose it is until `start`. So sockets without a name and reservations without a socket
 * are taken to be the same callers, and the larger of the two counts.
 *
 * @module
 */

export interface RegistrySettings {
  readonly maxCalls: number;
  /** How long a webhook's seat waits for its socket. */
  readonly reservationMs: number;
}

/** One place in the house. Every way out of it ends in `leave`. */
export interface Seat {
  /**
   * The socket says who it is.
   *
   * @returns False when there is no room: the call has no reservation, and others have taken all.
   */
  take(callId: string): boolean;
  /** Idempotent. */
  leave(): void;
}

export class Registry<Call> {
  readonly #settings: RegistrySettings;
  readonly #nowMs: () => number;
  /** CallSid to the time when its reservation ends. At most `maxCalls` of them. */
  readonly #reserved = new Map<string, number>();
  readonly #calls = new Map<string, Call>();
  #unnamed = 0;
  #seated = 0;
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
    return this.#seated;
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

  /** Holds a seat for a phone call whose socket is on its way. */
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

  /** A socket is at the door. Null when there is no room for it. */
  arrive(): Seat | null {
    this.#forgetLate();
    // While draining, those who were promised a seat still come in.
    if (this.#draining && this.#unnamed >= this.#reserved.size) return null;
    if (this.#taken(1) > this.#settings.maxCalls) return null;
    this.#unnamed++;
    let stage: "unnamed" | "seated" | "gone" = "unnamed";
    return {
      take: (callId) => {
        if (stage !== "unnamed") return stage === "seated";
        const promised = this.#reserved.delete(callId);
        this.#unnamed--;
        this.#forgetLate();
        if (!promised && (this.#draining || this.#taken() >= this.#settings.maxCalls)) {
          stage = "gone";
          return false;
        }
        stage = "seated";
        this.#seated++;
        return true;
      },
      leave: () => {
        if (stage === "unnamed") this.#unnamed--;
        else if (stage === "seated") this.#seated--;
        stage = "gone";
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

  /** From now on nobody new comes in. Resolves when the last one has left. */
  drain(): Promise<void> {
    this.#draining = true;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#emptied.push(resolve);
    this.#tellIfEmpty();
    return promise;
  }

  #taken(moreUnnamed = 0): number {
    return this.#seated + Math.max(this.#unnamed + moreUnnamed, this.#reserved.size);
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
