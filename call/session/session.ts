/**
 * A call's session with its brain, for as long as the call: when the link is lost another one is opened,
 * and before the brain's own limit a session is replaced in a pause. Nobody else in the call holds a
 * link, and only the session of the moment is heard.
 *
 * @module
 */

import type { Brain } from "../../brain/brain.ts";
import { UpstreamError } from "../../brain/errors.ts";
import type { BrainEvent } from "../../brain/openai/events.ts";
import {
  type EffectiveFormats,
  sessionRequest,
  type SessionWish,
} from "../../brain/openai/session.ts";
import type { Clock } from "../../runtime/clock.ts";
import { BrainChoice, type Upstream } from "./choice.ts";
import { LifeWatch } from "./life_watch.ts";
import { isVerdict, NO_ANSWERS, SessionLink } from "./link.ts";

export interface BrainSessionSettings extends SessionWish {
  /** The longest that one attempt may take until the session stands. */
  readonly connectTimeoutMs: number;
  /** A session is replaced when it is this old. */
  readonly sessionLimitMs: number;
  /** The call was going on before: it waits for its brain, though none is reached just now. */
  readonly resumes?: boolean;
}

/** What the call is told. */
export interface BrainSessionPort {
  /** A session stands, the first or another. `differences` are fit for a log. */
  ready(differences: readonly string[]): void;
  /** The audio road: one piece of an answer. `scanned` is false when the full parser had to look. */
  audio(responseId: string, itemId: string, payload: string, scanned: boolean): void;
  said(event: BrainEvent): void;
  /** The session is gone, and another one is being opened: `ready` or `failed` follows. */
  lost(error: UpstreamError): void;
  /** An attempt came to nothing; others may follow. */
  attemptFailed(brain: Brain, error: UpstreamError): void;
  /** No session can be had any more. */
  failed(error: UpstreamError): void;
  /** Neither side speaks or owes anything just now. */
  inPause(): boolean;
  /** Something wrong that the session survives. */
  problem(error: Error): void;
}

/** Of a session that the brain will end, we let go this much sooner. */
const EXPIRY_MARGIN_MS = 120_000;
/** How long a pause is waited for, once the next session stands. */
const PAUSE_PATIENCE_MS = 60_000;
/** Answers in a row that come to nothing before another brain is asked. */
const MAX_MISFIRES = 2;

/** The replacement of a session whose time was over is no failure. */
export const ROTATED = "rotation";

export class BrainSession {
  readonly #settings: BrainSessionSettings;
  readonly #port: BrainSessionPort;
  readonly #clock: Clock;
  readonly #choice: BrainChoice;
  readonly #life: LifeWatch;
  #brain: Brain;
  #formats: EffectiveFormats;
  /** The one that is heard; null while there is none. */
  #current: SessionLink | null = null;
  /** The one that is being opened, or stands and waits for a pause. */
  #next: SessionLink | null = null;
  #differences: readonly string[] = [];
  #nextFormats: EffectiveFormats;
  /** A call that is going on waits for its brain; one that begins when none is reached is told so. */
  #patient: boolean;
  #stoodEver = false;
  #closed = false;
  #lastError = new UpstreamError("No brain can be reached", "unreachable", true);
  #misfires = 0;
  #cancelAttempt: (() => void) | null = null;
  #cancelRotation: (() => void) | null = null;

  constructor(
    upstreams: readonly Upstream[],
    settings: BrainSessionSettings,
    clock: Clock,
    port: BrainSessionPort,
  ) {
    this.#settings = settings;
    this.#port = port;
    this.#clock = clock;
    this.#choice = new BrainChoice(upstreams);
    this.#life = new LifeWatch(clock);
    this.#brain = upstreams[0]!.brain;
    this.#formats = { input: settings.format, output: settings.format };
    this.#nextFormats = this.#formats;
    this.#patient = settings.resumes === true ||
      upstreams.some(({ circuit }) => !circuit.isOpen(clock.nowMs()));
    this.#open();
  }

  /** Whether a session stands. */
  get ready(): boolean {
    return this.#current?.ready ?? false;
  }

  /** The one that answers, or that was dialled last. */
  get brain(): Brain {
    return this.#brain;
  }

  /** What the brain hears and speaks: as wished, until it says otherwise. */
  get formats(): EffectiveFormats {
    return this.#formats;
  }

  /** The silence in front of an item's voice that counts as part of it, in ms. */
  get prefixMs(): number {
    const { turn_detection: detection } = sessionRequest(this.#settings).audio!.input!;
    return detection?.type === "server_vad" ? detection.prefix_padding_ms ?? 0 : 0;
  }

  /** @returns False when the brain is slow or gone and the text was not taken. */
  send(text: string): boolean {
    return this.#current?.send(text) ?? false;
  }

  /** Bytes that wait to leave. */
  bufferedBytes(): number {
    return this.#current?.bufferedBytes() ?? 0;
  }

  /**
   * An answer came to nothing. A brain that makes no other is left for the next one, if there is one.
   *
   * @param forGood It will not be better within the call.
   */
  misfired(code: string, forGood = false): void {
    this.#misfires++;
    if (!this.#current || !this.#choice.hasOther) return;
    if (this.#misfires < MAX_MISFIRES && !forGood) return;
    this.#current.fail(
      new UpstreamError(`The brain makes no answers (${code})`, NO_ANSWERS, false),
    );
  }

  /** Whether the brain should say something; see {@linkcode LifeWatch}. */
  set expecting(on: boolean) {
    this.#life.expecting = on;
  }

  /** What should have come from the brain did not: without a sign of life it is given up. */
  suspect(): void {
    this.#life.suspect();
  }

  /** The session can't go on. */
  fail(error: UpstreamError): void {
    if (this.#current) this.#current.fail(error);
    else this.giveUp(error);
  }

  /** No session is to be had: the call is told so, once. */
  giveUp(error: UpstreamError): void {
    if (this.#closed) return;
    this.close();
    this.#port.failed(error);
  }

  /** Nobody speaks and nothing is owed: a session whose time is over is replaced now. */
  paused(): void {
    if (this.#current && this.#next?.ready) this.#rotate();
  }

  close(): void {
    this.#closed = true;
    this.#stopTimers();
    this.#current?.close();
    this.#next?.close();
    this.#current = this.#next = null;
  }

  #open(): void {
    const nowMs = this.#clock.nowMs();
    const brain = this.#choice.next(nowMs, this.#patient);
    if (brain === null) {
      // The present one, as long as it lasts; and nobody is told before they have us.
      if (!this.#current) this.#after(0, () => this.giveUp(this.#lastError));
      return;
    }
    if (typeof brain === "number") return this.#openAfter(brain);
    // What one says that is not heard any more is for nobody.
    const link: SessionLink = new SessionLink(brain, this.#settings, {
      ready: (formats, differences) => {
        this.#nextFormats = formats;
        this.#differences = differences;
        this.#attemptStood();
      },
      audio: (responseId, itemId, payload, scanned) => {
        if (link !== this.#current) return;
        this.#misfires = 0;
        this.#port.audio(responseId, itemId, payload, scanned);
      },
      said: (event) => {
        if (link === this.#current) this.#port.said(event);
      },
      failed: (error) => {
        if (link === this.#current) this.#lost(error);
        else if (link === this.#next) this.#attemptFailed(brain, error);
      },
      problem: (error) => this.#port.problem(error),
    });
    this.#next = link;
    if (!this.#current) this.#brain = brain;
    const { connectTimeoutMs } = this.#settings;
    this.#after(connectTimeoutMs, () => {
      const ms = `${connectTimeoutMs} ms`;
      link.fail(new UpstreamError(`No session stood within ${ms}`, "connect_timeout", true));
    });
  }

  #openAfter(ms: number): void {
    this.#after(ms, () => this.#open());
  }

  #after(ms: number, fn: () => void): void {
    this.#cancelAttempt?.();
    this.#cancelAttempt = this.#clock.after(ms, fn);
  }

  #attemptFailed(brain: Brain, error: UpstreamError): void {
    if (this.#closed) return;
    this.#next = null;
    this.#lastError = error;
    this.#port.attemptFailed(brain, error);
    // Whoever took this call before may take it again: a proxy answers anything during a deploy.
    const forGood = this.#stoodEver ? isVerdict(error) : !error.retryable;
    this.#openAfter(this.#choice.failed(forGood, this.#clock.nowMs()));
  }

  #attemptStood(): void {
    this.#cancelAttempt?.();
    this.#cancelAttempt = null;
    this.#choice.stood(this.#clock.nowMs());
    if (!this.#current) return this.#takeOver();
    if (this.#port.inPause()) return this.#rotate();
    // It waits for a pause, but not for ever.
    this.#cancelRotation?.();
    this.#cancelRotation = this.#clock.after(PAUSE_PATIENCE_MS, () => this.#rotate());
  }

  #takeOver(): void {
    this.#current = this.#next;
    this.#next = null;
    this.#brain = this.#current!.brain;
    this.#formats = this.#nextFormats;
    this.#patient = this.#stoodEver = true;
    this.#life.watch(this.#current!);
    this.#planRotation();
    this.#port.ready(this.#differences);
  }

  #planRotation(): void {
    const { sessionLimitMs } = this.#settings;
    const expiresAtMs = this.#current!.expiresAtMs ?? Infinity;
    const livesMs = expiresAtMs - Date.now();
    const leftMs = Math.max(1000, livesMs - Math.min(EXPIRY_MARGIN_MS, livesMs / 2));
    this.#cancelRotation?.();
    this.#cancelRotation = this.#clock.after(Math.min(sessionLimitMs, leftMs), () => {
      if (!this.#next) this.#open();
    });
  }

  #rotate(): void {
    if (!this.#current || !this.#next?.ready) return;
    this.#current.close();
    this.#current = null;
    this.#port.lost(new UpstreamError("The session's time is over", ROTATED, true));
    this.#takeOver();
  }

  #lost(error: UpstreamError): void {
    this.#current = null;
    this.#lastError = error;
    this.#cancelRotation?.();
    const pauseMs = this.#choice.lost(isVerdict(error), this.#clock.nowMs());
    this.#port.lost(error);
    if (this.#closed) return;
    if (this.#next?.ready) this.#takeOver();
    else if (!this.#next) this.#openAfter(pauseMs);
  }

  #stopTimers(): void {
    this.#cancelAttempt?.();
    this.#cancelRotation?.();
    this.#life.stop();
    this.#cancelAttempt = this.#cancelRotation = null;
  }
}
