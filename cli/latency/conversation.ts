/**
 * One simulated call of a latency test, once it is up: listen to the greeting, then take turns by the
 * scenario. What it measures goes into the collector.
 *
 * @module
 */

import { type Phone, spokenAtMs } from "../phone/phone.ts";
import { poll } from "../phone/wait.ts";
import type { CallPlan } from "./call_plan.ts";
import type { Clip } from "./clips.ts";
import { compareEcho } from "./echo_compare.ts";
import type { Collector } from "./stats.ts";

/** The longest answer that is listened to before the next question. */
const LISTEN_MS = 60_000;
/** The agent has stopped when this much silence follows its `clear`. */
const STOPPED_MS = 200;
/** An agent that still talks this long after the caller began was not interrupted. */
const STOP_WAIT_MS = 3000;
/** Answers are heard with some of the silence before the question, when they echo it. */
const ECHO_LEAD_MS = 500;
/** Waiting more often than this would cost the generator more than it tells: times come from the
 * record of what was played, not from the moment of looking. */
export const POLL_MS = 20;

/** The call was broken off by the person at the keyboard. */
export class Aborted extends Error {}
/** The other side ended the call while we still had things to say. */
export class EndedEarly extends Error {}

/** The turns of one call that is up. */
export class Conversation {
  unanswered = 0;
  readonly #phone: Phone;
  readonly #plan: CallPlan;
  readonly #collector: Collector;

  constructor(phone: Phone, plan: CallPlan, collector: Collector) {
    this.#phone = phone;
    this.#plan = plan;
    this.#collector = collector;
  }

  connected(): void {
    const { dialledAtMs, webhookAnsweredAtMs, streamOpenedAtMs } = this.#phone.times;
    this.#collector.counts.connected++;
    this.#collector.record("webhook", webhookAnsweredAtMs - dialledAtMs, webhookAnsweredAtMs);
    this.#collector.record("upgrade", streamOpenedAtMs - webhookAnsweredAtMs, streamOpenedAtMs);
    this.#collector.record("connect", streamOpenedAtMs - dialledAtMs, streamOpenedAtMs);
  }

  async greeting(): Promise<void> {
    const fromMs = this.#phone.times.streamStartedAtMs;
    const heardMs = await this.#sound(fromMs, this.#plan.timings.greetingWaitMs);
    if (heardMs === null) return;
    this.#collector.record("greeting", heardMs - fromMs, heardMs);
    await this.#finished();
  }

  /** One question and its answer, or its interruption. */
  async turn(): Promise<void> {
    const { clips, scenario } = this.#plan;
    await this.#rest(this.#plan.timings.pauseMs);
    const clip = clips.questions[Math.floor(this.#plan.random() * clips.questions.length)]!;
    const heardMs = await this.#ask(clip, (answer) => {
      if (scenario === "echo") this.#compare(clip, answer.firstFrameAtMs, answer.heardMs);
    }, scenario === "barge-in");
    if (scenario === "barge-in" && heardMs !== null) await this.#bargeIn();
  }

  /** Adds up what the stream saw. */
  count(): void {
    if (Number.isNaN(this.#phone.times.streamOpenedAtMs)) return;
    const { stream } = this.#phone;
    const { counts } = this.#collector;
    counts.framesSent += stream.framesSent;
    counts.framesReceived += stream.framesReceived;
    counts.framesDiscarded += stream.framesDiscarded;
    counts.gaps += stream.playout.counts.underruns;
    counts.gapMs += stream.playout.counts.underrunMs;
    counts.refusedMessages += stream.violations.total;
  }

  /**
   * Says a clip and waits for the answer; unless it is to be cut short, also for its end.
   *
   * @returns When the answer was first heard, null when none came or the agent talked over us.
   */
  async #ask(
    clip: Clip,
    heard: (answer: { firstFrameAtMs: number; heardMs: number }) => void,
    cutShort: boolean,
  ): Promise<number | null> {
    const { counts } = this.#collector;
    const phone = this.#phone;
    const said = await phone.say(clip.bytes);
    this.#check();
    const endMs = spokenAtMs(said, clip.endMs);
    counts.turns++;
    if (phone.heardAudio(spokenAtMs(said, clip.startMs), endMs)) {
      counts.talkedOver++;
      await this.#finished();
      return null;
    }
    const heardMs = await this.#sound(endMs, this.#plan.timings.answerWaitMs);
    if (heardMs === null) {
      counts.unanswered++;
      this.unanswered++;
      return null;
    }
    counts.answered++;
    this.#collector.record("answer", heardMs - endMs, heardMs);
    if (cutShort) return heardMs;
    await this.#finished();
    heard({ firstFrameAtMs: said.firstFrameAtMs, heardMs });
    return heardMs;
  }

  /** Interrupts the answer that is being heard, and listens to what comes then. */
  async #bargeIn(): Promise<void> {
    const { counts } = this.#collector;
    const { interruption } = this.#plan.clips;
    const phone = this.#phone;
    await this.#rest(this.#plan.timings.bargeAfterMs);
    if (!phone.heardAudio(phone.now() - 100)) {
      counts.tooShort++;
      return await this.#finished();
    }
    const said = await phone.say(interruption.bytes);
    this.#check();
    counts.bargeIns++;
    const onsetMs = spokenAtMs(said, interruption.startMs);
    const stopped = await this.#stopped(onsetMs);
    if (stopped === null) {
      counts.ignoredBargeIns++;
      return await this.#finished();
    }
    const { clearMs, silentMs } = stopped;
    if (clearMs === null) counts.endedWithoutClear++;
    else {
      this.#collector.record("clear", clearMs - onsetMs, clearMs);
      this.#collector.record("silence", silentMs - onsetMs, silentMs);
    }
    // What was said to interrupt is a turn too; its answer is let out, whatever it is.
    const endMs = spokenAtMs(said, interruption.endMs);
    const heardMs = await this.#sound(endMs, this.#plan.timings.answerWaitMs);
    if (heardMs !== null) this.#collector.record("answer", heardMs - endMs, heardMs);
    await this.#finished();
  }

  /**
   * Waits for the end of the sound that went on at `onsetMs`: a `clear` that quiet follows, or a
   * longer quiet without one, which may just as well be the answer's own end.
   *
   * @returns Null when the agent talked on.
   */
  #stopped(onsetMs: number): Promise<{ clearMs: number | null; silentMs: number } | null> {
    const { playout, clears } = this.#phone.stream;
    return this.#until(() => {
      const nowMs = this.#phone.now();
      const clearMs = clears.toArray().find((atMs) => atMs >= onsetMs) ?? null;
      const quietSinceMs = Math.max(onsetMs, playout.lastHeard(clearMs ?? nowMs) ?? onsetMs);
      if (clearMs === null) {
        return nowMs - quietSinceMs >= this.#plan.timings.finishedMs
          ? { clearMs, silentMs: quietSinceMs }
          : undefined;
      }
      if (nowMs - clearMs < STOPPED_MS) return undefined;
      const soundsOn = this.#phone.heardAudio(clearMs + 1, clearMs + STOPPED_MS);
      return soundsOn ? false : { clearMs, silentMs: quietSinceMs };
    }, STOP_WAIT_MS);
  }

  #compare(clip: Clip, firstFrameAtMs: number, heardMs: number): void {
    const first = Math.floor(clip.startMs / 20) * 160;
    const last = Math.ceil(clip.endMs / 20) * 160;
    const lastHeardMs = this.#phone.lastHeard() ?? heardMs;
    // The caller's own words cannot be heard before they were said.
    const fromMs = Math.max(firstFrameAtMs, heardMs - ECHO_LEAD_MS);
    const answer = this.#phone.heard(fromMs, lastHeardMs + 100);
    const at = Math.round((heardMs - fromMs) * 8);
    const { frames, lost } = compareEcho(clip.bytes.subarray(first, last), answer, at);
    this.#collector.counts.echoFrames += frames;
    this.#collector.counts.lostFrames += lost;
  }

  #sound(fromMs: number, timeoutMs: number): Promise<number | null> {
    return this.#until(() => this.#phone.firstHeardAfter(fromMs) ?? undefined, timeoutMs);
  }

  /** Waits until the agent has finished, however long it talks up to a minute. */
  async #finished(): Promise<void> {
    const fromMs = this.#phone.now();
    await this.#until(
      () =>
        this.#phone.now() - (this.#phone.lastHeard() ?? fromMs) >= this.#plan.timings.finishedMs
          ? true
          : undefined,
      LISTEN_MS,
    );
  }

  async #rest([leastMs, mostMs]: readonly [number, number]): Promise<void> {
    await this.#until(() => undefined, leastMs + this.#plan.random() * (mostMs - leastMs));
  }

  /** Waits for a value; null when the time is up or `probe` said false. */
  async #until<T>(probe: () => T | undefined | false, timeoutMs: number): Promise<T | null> {
    const untilMs = this.#phone.now() + timeoutMs;
    const found = await poll(
      () => {
        this.#check();
        const value = probe();
        if (value === false) return { value: null };
        if (value !== undefined) return { value };
        return this.#phone.now() >= untilMs ? { value: null } : undefined;
      },
      timeoutMs + 60_000,
      () => "the call",
      POLL_MS,
    );
    return found.value;
  }

  #check(): void {
    if (this.#plan.abort.aborted) throw new Aborted();
    if (this.#phone.end !== undefined || this.#phone.stream.end !== undefined) {
      throw new EndedEarly(endReason(this.#phone));
    }
  }
}

/** Why a call ended that should not have, in words that group well. */
export function endReason(phone: Phone): string {
  const { end } = phone;
  const stream = Number.isNaN(phone.times.streamOpenedAtMs) ? undefined : phone.stream.end;
  if (end?.error) return `${end.error.code} ${end.error.detail}`;
  if (end?.rejected) return "rejected by TwiML";
  if (stream) return `stream closed by the server: ${stream.code} ${stream.reason}`.trimEnd();
  return "TwiML ended the call without a stream";
}
