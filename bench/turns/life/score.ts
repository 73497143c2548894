/**
 * Whether a caller got what a caller may expect: each question answered, once, in time, and nothing
 * that they said lost.
 *
 * @module
 */

import type { Answer } from "../answering.ts";
import type { CallerItem } from "../caller_audio.ts";
import { BLOCK_MS, type StampedRun } from "../stamps.ts";
import { SILENT_MS } from "./behaviours.ts";
import type { Need, Utterance } from "./caller.ts";
import type { CallLog } from "./log.ts";

/**
 * `silent`: no sound within 12 s. `unanswered`: words, but no answer to these. `ended`: the agent
 * hung up instead. `lost`: speech that was deleted, or stands in no item that was answered. `dropped`:
 * what should have gone on did not. `stutter`: an interrupted answer that began again.
 */
export const FAULTS = [
  "late",
  "silent",
  "unanswered",
  "ended",
  "double",
  "lost",
  "dropped",
  "cut",
  "repeated",
  "stutter",
] as const;
export type Fault = typeof FAULTS[number];

export interface Verdict {
  readonly seed: string;
  readonly behaviour: string;
  readonly atMs: number;
  readonly answered: boolean;
  /** From the end of the words to the first sound of their answer; NaN without one. */
  readonly delayMs: number;
  /** Of interruptions: from the onset to the last sound of what was interrupted. */
  readonly stoppedMs: number;
  /**
   * From the end of the words until the server itself said something, before the answer or instead
   * of it; NaN when it did not.
   */
  readonly toldMs: number;
  readonly faults: ReadonlySet<Fault>;
  /** What would be faults had the caller not been told in time. */
  readonly excused: ReadonlySet<Fault>;
}

export interface Limits {
  /** Whoever waits longer ... */
  readonly lateMs: number;
  /** ... has to be told before that, where that is allowed. */
  readonly tellingExcuses: boolean;
}

/** Less than this is no answer: the agent was stopped before anybody could understand a word. */
const WORD_MS = 200;
/** Seams of less are not heard. */
const SEAM_MS = 40;
/** So much of an utterance has to reach the brain; its soft edges may not. */
const ENOUGH_SHARE = 0.6, DELETED_SHARE = 0.3;
const MIN_FRAMES = 2;
const NONE: ReadonlySet<Fault> = new Set();

const counts = ({ kind }: Utterance) => kind === "speech" || kind === "keys";
const isGreeting = (answer: Answer) => /greet/i.test(answer.request?.instructions ?? "");

/** Words of the agent's own accord: they answer nobody. */
function isAside({ request }: Answer): boolean {
  if (!request) return false;
  const kind = request.metadata?.kind;
  if (typeof kind === "string") return !["turn", "text", "tool", "answer"].includes(kind);
  // A greeting may be told to answer what was said before it, in the same breath.
  const also = /answer that in the same breath/i.test(request.instructions);
  return request.apart || (request.instructions !== "" && !also);
}

/** An answer as it was heard. */
interface HeardAnswer {
  readonly answer: Answer;
  readonly runs: StampedRun[];
  /** The last need that it can be about; null when it is about none. */
  readonly about: Need | null;
}

export class CallScore {
  readonly verdicts: Verdict[];
  /** Greetings that were heard, a "hello" that was answered with another included. */
  readonly greetings: number;
  readonly #log: CallLog;
  readonly #limits: Limits;
  readonly #heard: HeardAnswer[];
  readonly #needOf = new Map<number, Need>();

  constructor(log: CallLog, limits: Limits) {
    this.#log = log;
    this.#limits = limits;
    for (const need of log.needs) {
      for (const { number, kind } of need.utterances) {
        if (kind !== "noise") this.#needOf.set(number, need);
      }
    }
    this.#heard = log.answers.flatMap((answer) => {
      const runs = log.runs.filter(({ source }) => answer.items.some((i) => i.source === source));
      const heardMs = runs.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
      return heardMs >= WORD_MS ? [{ answer, runs, about: this.#about(answer) }] : [];
    });
    this.verdicts = log.needs.flatMap((need, n) => this.#judge(need, n));
    this.greetings =
      this.#heard.filter(({ answer, about }) =>
        isGreeting(answer) || (about?.wants === "any" && !isAside(answer))
      ).length;
  }

  /** The need whose words stand last in what the answer was made from. */
  #about({ covers }: Answer): Need | null {
    for (let i = covers.length - 1; i >= 0; i--) {
      const last = this.#wordsIn(covers[i]!).at(-1);
      if (last) return this.#needOf.get(last.number) ?? null;
    }
    return null;
  }

  /** What of the caller stands in an item, noises left out. */
  #wordsIn({ frames, text }: CallerItem): Utterance[] {
    return this.#log.utterances.filter(({ number, kind, what }) =>
      kind === "keys" ? text.includes(what) : kind !== "noise" &&
        (frames.get(number) ?? 0) >= MIN_FRAMES
    );
  }

  #judge(need: Need, n: number): Verdict[] {
    const words = need.utterances.filter(counts);
    const last = words.at(-1) ?? need.utterances.at(-1)!;
    // The call was over before it was said.
    if (Number.isNaN(last.endMs)) return [];
    const faults = new Set<Fault>();
    let delayMs = NaN, answered = true, toldMs = NaN;
    if (need.wants !== "goes_on") {
      const about = this.#answersAbout(need, last);
      // To half of a question is to none.
      const answers = about.filter(({ answer }) =>
        need.wants === "any" || answer.covers.some((item) => this.#wordsIn(item).includes(last))
      );
      delayMs = answers.length > 0 ? answers[0]!.runs[0]!.fromMs - last.endMs : NaN;
      answered = answers.length > 0;
      toldMs = this.#toldMs(last, answers[0], this.#log.needs[n + 1]);
      if (!answered && need.wants === "either") answered = this.#wentOn(need, faults);
      else if (!answered && need.wants === "any" && this.#soundsBy(last.fromMs + SILENT_MS, last)) {
        answered = true;
      } else if (!answered) faults.add(this.#insteadOfAnswer(need, last));
      // Whoever coughs behind their question waits from then on.
      const coughedMs = need.utterances.at(-1)!.endMs - last.endMs;
      if (delayMs - coughedMs > this.#limits.lateMs) faults.add("late");
      if (about.filter(({ answer }) => !isGreeting(answer)).length > 1) faults.add("double");
      if (need.wants === "answer" && words.some((one) => this.#isLost(one))) {
        faults.add("lost");
      }
    } else answered = this.#wentOn(need, faults);
    this.#listenForSeams(need, faults);
    const stoppedMs = need.interrupts ? this.#stopped(need, faults) : NaN;
    const excused = toldMs <= this.#limits.lateMs ? this.#excuse(words, faults) : NONE;
    const { behaviour, utterances } = need;
    const { seed } = this.#log;
    const atMs = utterances[0]!.fromMs;
    return [{ seed, behaviour, atMs, answered, delayMs, stoppedMs, toldMs, faults, excused }];
  }

  /** @param next Whatever is said from its beginning on is about that. */
  #toldMs({ endMs }: Utterance, answer: HeardAnswer | undefined, next: Need | undefined): number {
    const nextMs = next ? next.utterances[0]!.fromMs : Infinity;
    const untilMs = Math.min(answer ? answer.runs[0]!.fromMs : Infinity, nextMs);
    const told = this.#log.phrases.find(({ fromMs }) => fromMs > endMs && fromMs < untilMs);
    return told ? told.fromMs - endMs : NaN;
  }

  /** Takes out of `faults` what a caller who was told why can bear. */
  #excuse(words: readonly Utterance[], faults: Set<Fault>): Set<Fault> {
    const excused = new Set<Fault>();
    if (!this.#limits.tellingExcuses) return excused;
    for (const fault of ["late", "unanswered"] as const) {
      if (faults.delete(fault)) excused.add(fault);
    }
    // Without an answer, no words stand in one; those that were deleted are gone all the same.
    const deleted = words.some((one) => this.#shares(one).deleted > DELETED_SHARE);
    if (excused.has("unanswered") && !deleted && faults.delete("lost")) excused.add("lost");
    return excused;
  }

  /** Answers about these words that were heard, in order. */
  #answersAbout(need: Need, last: Utterance): HeardAnswer[] {
    return this.#heard.filter(({ answer, runs, about }) =>
      runs[0]!.fromMs > last.fromMs &&
      (need.wants === "any"
        ? isGreeting(answer) || about === need
        : about === need && !isAside(answer))
    );
  }

  #soundsBy(ms: number, { fromMs }: Utterance): boolean {
    return (this.#log.soundAfter(fromMs) ?? Infinity) < ms;
  }

  #insteadOfAnswer({ utterances }: Need, { endMs }: Utterance): Fault {
    // What was being said already, and its end, is nobody's answer.
    const fromMs = utterances[0]!.fromMs;
    const during = this.#heard.find(({ runs }) =>
      runs.some((run) => run.fromMs <= fromMs && run.toMs > fromMs)
    );
    const afterMs = Math.max(endMs, during?.runs.at(-1)?.toMs ?? 0) + 1;
    const soundMs = this.#log.soundAfter(afterMs);
    if (soundMs === null || soundMs > endMs + SILENT_MS) return "silent";
    return this.#log.ended ? "ended" : "unanswered";
  }

  #isLost(utterance: Utterance): boolean {
    const { answered, deleted } = this.#shares(utterance);
    return answered < ENOUGH_SHARE || deleted > DELETED_SHARE;
  }

  /** How much of it stands in items that were answered, and in such as were deleted. */
  #shares({ number, kind, what, voicedFrames }: Utterance): { answered: number; deleted: number } {
    const inItem = ({ frames, text }: CallerItem) =>
      kind === "keys" ? (text.includes(what) ? 1 : 0) : (frames.get(number) ?? 0) / voicedFrames;
    const answered = new Set(this.#heard.flatMap(({ answer }) => [...answer.covers]));
    const shares = { answered: 0, deleted: 0 };
    for (const item of this.#log.items) {
      if (!Number.isNaN(item.deletedAtMs)) shares.deleted += inItem(item);
      else if (answered.has(item)) shares.answered += inItem(item);
    }
    return shares;
  }

  #wentOn(need: Need, faults: Set<Fault>): boolean {
    const answer = this.#answerOf(need.over);
    const last = answer?.answer.items.at(-1);
    const run = answer?.runs.at(-1);
    const ok = !last || (run!.source === last.source &&
      (run!.toBlock + 1) * BLOCK_MS >= last.ms - SEAM_MS);
    if (!ok) faults.add("dropped");
    return ok;
  }

  #answerOf(source: number | null): HeardAnswer | undefined {
    return this.#heard.find(({ answer }) => answer.items.some((item) => item.source === source));
  }

  /** Words of the answer that this need was spoken over, missing or heard twice. */
  #listenForSeams(need: Need, faults: Set<Fault>): void {
    const runs = this.#answerOf(need.over)?.runs ??
      this.#heard.find(({ about }) => about === need)?.runs ?? [];
    for (let i = 1; i < runs.length; i++) {
      if (runs[i]!.source !== runs[i - 1]!.source) continue;
      const missingMs = (runs[i]!.fromBlock - runs[i - 1]!.toBlock - 1) * BLOCK_MS;
      if (missingMs > SEAM_MS) faults.add("cut");
      else if (missingMs < -SEAM_MS) faults.add("repeated");
    }
  }

  #stopped(need: Need, faults: Set<Fault>): number {
    const onsetMs = need.utterances[0]!.fromMs;
    const runs = this.#answerOf(need.over)?.runs ?? [];
    // Its next item, on the heels of the one before, is no new beginning.
    const beginsAgain = ({ fromMs }: StampedRun, i: number) =>
      i > 0 && fromMs > onsetMs + SEAM_MS && fromMs > runs[i - 1]!.toMs + SEAM_MS;
    if (runs.some(beginsAgain)) faults.add("stutter");
    return (runs.at(-1)?.toMs ?? NaN) - onsetMs;
  }
}
