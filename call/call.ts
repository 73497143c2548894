/**
 * One call: where the audio road and the decision road meet. Audio passes through without a
 * decision; everything else becomes an event for the machine, whose actions are done before
 * the next event is looked at.
 *
 * @module
 */

import type { Leg, LegHandlers, LegStart } from "../legs/leg.ts";
import { UpstreamError } from "../brain/errors.ts";
import type { TurnRecord } from "../telemetry/turn.ts";
import { Decisions } from "./decisions.ts";
import type { CallContext } from "./context.ts";
import { perform } from "./effects.ts";
import { brainSaid } from "./from_brain.ts";
import { makeEars } from "./listen.ts";
import { PageNews } from "./page_news.ts";
import type { CallDeps as PartDeps, CallParts } from "./parts.ts";
import type { RecordedSettings, RecordedStep } from "./recording.ts";
import { turnSettings } from "./settings.ts";
import { openTurn } from "./session/open_turn.ts";
import { Retelling } from "./session/retelling.ts";
import { BrainSession } from "./session/session.ts";
import { Sessions } from "./session/sessions.ts";
import { VoiceMemory } from "./session/voice_memory.ts";
import { Speaker } from "./speaker.ts";
import { Timeline } from "./timeline.ts";
import { guardedClock, Timers } from "./timers.ts";
import { Transcript } from "./transcript.ts";
import { isResting } from "./turns/deadlines.ts";
import { LEG_ENDED } from "./turns/events.ts";
import type { CallState } from "./turns/state.ts";
import { Typing } from "./typing.ts";
import { Uplink } from "./uplink.ts";

/** What a call needs of the server. */
export interface CallDeps extends PartDeps {
  /** The call went on elsewhere before, and this is what has to be known of it. */
  readonly resumes?: CallContext;
  /** Told once, when all of the call is closed. */
  closed(call: Call): void;
  /** The caller's stream has ended while the call went on: they may come back by another one. */
  leaving?(call: Call, by: Parameters<LegHandlers["ended"]>[0]): void;
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
  readonly #sessions: Sessions;
  readonly #memory: VoiceMemory;
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
    const clock = guardedClock(deps.clock, (error) => this.#broke(error as Error));
    this.#news = new PageNews(leg);
    this.#timers = new Timers(clock);
    this.#speaker = new Speaker(leg, format, clock, {
      sent: (nowMs) => this.#parts.timeline.reach("firstSent", nowMs),
      heard: (atMs) => this.#heard(atMs),
      silent: () => this.#decisions.take({ type: "agent_silent" }),
      cleared: () => deps.telemetry.cleared(),
      problem: (error) => this.problem(error),
    });
    const wish = { ...settings, format, resumes: deps.resumes !== undefined };
    const brain = new BrainSession(deps.upstreams, wish, clock, {
      ready: (differences) => this.#sessions.ready(differences),
      audio: (responseId, itemId, payload, scanned) => {
        if (!scanned) deps.telemetry.framesSlowPath++;
        this.#brainAudio(responseId, itemId, payload);
      },
      said: (event) => brainSaid(event, this.#parts),
      lost: (error) => this.#sessions.lost(error),
      attemptFailed: (brain, error) => this.#sessions.attemptFailed(brain, error),
      failed: (error) => this.#sessions.failed(error),
      inPause: () => this.resting,
      problem: (error) => this.problem(error),
    });
    const transcript = new Transcript();
    this.#memory = new VoiceMemory(leg.format);
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
      transcript,
      retelling: new Retelling(transcript, this.#memory, leg.format, settings.keepVoiceMs),
      typing: new Typing(settings, {
        nowMs: () => clock.nowMs(),
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
    this.#sessions = new Sessions(this.#parts, this.#memory, (to) => this.#speaker.format = to);
    this.#parts.playback.probe();
    this.#decisions = new Decisions(turnSettings(settings, deps.resumes), {
      clock,
      timers: this.#timers,
      playing: () => this.#parts.playback.playing(),
      perform: (action, atMs) => perform(action, this.#parts, atMs),
      settled: (state) => this.#settled(state),
      sessionLate: () => this.#sessions.late(),
      record: deps.record,
    });
    const { resumes } = deps;
    if (!resumes) return;
    this.#parts.retelling.resume(resumes);
    this.#decisions.take({ type: "call_resumed", owes: resumes.owes });
    for (const frame of openTurn(resumes, leg.format)) this.audio(frame, null);
  }

  /** Ends the call from our side, for a reason that is no one's fault; `moved` leaves the phone be. */
  end(reason: "draining" | "moved"): void {
    this.#decisions.take({ type: "told_to_end", reason });
  }

  /** What this call has to know to go on elsewhere, as far as it is heard now. */
  context(): CallContext {
    const { retelling, playback } = this.#parts;
    return retelling.context(this.#decisions.state, playback.playing(), this.startedAtMs);
  }

  /** Takes the caller to another stream, which brings `token` along. Rejects if that can't be done. */
  move(token: string): Promise<void> {
    return this.#parts.leg.move?.(token) ?? Promise.reject(new Error(`A ${this.kind} call stays`));
  }

  /** Neither side says or owes anything. */
  get resting(): boolean {
    return isResting(this.#decisions.state);
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
    this.#memory.push(bytes, nowMs);
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

  ended(by: Parameters<LegHandlers["ended"]>[0]): void {
    if (this.#endReason === "") this.#deps.leaving?.(this, by);
    this.#decisions.take(LEG_ENDED[by]);
  }

  #settled(state: CallState): void {
    this.#news.state(state);
    this.#sessions.settled(state);
  }

  /** Something of ours threw: this call can't be trusted any more, others can. */
  #broke(error: Error): void {
    const { callId } = this.start;
    this.#deps.log.error("A call broke", { callId, error });
    this.#parts.brain.giveUp(new UpstreamError("The call broke", "internal_error", false));
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
    void leg.hangUp(reason === "brain_failed" ? this.#deps.settings.afterFailure : "hang_up")
      .catch((error) => log.error("The phone could not be hung up", { callId, error }))
      .finally(leave);
  }

  #turnDone(turn: TurnRecord): void {
    if (turn.bargeIn) this.#deps.telemetry.bargedIn();
    this.#deps.telemetry.turn(turn);
    this.#deps.turned?.(this, turn);
  }
}
