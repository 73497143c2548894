/**
 * One call: where the audio road and the decision road meet. Audio passes through without a
 * decision; everything else becomes an event for the machine, whose actions are carried out before
 * the next event is looked at.
 *
 * @module
 */

import type { Leg, LegHandlers, LegStart } from "../legs/leg.ts";
import { PCM_24K, PCMU } from "../media/format.ts";
import type { TurnRecord } from "../telemetry/turn.ts";
import { BrainSession } from "./brain_session.ts";
import { nextDeadline } from "./turns/deadlines.ts";
import { Downlink } from "./downlink.ts";
import { EchoGuard } from "./echo_guard.ts";
import { perform } from "./effects.ts";
import { brainSaid } from "./from_brain.ts";
import { makeEars } from "./listen.ts";
import { step } from "./turns/machine.ts";
import { PageNews } from "./page_news.ts";
import type { CallDeps as PartDeps, CallParts } from "./parts.ts";
import { Playback, PLAYBACK_DEFAULTS, type PlaybackPort } from "./playback.ts";
import type { RecordedSettings, RecordedStep } from "./recording.ts";
import { type CallEvent, NOTHING_PLAYS, type TimerName } from "./turns/events.ts";
import { type CallState, openingState } from "./turns/state.ts";
import { Timeline } from "./timeline.ts";
import { guardedClock, Timers } from "./timers.ts";
import { Transcript } from "./transcript.ts";
import { turnSettings } from "./turn_settings.ts";
import { Uplink } from "./uplink.ts";

export type { CallSettings } from "./parts.ts";

/** What a call needs of the server. */
export interface CallDeps extends PartDeps {
  /** Ends the phone call itself. Never rejects. */
  hangUp(start: LegStart): Promise<void>;
  /** Told once, when all of the call is closed. */
  closed(call: Call): void;
  /** Receives the settings, and then each event of the decision road; for replays. */
  record?(line: RecordedSettings | RecordedStep): void;
  /** Receives each turn when the caller first hears its answer. */
  heard?(call: Call, turn: TurnRecord): void;
  /** Receives each turn when it is over. */
  turned?(call: Call, turn: TurnRecord): void;
}

/** Typed lines that wait to be sent; a caller can't type faster than this for long. */
const MAX_WORDS = 50;
const MAX_DIGITS = 64;
const { maxChunkMs } = PLAYBACK_DEFAULTS;

export class Call implements LegHandlers {
  readonly start: LegStart;
  readonly kind: Leg["kind"];
  readonly startedAtMs = Date.now();
  readonly #deps: CallDeps;
  readonly #parts: CallParts;
  readonly #timers: Timers<"deadline" | "digits">;
  readonly #news: PageNews;
  #downlink: Downlink;
  #echo: EchoGuard;
  #state: CallState;
  /** Events that wait for their turn; nearly always none. */
  #queue: CallEvent[] = [];
  #stepping = false;
  /** When the timer runs, for which deadline. */
  #dueMs = Infinity;
  /** The answer whose audio came last. */
  #playingResponse = "";
  #wordRef = 0;
  #digits = "";
  #problems = 0;
  #endReason = "";

  constructor(start: LegStart, leg: Leg, deps: CallDeps) {
    const { settings } = deps;
    const { wish } = settings;
    this.start = start;
    this.kind = leg.kind;
    this.#deps = deps;
    const format = leg.kind === "twilio" ? PCMU : PCM_24K;
    const opening = turnSettings(settings);
    const clock = guardedClock(deps.clock, (error) => brain.fail(error as Error));
    const startedAtMs = clock.nowMs();
    deps.record?.({ ...opening, startedAtMs });
    this.#state = openingState(opening, startedAtMs);
    this.#news = new PageNews(leg);
    this.#downlink = new Downlink(leg, format, maxChunkMs);
    this.#echo = new EchoGuard(format, maxChunkMs);
    this.#timers = new Timers(clock);
    const brain = new BrainSession(deps.brain, { ...wish, format }, {
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
      uplink: new Uplink(brain, leg.format, wish.turns !== "local", () => {
        deps.telemetry.framesDropped++;
      }),
      playback: new Playback(format, this.#playbackPort(leg), clock),
      timeline: new Timeline(start.callId, clock.nowMs(), (turn) => this.#turnDone(turn)),
      transcript: new Transcript(),
      words: new Map(),
      limitedUntilMs: 0,
      state: () => this.#state,
      step: (event) => this.#step(event),
      problem: (error) => this.problem(error),
      close: (reason, hangUp) => this.#close(reason, hangUp),
    };
    this.#parts.playback.probe();
    this.#armDeadline();
  }

  /** Ends the call from our side, for a reason that is no one's fault. */
  end(reason: "draining"): void {
    this.#step({ type: "told_to_end", reason });
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
    const echoDbfs = this.#echo.expectedDbfs(nowMs);
    ears.hear(bytes, nowMs, echoDbfs);
    if (echoDbfs !== -Infinity && this.#state.voiceSinceMs === null) {
      this.#echo.learn(ears.vad.levelDbfs, nowMs);
    }
    // A brain whose detector heard our own echo would answer itself.
    if (ears.onlyEcho && this.#state.settings.turns !== "local") uplink.pushSilence(bytes.length);
    else uplink.push(bytes, payload);
    this.#news.frame(ears.vad);
    frames.ended();
  }

  markHeard(name: string): void {
    this.#parts.playback.markHeard(name);
  }

  #brainAudio(responseId: string, itemId: string, payload: string): void {
    const answer = this.#state.answers.find((a) => a.responseId === responseId);
    // Late audio of an answer that nobody wants any more.
    if (!answer || answer.cancelled) return;
    const { playback, timeline, clock } = this.#parts;
    const isNew = this.#playingResponse !== responseId;
    if (isNew) {
      this.#playingResponse = responseId;
      timeline.reach("firstDelta", clock.nowMs());
      playback.begin();
    }
    const breaksSilence = playback.enqueue(itemId, payload);
    if (isNew || breaksSilence) this.#step({ type: "audio_began", responseId, itemId });
    this.#deps.telemetry.framesOut++;
  }

  #playbackPort(leg: Leg): PlaybackPort {
    return {
      send: (payload, startsAtMs, begins) => {
        if (this.#echo.playing(payload, startsAtMs)) this.#downlink.send(payload, begins);
        else this.problem(new TypeError(`A delta of ${payload.length} characters is not base64`));
      },
      finish: () => this.#downlink.finish(),
      mark: (name) => leg.mark(name),
      clear: () => {
        this.#downlink.clear();
        this.#echo.cleared(this.#parts.clock.nowMs());
        this.#deps.telemetry.cleared();
      },
      cork: (write) => leg.cork(write),
      sent: (nowMs) => this.#parts.timeline.reach("firstSent", nowMs),
      heard: (atMs) => {
        const { timeline } = this.#parts;
        if (!timeline.awaits("firstHeard")) return;
        timeline.reach("firstHeard", atMs);
        const turn = timeline.snapshot();
        if (!turn) return;
        leg.tell({ type: "turn", turn: { ...turn } });
        this.#deps.heard?.(this, turn);
      },
      silent: () => this.#step({ type: "agent_silent" }),
      overflow: (ms) =>
        this.problem(new RangeError(`An answer is too long: ${ms} ms of it were dropped`)),
    };
  }

  // What the leg brings besides audio.

  text(text: string): void {
    const { words, leg } = this.#parts;
    if (words.size >= MAX_WORDS) {
      const message = `${MAX_WORDS} lines wait already: this one was not taken.`;
      return leg.tell({ type: "error", code: "too_many_lines", message });
    }
    const ref = ++this.#wordRef;
    words.set(ref, text);
    this.#step({ type: "caller_wrote", ref, playing: NOTHING_PLAYS });
  }

  digit(digit: string): void {
    if (this.#digits.length < MAX_DIGITS) this.#digits += digit;
    this.#step({ type: "caller_types" });
    this.#timers.set("digits", this.#deps.settings.digitPauseMs, () => {
      const digits = this.#digits;
      this.#digits = "";
      this.text(`The caller pressed ${digits}.`);
    });
  }

  problem(error: Error): void {
    // Once a call is enough for the log; the rest would only fill it.
    if (this.#problems++ > 0) return;
    this.#deps.log.warn("A message was refused", { callId: this.start.callId, error });
  }

  ended(by: "caller" | "us" | "lost"): void {
    this.#step({ type: "caller_left", lost: by === "lost" });
  }

  // The brain comes and goes.

  #brainReady(differences: readonly string[]): void {
    const { brain, leg, playback, uplink } = this.#parts;
    const { callId } = this.start;
    if (differences.length > 0) {
      this.#deps.log.warn("The brain's session is not what was asked for", {
        callId,
        differences: differences.join("; "),
      });
    }
    const { input, output } = brain.formats;
    playback.format = output;
    this.#downlink = new Downlink(leg, output, maxChunkMs);
    this.#echo = new EchoGuard(output, maxChunkMs);
    uplink.start(input);
    const { brain: { name, model }, settings: { wish } } = this.#deps;
    leg.tell({ type: "ready", callId, brain: name, model, turns: wish.turns });
    this.#step({ type: "brain_ready" });
  }

  /** The brain is of no more use: the caller hears a short apology, then a clean hang-up. */
  #brainFailed(error: Error, code: string): void {
    const { leg, uplink } = this.#parts;
    uplink.end();
    this.#deps.telemetry.brainError(code, "fatal");
    const { callId } = this.start;
    this.#deps.log.error("The brain failed, the call ends", { callId, code, error });
    leg.tell({ type: "error", code, message: `The brain failed (${code}).` });
    this.#step({ type: "brain_failed" });
  }

  // The decision road.

  /** What an action brings about waits until all actions of the present event are done. */
  #step(event: CallEvent): void {
    this.#queue.push(event);
    if (this.#stepping) return;
    this.#stepping = true;
    try {
      for (let next = this.#queue.shift(); next; next = this.#queue.shift()) this.#decide(next);
    } finally {
      this.#stepping = false;
      this.#queue.length = 0;
    }
    this.#news.state(this.#state);
    this.#armDeadline();
  }

  #decide(queued: CallEvent): void {
    if (this.#endReason) return;
    const { clock, playback } = this.#parts;
    const event = "playing" in queued ? { ...queued, playing: playback.playing() } : queued;
    const atMs = clock.nowMs();
    const { state, actions } = step(this.#state, event, atMs);
    this.#state = state;
    this.#deps.record?.({ atMs, event, actions });
    for (const action of actions) perform(action, this.#parts, atMs);
  }

  /** One timer a call: for whatever the state says is due next. */
  #armDeadline(): void {
    if (this.#endReason) return;
    const next = nextDeadline(this.#state);
    const dueMs = next?.atMs ?? Infinity;
    if (dueMs === this.#dueMs) return;
    this.#dueMs = dueMs;
    if (next === null) return this.#timers.clear("deadline");
    const ms = Math.max(0, dueMs - this.#parts.clock.nowMs());
    this.#timers.set("deadline", ms, () => this.#due());
  }

  #due(): void {
    this.#dueMs = Infinity;
    const next = nextDeadline(this.#state);
    const isDue = next !== null && next.atMs <= this.#parts.clock.nowMs() + 1;
    if (!isDue) return this.#armDeadline();
    if (next.name === "session") this.#sessionLate();
    else this.#timer(next.name);
  }

  #timer(name: TimerName): void {
    this.#step({ type: "timer", name, playing: NOTHING_PLAYS });
  }

  #sessionLate(): void {
    const ms = this.#deps.settings.sessionTimeoutMs;
    const error = new Error(`The brain's session did not stand within ${ms} ms`);
    this.#parts.brain.fail(Object.assign(error, { code: "session_timeout" }));
  }

  #close(reason: string, hangsUp: boolean): void {
    const { brain, leg, playback, timeline, transcript, uplink, words } = this.#parts;
    const { telemetry, log, closed, hangUp } = this.#deps;
    this.#endReason = reason;
    this.#timers.close();
    timeline.end();
    playback.close();
    uplink.end();
    brain.close();
    words.clear();
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
    if (hangsUp && this.kind === "twilio") void hangUp(this.start).finally(leave);
    else leave();
  }

  #turnDone(turn: TurnRecord): void {
    if (turn.bargeIn) this.#deps.telemetry.bargedIn();
    this.#deps.telemetry.turn(turn);
    this.#deps.turned?.(this, turn);
  }
}
