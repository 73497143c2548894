/**
 * One call: where the audio road and the decision road meet. Audio passes through without a
 * decision; everything else becomes an event for the machine, whose actions are done before
 * the next event is looked at.
 *
 * @module
 */

import type { Leg, LegHandlers, LegStart } from "../legs/leg.ts";
import type { TurnRecord } from "../telemetry/turn.ts";
import { BrainSession } from "./brain_session.ts";
import type { CallContext } from "./context.ts";
import { Decisions } from "./decisions.ts";
import { perform } from "./effects.ts";
import { brainSaid } from "./from_brain.ts";
import { makeEars } from "./listen.ts";
import { PageNews } from "./page_news.ts";
import type { CallDeps as PartDeps, CallParts } from "./parts.ts";
import type { RecordedSettings, RecordedStep } from "./recording.ts";
import { turnSettings } from "./settings.ts";
import { Speaker } from "./speaker.ts";
import { Timeline } from "./timeline.ts";
import { guardedClock, Timers } from "./timers.ts";
import { Transcript } from "./transcript.ts";
import { Typing } from "./typing.ts";
import { Uplink } from "./uplink.ts";

export type { CallSettings } from "./settings.ts";

/** What a call needs of the server. */
export interface CallDeps extends PartDeps {
  /** Told once, when all of the call is closed. */
  closed(call: Call): void;
  /** The caller's stream has ended, and they may come back by another one. */
  leaving?(call: Call, by: "moved" | "lost"): void;
  /** What the call knows when it goes on here; else it is a new one. */
  readonly resumes?: CallContext;
  /** Receives the settings, and then each event of the decision road; for replays. */
  record?(line: RecordedSettings | RecordedStep): void;
  /** Receives each turn when the caller first hears its answer. */
  heard?(call: Call, turn: TurnRecord): void;
  /** Receives each turn when it is over. */
  turned?(call: Call, turn: TurnRecord): void;
}

export class Call implements LegHandlers {
  readonly start: LegStart;
  readonly kind: Leg["kind"];
  readonly startedAtMs: number;
  readonly #deps: CallDeps;
  readonly #parts: CallParts;
  readonly #timers: Timers<"deadline" | "digits">;
  readonly #news: PageNews;
  readonly #speaker: Speaker;
  readonly #decisions: Decisions;
  /** The answer whose audio came last. */
  #playingResponse = "";
  #problems = 0;
  #endReason = "";

  constructor(start: LegStart, leg: Leg, deps: CallDeps) {
    const { settings } = deps;
    this.start = start;
    this.startedAtMs = deps.resumes?.startedAtMs ?? Date.now();
    this.kind = leg.kind;
    this.#deps = deps;
    const format = leg.brainFormat;
    const clock = guardedClock(deps.clock, (error) => brain.fail(error as Error));
    this.#news = new PageNews(leg);
    this.#timers = new Timers(clock);
    this.#speaker = new Speaker(leg, format, clock, {
      sent: (nowMs) => this.#parts.timeline.reach("firstSent", nowMs),
      heard: (atMs) => this.#heard(atMs),
      silent: () => this.#decisions.take({ type: "agent_silent" }),
      cleared: () => deps.telemetry.cleared(),
      problem: (error) => this.problem(error),
    });
    const brain = new BrainSession(deps.brain, { ...settings, format }, {
      ready: (_formats, differences) => this.#brainReady(differences),
      audio: (responseId, itemId, payload, scanned) => {
        if (!scanned) deps.telemetry.framesSlowPath++;
        this.#brainAudio(responseId, itemId, payload);
      },
      said: (event) => brainSaid(event, this.#parts),
      failed: (error, code) => this.#brainFailed(error, code),
      problem: (error) => this.problem(error),
    });
    this.#parts = {
      start,
      deps,
      leg,
      clock,
      brain,
      ears: makeEars(leg.format, settings, () => this.#parts),
      uplink: new Uplink(brain, leg.format, settings.turns !== "local", () => {
        deps.telemetry.framesDropped++;
      }),
      playback: this.#speaker.playback,
      timeline: new Timeline(start.callId, clock.nowMs(), (turn) => this.#turnDone(turn)),
      transcript: new Transcript(),
      typing: new Typing(settings, {
        pause: (ms, fn) => this.#timers.set("digits", ms, fn),
        step: (event) => this.#decisions.take(event),
        tell: (news) => leg.tell(news),
      }),
      limitedUntilMs: 0,
      state: () => this.#decisions.state,
      step: (event) => this.#decisions.take(event),
      problem: (error) => this.problem(error),
      close: (reason, hangUp) => this.#close(reason, hangUp),
    };
    this.#parts.playback.probe();
    this.#decisions = new Decisions(turnSettings(settings), {
      clock,
      timers: this.#timers,
      playing: () => this.#parts.playback.playing(),
      perform: (action, atMs) => perform(action, this.#parts, atMs),
      settled: (state) => this.#news.state(state),
      sessionLate: () => this.#sessionLate(),
      record: deps.record,
    });
  }

  /** Ends the call from our side, for a reason that is no one's fault. */
  end(reason: "draining"): void {
    this.#decisions.take({ type: "told_to_end", reason });
  }

  /** What whoever goes on with the call has to know, at this moment. */
  context(): CallContext {
    const lines = this.#parts.transcript.lines().filter(({ text }) => text !== "")
      .map(({ role, text }) => ({ role, text }));
    return { startedAtMs: this.startedAtMs, lines, unanswered: [], owes: "nothing" };
  }

  /**
   * Takes the caller to another stream, which brings `token` along.
   *
   * @throws {Error} When that can't be done: then everything is as before.
   */
  async move(token: string): Promise<void> {
    const { leg } = this.#parts;
    if (!leg.move) throw new Error(`A ${leg.kind} call can't be moved`);
    await leg.move(token);
  }

  /** The call goes on elsewhere already: it ends here, and nobody hangs up on it. */
  left(): void {
    this.#decisions.take({ type: "told_to_end", reason: "moved" });
  }

  /** Neither side says or owes anything: between two turns. */
  get resting(): boolean {
    const { quietSinceMs, owedSinceMs, phase } = this.#decisions.state;
    return phase === "open" && quietSinceMs !== null && owedSinceMs === null;
  }

  /** Why the call ended; empty while it goes on. */
  get endReason(): string {
    return this.#endReason;
  }

  /** The present turn as far as it has come. */
  get turn(): TurnRecord | null {
    return this.#parts.timeline.snapshot();
  }

  // The audio road.

  audio(bytes: Uint8Array, payload: string | null): void {
    const { clock, ears, uplink } = this.#parts;
    const { frames } = this.#deps.telemetry;
    const nowMs = clock.nowMs();
    frames.began(nowMs);
    const echoDbfs = this.#speaker.expectedEchoDbfs(nowMs);
    ears.hear(bytes, nowMs, echoDbfs);
    if (echoDbfs !== -Infinity && this.#decisions.state.voiceSinceMs === null) {
      this.#speaker.learnEcho(ears.vad.levelDbfs, nowMs);
    }
    // A brain whose detector heard our own echo would answer itself.
    if (ears.onlyEcho && this.#decisions.state.settings.turns !== "local") {
      uplink.pushSilence(bytes.length);
    } else uplink.push(bytes, payload);
    this.#news.frame(ears.vad);
    frames.ended();
  }

  markHeard(name: string): void {
    this.#parts.playback.markHeard(name);
  }

  #brainAudio(responseId: string, itemId: string, payload: string): void {
    const answer = this.#decisions.state.answers.find((a) => a.responseId === responseId);
    // Late audio of an answer that nobody wants any more; and nothing is no sound.
    if (!answer || answer.cancelled || payload === "") return;
    const { playback, timeline, clock } = this.#parts;
    const isNew = this.#playingResponse !== responseId;
    if (isNew) {
      this.#playingResponse = responseId;
      timeline.reach("firstDelta", clock.nowMs());
      playback.begin();
    }
    const breaksSilence = playback.enqueue(itemId, payload);
    if (isNew || breaksSilence) this.#decisions.take({ type: "audio_began", responseId, itemId });
    this.#deps.telemetry.framesOut++;
  }

  /** The caller hears the first of an answer. */
  #heard(atMs: number): void {
    const { leg, timeline } = this.#parts;
    if (!timeline.awaits("firstHeard")) return;
    timeline.reach("firstHeard", atMs);
    const turn = timeline.snapshot();
    if (!turn) return;
    leg.tell({ type: "turn", turn: { ...turn } });
    this.#deps.heard?.(this, turn);
  }

  // What the leg brings besides audio.

  text(text: string): void {
    this.#parts.typing.text(text);
  }

  digit(digit: string): void {
    this.#parts.typing.digit(digit);
  }

  problem(error: Error): void {
    // Once a call is enough for the log; the rest would only fill it.
    if (this.#problems++ > 0) return;
    this.#deps.log.warn("A message was refused", { callId: this.start.callId, error });
  }

  ended(by: "caller" | "moved" | "us" | "lost"): void {
    if (this.#endReason !== "") return;
    if (by === "moved" || by === "lost") this.#deps.leaving?.(this, by);
    if (by === "moved") this.left();
    else this.#decisions.take({ type: "caller_left", lost: by === "lost" });
  }

  // The brain comes and goes.

  #brainReady(differences: readonly string[]): void {
    const { brain, leg, uplink } = this.#parts;
    const { callId } = this.start;
    if (differences.length > 0) {
      this.#deps.log.warn("The brain's session is not what was asked for", {
        callId,
        differences: differences.join("; "),
      });
    }
    const { input, output } = brain.formats;
    this.#speaker.format = output;
    uplink.start(input);
    const { brain: { name, model }, settings: { turns } } = this.#deps;
    leg.tell({ type: "ready", callId, brain: name, model, turns });
    this.#decisions.take({ type: "brain_ready" });
  }

  /** The brain is of no more use: the caller hears a short apology, then a clean hang-up. */
  #brainFailed(error: Error, code: string): void {
    const { leg, uplink } = this.#parts;
    uplink.end();
    this.#deps.telemetry.brainError(code, "fatal");
    const { callId } = this.start;
    this.#deps.log.error("The brain failed, the call ends", { callId, code, error });
    leg.tell({ type: "error", code, message: `The brain failed (${code}).` });
    this.#decisions.take({ type: "brain_failed" });
  }

  #sessionLate(): void {
    const ms = this.#deps.settings.sessionTimeoutMs;
    const error = new Error(`The brain's session did not stand within ${ms} ms`);
    this.#parts.brain.fail(Object.assign(error, { code: "session_timeout" }));
  }

  #close(reason: string, hangsUp: boolean): void {
    const { brain, leg, playback, timeline, transcript, typing, uplink } = this.#parts;
    const { telemetry, log, closed } = this.#deps;
    this.#endReason = reason;
    this.#timers.close();
    timeline.end();
    playback.close();
    uplink.end();
    brain.close();
    typing.clear();
    transcript.clear();
    const durationMs = Date.now() - this.startedAtMs;
    telemetry.callEnded(this.kind, reason, durationMs);
    const { callId } = this.start;
    log.info("A call ended", { callId, reason, problems: this.#problems, durationMs });
    const leave = () => {
      leg.end(reason);
      closed(this);
    };
    // The phone first: a stream that closes before lets Twilio go on to the words behind it.
    if (!hangsUp || !leg.hangUp) return leave();
    void leg.hangUp()
      .catch((error) => log.error("The phone could not be hung up", { callId, error }))
      .finally(leave);
  }

  #turnDone(turn: TurnRecord): void {
    if (turn.bargeIn) this.#deps.telemetry.bargedIn();
    this.#deps.telemetry.turn(turn);
    this.#deps.turned?.(this, turn);
  }
}
