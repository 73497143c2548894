/**
 * Whether the brains do their work, judged by what happened to calls in the last few minutes. An
 * instance that takes calls which all end in an apology is not well, however calm its event loop is.
 *
 * @module
 */

import { RollingCounts } from "./rolling_counts.ts";
import type { ErrorSeverity } from "./turn.ts";

/** What can be wrong: a label in metrics, so the list is all there is. */
export const TROUBLES = [
  "unreachable",
  "calls_lost",
  "connects_failing",
  "sessions_replaced",
  "answers_failing",
] as const;

export type TroubleKind = typeof TROUBLES[number];

/** Something that callers notice. */
export interface Trouble {
  readonly kind: TroubleKind;
  /** For people, with the figures. */
  readonly text: string;
}

interface Threshold {
  /** Fewer in the window say nothing. */
  readonly min: number;
  /** The share from which it is trouble, 0..1. */
  readonly share: number;
}

/**
 * When an instance counts as degraded. The first two are as strict as the alert rules
 * (`deploy/alerts.yaml`); a replaced session costs the caller a pause alone, so more are borne.
 */
const THRESHOLDS: Readonly<Record<Exclude<TroubleKind, "unreachable">, Threshold>> = {
  /** Of the calls that ended: by `brain_failed`. */
  calls_lost: { min: 2, share: 0.05 },
  /** Of the attempts to open a session. */
  connects_failing: { min: 3, share: 0.1 },
  /** Of the calls that were up. */
  sessions_replaced: { min: 3, share: 0.2 },
  /** Of the answers asked for: errors that cost an answer. */
  answers_failing: { min: 5, share: 0.1 },
};

/** A session that is replaced for this reason was not lost: we chose the moment. */
const PLANNED = "rotation";

type Counted = "ended" | "lost" | "connected" | "refused" | "replaced" | "answers" | "errors";

export class BrainWatch {
  readonly #windowMs: number;
  readonly #counts: RollingCounts<Counted>;
  #lastRefusal = "";
  /** Code of the last error that was fatal. */
  #lastLoss = "";

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
    this.#counts = new RollingCounts(windowMs);
  }

  callEnded(reason: string, nowMs: number): void {
    this.#counts.add("ended", nowMs);
    if (reason === "brain_failed") this.#counts.add("lost", nowMs);
  }

  connected(nowMs: number): void {
    this.#counts.add("connected", nowMs);
  }

  /** @param brain And `code`: label values, so bounded and clean. */
  connectFailed(brain: string, code: string, nowMs: number): void {
    this.#counts.add("refused", nowMs);
    this.#lastRefusal = `${code} (${brain})`;
  }

  replaced(reason: string, nowMs: number): void {
    if (reason !== PLANNED) this.#counts.add("replaced", nowMs);
  }

  answered(nowMs: number): void {
    this.#counts.add("answers", nowMs);
  }

  /** @param code A label value. What is fatal loses a session, and counts as that. */
  error(code: string, severity: ErrorSeverity, nowMs: number): void {
    if (severity === "fatal") this.#lastLoss = code;
    if (severity === "retryable") this.#counts.add("errors", nowMs);
  }

  /**
   * What is wrong now, worst first; empty when all is well.
   *
   * @param live Calls that are up.
   * @param unreachable Why no brain can be reached, if somebody looked and found none.
   */
  troubles(live: number, unreachable: string | null, nowMs: number): Trouble[] {
    const count = (name: Counted) => this.#counts.of(name, nowMs);
    const ended = count("ended"), lost = count("lost");
    const refused = count("refused"), dialled = refused + count("connected");
    const replaced = count("replaced"), calls = ended + live;
    const answers = count("answers"), errors = count("errors");
    const minutes = `the last ${Math.round(this.#windowMs / 60_000)} minutes`;
    const cause = this.#lastLoss && `, the last one by ${this.#lastLoss}`;
    // deno-fmt-ignore
    const looks: readonly [keyof typeof THRESHOLDS, number, of: number, text: string][] = [
      ["calls_lost", lost, ended,
        `${lost} of the ${ended} calls that ended in ${minutes} lost their brain${cause}`],
      ["connects_failing", refused, dialled,
        `${refused} of ${dialled} attempts to reach a brain failed in ${minutes}, the last one by ${this.#lastRefusal}`],
      ["sessions_replaced", replaced, calls,
        `${replaced} sessions broke off and were replaced in ${minutes}, in ${calls} calls`],
      ["answers_failing", errors, errors + answers,
        `The brain gave ${answers} answers and ${errors} errors in ${minutes}`],
    ];
    const found: Trouble[] = looks
      .filter(([kind, bad, of]) => {
        const { min, share } = THRESHOLDS[kind];
        return bad >= min && bad >= share * of;
      })
      .map(([kind, , , text]) => ({ kind, text }));
    if (unreachable === null) return found;
    return [{ kind: "unreachable", text: `The brain can't be reached (${unreachable})` }, ...found];
  }
}
