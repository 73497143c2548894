/**
 * One call: where the audio road and the decision road meet. Audio passes through without a
 * decision; everything else becomes an event for the machine, whose actions are carried out.
 *
 * @module
 */

import type { Leg, LegHandlers, LegStart } from "../legs/leg.ts";
import { type AudioFormat, PCM_24K, PCMU } from "../media/format.ts";
import type { TurnRecord } from "../telemetry/turn.ts";
import { brainSaid } from "./brain_news.ts";
import { BrainSide } from "./brain_side.ts";
import { carryOut } from "./carry_out.ts";
import { Downlink } from "./downlink.ts";
import { EchoGuard } from "./echo_guard.ts";
import { makeEars } from "./listen.ts";
import { step } from "./machine.ts";
import { PageNews } from "./page_news.ts";
import type { CallHouse, CallMemory, CallParts } from "./parts.ts";
import { Playback, PLAYBACK_DEFAULTS, type PlaybackPort } from "./playback.ts";
import type { RecordedSettings, RecordedStep } from "./recording.ts";
import { type CallEvent, type CallState, openingState, type TimerName } from "./state.ts";
import { Timeline } from "./timeline.ts";
import { guardedClock, Timers } from "./timers.ts";
import { Uplink } from "./uplink.ts";

export type { CallSettings } from "./parts.ts";

/** What a call needs of the house. */
export interface CallDeps extends CallHouse {
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
  readonly #memory: CallMemory;
  readonly #news: PageNews;
  #downlink: Downlink;
  #echo: EchoGuard;
  #state: CallState;
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
    this.#memory = {
      onsetMs: 0,
      voiceEndMs: -Infinity,
      alarmAtMs: 0,
      playingResponse: "",
      discarded: new Set(),
      words: new Map(),
      format,
      hangsUp: false,
    };
    const opening: RecordedSettings = {
      turns: wish.turns,
      confirmMs: settings.confirmMs,
      greets: Boolean(settings.instructions.greeting),
      silencePromptMs: settings.silencePromptMs,
    };
    deps.record?.(opening);
    this.#state = openingState(opening);
    this.#news = new PageNews(leg);
    this.#downlink = new Downlink(leg, format, maxChunkMs);
    this.#echo = new EchoGuard(format, maxChunkMs);
    const clock = guardedClock(deps.clock, (error) => brain.fail(error as Error));
    const brain = new BrainSide(deps.brain, { ...wish, format }, {
      ready: (formats, differences) => this.#brainReady(formats, differences),
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
      house: deps,
      leg,
      clock,
      brain,
      ears: makeEars(leg.format, settings, () => this.#parts),
      uplink: new Uplink(brain.link, leg.format, wish.turns !== "local", () => {
        deps.telemetry.framesDropped++;
      }),
      playback: new Playback(format, this.#playbackPort(leg), clock),
      timeline: new Timeline(start.callId, clock.nowMs(), (turn) => this.#turnDone(turn)),
      timers: new Timers(clock),
      memory: this.#memory,
      state: () => this.#state,
      step: (event) => this.#step(event),
      callerStopped: (by, endMs) => this.#callerStopped(by, endMs),
      problem: (error) => this.problem(error),
      close: (reason) => this.#close(reason),
    };
    this.#parts.playback.probe();
    this.#limit("call_limit", settings.callLimitMs);
    this.#limit("idle_limit", settings.idleLimitMs);
    const ms = settings.sessionTimeoutMs;
    this.#parts.timers.set("session", ms, () => {
      const error = new Error(`The brain's session did not stand within ${ms} ms`);
      brain.fail(Object.assign(error, { code: "session_timeout" }));
    });
    const { name, model } = deps.brain;
    leg.tell({ type: "ready", callId: start.callId, brain: name, model, turns: wish.turns });
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
    if (echoDbfs !== -Infinity && !this.#state.callerLocal) {
      this.#echo.learn(ears.vad.levelDbfs, nowMs);
    }
    // A brain whose detector heard our own echo would answer itself.
    if (ears.onlyEcho && this.#state.turns !== "local") uplink.pushSilence(bytes.length);
    else uplink.push(bytes, payload);
    this.#news.frame(ears.vad);
    frames.ended();
  }

  markHeard(name: string): void {
    this.#parts.playback.markHeard(name);
  }

  #brainAudio(responseId: string, itemId: string, payload: string): void {
    const { response } = this.#state;
    // Late audio of an answer that nobody wants any more.
    if (response === null || response.cancelled || response.id !== responseId) return;
    const { playback, timeline, clock } = this.#parts;
    if (this.#memory.playingResponse !== responseId) {
      this.#memory.playingResponse = responseId;
      timeline.reach("firstDelta", clock.nowMs());
      playback.begin();
    }
    playback.enqueue(itemId, payload);
    this.#deps.telemetry.framesOut++;
  }

  #playbackPort(leg: Leg): PlaybackPort {
    return {
      send: (payload, startsAtMs) => {
        if (this.#echo.playing(payload, startsAtMs)) this.#downlink.send(payload);
        else this.problem(new TypeError(`A delta of ${payload.length} characters is not base64`));
      },
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
      audible: () => this.#step({ type: "agent_audible" }),
      silent: () => this.#step({ type: "agent_silent" }),
      overflow: (ms) =>
        this.problem(new RangeError(`An answer is too long: ${ms} ms of it were dropped`)),
    };
  }

  // What the leg brings besides audio.

  text(text: string): void {
    const { words } = this.#memory;
    const { timeline, clock, playback } = this.#parts;
    this.#limit("idle_limit", this.#deps.settings.idleLimitMs);
    if (words.size >= MAX_WORDS) return;
    timeline.begin("text", clock.nowMs());
    const ref = ++this.#wordRef;
    words.set(ref, text);
    this.#step({ type: "caller_wrote", ref, playing: playback.playing() });
    words.delete(ref);
  }

  digit(digit: string): void {
    if (this.#digits.length < MAX_DIGITS) this.#digits += digit;
    this.#parts.timers.set("digits", this.#deps.settings.digitPauseMs, () => {
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

  #brainReady(
    formats: { input: AudioFormat; output: AudioFormat },
    differences: readonly string[],
  ): void {
    const { leg, playback, timers, uplink } = this.#parts;
    if (differences.length > 0) {
      this.#deps.log.warn("The brain's session is not what was asked for", {
        callId: this.start.callId,
        differences: differences.join("; "),
      });
    }
    timers.clear("session");
    this.#memory.format = formats.output;
    playback.format = formats.output;
    this.#downlink = new Downlink(leg, formats.output, maxChunkMs);
    this.#echo = new EchoGuard(formats.output, maxChunkMs);
    uplink.start(formats.input);
    this.#step({ type: "brain_ready" });
  }

  /** The brain is of no more use: the caller hears a short apology, then a clean hang-up. */
  #brainFailed(error: Error, code: string): void {
    const { leg, timers } = this.#parts;
    timers.clear("session");
    this.#deps.telemetry.brainError(code, "fatal");
    const { callId } = this.start;
    this.#deps.log.error("The brain failed, the call ends", { callId, code, error });
    leg.tell({ type: "error", code, message: `The brain failed (${code}).` });
    this.#step({ type: "brain_failed" });
  }

  // The decision road.

  #callerStopped(by: "local" | "brain", endMs: number): void {
    const { timeline, clock } = this.#parts;
    const { turns, alarm, speculating } = this.#state;
    if (by === "local") this.#memory.voiceEndMs = endMs;
    if (!alarm && (by === "local") === (turns === "local")) {
      if (!speculating) timeline.begin("answer", endMs);
      timeline.reach("endpoint", clock.nowMs());
    }
    this.#step({ type: "caller_stopped", by });
  }

  #step(event: CallEvent): void {
    if (this.#endReason) return;
    if (event.type === "caller_started") {
      this.#limit("idle_limit", this.#deps.settings.idleLimitMs);
    }
    const atMs = this.#parts.clock.nowMs();
    const { state, actions } = step(this.#state, event, atMs);
    this.#state = state;
    this.#deps.record?.({ atMs, event, actions });
    for (const action of actions) carryOut(action, this.#parts, atMs);
    this.#news.state(this.#state);
  }

  #limit(name: TimerName, ms: number): void {
    const { timers, playback } = this.#parts;
    timers.set(name, ms, () => this.#step({ type: "timer", name, playing: playback.playing() }));
  }

  #close(reason: string): void {
    const { brain, leg, playback, timeline, timers } = this.#parts;
    const { telemetry, log, closed, hangUp } = this.#deps;
    this.#endReason = reason;
    timers.close();
    timeline.end();
    playback.close();
    brain.close();
    this.#memory.words.clear();
    const durationMs = Date.now() - this.startedAtMs;
    telemetry.callEnded(this.kind, reason, durationMs);
    const { callId } = this.start;
    log.info("A call ended", { callId, reason, problems: this.#problems, durationMs });
    const leave = () => {
      leg.end(reason);
      closed(this);
    };
    // The phone first: a stream that closes before lets Twilio go on to the words behind it.
    if (this.#memory.hangsUp) void hangUp(this.start).finally(leave);
    else leave();
  }

  #turnDone(turn: TurnRecord): void {
    if (turn.bargeIn) this.#deps.telemetry.bargedIn();
    this.#deps.telemetry.turn(turn);
    this.#deps.turned?.(this, turn);
  }
}
