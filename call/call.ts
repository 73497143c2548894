/**
 * One call: where the audio road and the decision road meet. Audio passes through without a
 * decision; everything else becomes an event for the machine, whose actions are carried out here.
 *
 * @module
 */

import { AudioDelta } from "../brain/audio_delta.ts";
import type { Brain, BrainLink } from "../brain/brain.ts";
import { type BrainEvent, BrainProtocolError, readBrainEvent } from "../brain/events.ts";
import type { UpstreamError } from "../brain/errors.ts";
import { costUsd, usageFrom } from "../brain/prices.ts";
import * as request from "../brain/requests.ts";
import { checkSession, HANG_UP_TOOL, sessionRequest, type SessionWish } from "../brain/session.ts";
import type { Leg, LegHandlers, LegStart } from "../legs/leg.ts";
import { type AudioFormat, PCM_24K, PCMU } from "../media/format.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { TurnRecord } from "../telemetry/turn.ts";
import { apologyIn } from "./apology.ts";
import type { Clock } from "./clock.ts";
import { Downlink } from "./downlink.ts";
import { Ears } from "./ears.ts";
import { step } from "./machine.ts";
import { Playback, PLAYBACK_DEFAULTS } from "./playback.ts";
import {
  type CallAction,
  type CallEvent,
  type CallState,
  openingState,
  type TimerName,
} from "./state.ts";
import { Timeline } from "./timeline.ts";
import { Uplink } from "./uplink.ts";

export interface CallSettings {
  readonly wish: Omit<SessionWish, "format">;
  /** Instructions of the first answer; empty for none. */
  readonly greeting: string;
  readonly minSpeechMs: number;
  readonly minSilenceMs: number;
  /** Speech over the agent that lasts this long is an interruption. */
  readonly confirmMs: number;
  readonly sessionTimeoutMs: number;
  readonly callLimitMs: number;
  readonly idleLimitMs: number;
  /** Keys pressed within this time of one another are told together. */
  readonly digitPauseMs: number;
}

/** What a call needs of the house. */
export interface CallDeps {
  readonly brain: Brain;
  readonly settings: CallSettings;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  /** Ends the phone call itself. Never rejects. */
  hangUp(start: LegStart): Promise<void>;
  /** Told once, when all of the call is closed. */
  closed(call: Call): void;
  /** Receives each event of the decision road with its time; for replays. */
  record?(event: CallEvent, nowMs: number, actions: readonly CallAction[]): void;
  /** Receives each turn when it is over. */
  turned?(call: Call, turn: TurnRecord): void;
}

/** Typed lines that wait to be sent; a caller can't type faster than this for long. */
const MAX_WORDS = 50;
const MAX_DIGITS = 64;
/** The page is shown the detector's view every so many frames. */
const VAD_NEWS_FRAMES = 5;

export class Call implements LegHandlers {
  readonly start: LegStart;
  readonly kind: Leg["kind"];
  readonly startedAtMs = Date.now();
  readonly #deps: CallDeps;
  readonly #clock: Clock;
  readonly #leg: Leg;
  readonly #link: BrainLink;
  readonly #wish: SessionWish;
  readonly #ears: Ears;
  readonly #uplink: Uplink;
  readonly #playback: Playback;
  readonly #timeline: Timeline;
  readonly #delta = new AudioDelta();
  readonly #timers = new Map<TimerName | "session" | "digits", () => void>();
  readonly #words = new Map<number, string>();
  #wordRef = 0;
  #digits = "";
  #downlink: Downlink;
  #format: AudioFormat;
  #state: CallState;
  /** Audio of this answer has been played already. */
  #playingResponse = "";
  #frames = 0;
  #problems = 0;
  #onsetMs = 0;
  #news = "";
  #failure: UpstreamError | null = null;
  #hangsUp = false;

  constructor(start: LegStart, leg: Leg, deps: CallDeps) {
    const { settings } = deps;
    const clock = this.#clock = this.#guarded(deps.clock);
    this.start = start;
    this.kind = leg.kind;
    this.#leg = leg;
    this.#deps = deps;
    this.#format = leg.kind === "twilio" ? PCMU : PCM_24K;
    this.#wish = { ...settings.wish, format: this.#format };
    this.#state = openingState({
      turns: settings.wish.turns,
      confirmMs: settings.confirmMs,
      greets: settings.greeting !== "",
    });
    this.#timeline = new Timeline(start.callId, clock.nowMs(), (turn) => this.#turnDone(turn));
    const { minSpeechMs, minSilenceMs } = settings;
    this.#ears = new Ears(leg.format, {
      started: (onsetMs) => this.#step({ type: "caller_started", by: "local", onsetMs }),
      paused: () => {
        if (this.#state.alarm) this.#step({ type: "caller_paused" });
      },
      stopped: (endMs) => this.#callerStopped("local", endMs),
    }, { minSpeechMs, minSilenceMs });
    this.#link = deps.brain.connect({
      message: (text) => this.#heardFromBrain(text),
      closed: (error) => this.#brainClosed(error),
    });
    this.#uplink = new Uplink(this.#link, leg.format, settings.wish.turns !== "local", () => {
      deps.telemetry.framesDropped++;
    });
    this.#downlink = new Downlink(leg, this.#format, PLAYBACK_DEFAULTS.maxChunkMs);
    this.#playback = new Playback(this.#format, this.#playbackPort(), clock);
    this.#setTimer("session", settings.sessionTimeoutMs, () => this.#fail("session_timeout"));
    this.#setTimer("call_limit", settings.callLimitMs, () => this.#timerRang("call_limit"));
    this.#stillHere();
    this.#playback.probe();
    this.#link.send(request.updateSession(sessionRequest(this.#wish)));
    leg.tell({
      type: "ready",
      callId: start.callId,
      brain: deps.brain.name,
      model: deps.brain.model,
      turns: settings.wish.turns,
    });
  }

  /** Ends the call from our side, for a reason that is no one's fault. */
  end(reason: "draining"): void {
    this.#step({ type: "told_to_end", reason });
  }

  // The audio road.

  audio(bytes: Uint8Array, payload: string | null): void {
    const { frames } = this.#deps.telemetry;
    const nowMs = this.#clock.nowMs();
    frames.began(nowMs);
    this.#ears.hear(bytes, nowMs);
    this.#uplink.push(bytes, payload);
    frames.ended();
    if (this.kind === "browser" && ++this.#frames % VAD_NEWS_FRAMES === 0) this.#showEars();
  }

  markHeard(name: string): void {
    this.#playback.markHeard(name);
  }

  #heardFromBrain(text: string): void {
    if (this.#delta.read(text)) {
      this.#audioFromBrain(this.#delta.responseId, this.#delta.itemId, this.#delta.payload);
      return;
    }
    try {
      this.#brainSaid(readBrainEvent(text));
    } catch (error) {
      if (error instanceof BrainProtocolError) this.problem(error);
      else this.#broke(error);
    }
  }

  /** A fault of our own: this call ends politely, and no other one notices. */
  #broke(error: unknown): void {
    this.#deps.log.error("A call broke", { callId: this.start.callId, error });
    this.#fail("internal_error");
  }

  /** Time for this call alone: what a timer throws ends the call and not the process. */
  #guarded(clock: Clock): Clock {
    return {
      nowMs: clock.nowMs,
      after: (ms, fn) =>
        clock.after(ms, () => {
          try {
            fn();
          } catch (error) {
            this.#broke(error);
          }
        }),
    };
  }

  #audioFromBrain(responseId: string, itemId: string, payload: string): void {
    const { response } = this.#state;
    // Late audio of an answer that nobody wants any more.
    if (response === null || response.cancelled || response.id !== responseId) return;
    if (this.#playingResponse !== responseId) {
      this.#playingResponse = responseId;
      this.#timeline.reach("firstDelta", this.#clock.nowMs());
      this.#playback.begin();
    }
    this.#playback.enqueue(itemId, payload);
    this.#deps.telemetry.framesOut++;
  }

  #playbackPort() {
    return {
      send: (payload: string) => this.#downlink.send(payload),
      mark: (name: string) => this.#leg.mark(name),
      clear: () => {
        this.#downlink.clear();
        this.#deps.telemetry.cleared();
      },
      cork: (write: () => void) => this.#leg.cork(write),
      sent: (nowMs: number) => this.#timeline.reach("firstSent", nowMs),
      heard: (atMs: number) => {
        if (!this.#timeline.awaits("firstHeard")) return;
        this.#timeline.reach("firstHeard", atMs);
        const turn = this.#timeline.snapshot();
        if (turn) this.#leg.tell({ type: "turn", turn: { ...turn } });
      },
      audible: () => this.#step({ type: "agent_audible" }),
      silent: () => this.#step({ type: "agent_silent" }),
      overflow: (ms: number) =>
        this.problem(new RangeError(`An answer is too long: ${ms} ms of it were dropped`)),
    };
  }

  // What the leg brings besides audio.

  text(text: string): void {
    this.#timeline.begin("text", this.#clock.nowMs());
    this.#write(text);
  }

  digit(digit: string): void {
    this.#stillHere();
    if (this.#digits.length < MAX_DIGITS) this.#digits += digit;
    this.#setTimer("digits", this.#deps.settings.digitPauseMs, () => {
      const digits = this.#digits;
      this.#digits = "";
      this.#timeline.begin("text", this.#clock.nowMs());
      this.#write(`The caller pressed ${digits}.`);
    });
  }

  problem(error: Error): void {
    // Once a call is enough for the log; the rest would only fill it.
    if (this.#problems++ === 0) {
      this.#deps.log.warn("A message was refused", { callId: this.start.callId, error });
    }
  }

  ended(by: "caller" | "us" | "lost"): void {
    this.#step({ type: "caller_left", lost: by === "lost" });
  }

  // What the brain says.

  #brainSaid(event: BrainEvent): void {
    const { telemetry } = this.#deps;
    const nowMs = this.#clock.nowMs();
    switch (event.type) {
      case "session":
        if (event.updated) this.#sessionStands(event.session);
        return;
      case "speech_started":
        return this.#step({
          type: "caller_started",
          by: "brain",
          // Its detector is a little later than the caller.
          onsetMs: this.#ears.vad.speaking ? Math.min(nowMs, this.#onsetMs) : nowMs,
          itemId: event.itemId,
        });
      case "speech_stopped":
        return this.#callerStopped("brain", this.#ears.lastVoiceMs(nowMs));
      case "committed":
        this.#timeline.reach("commit", nowMs);
        return this.#step({ type: "committed", itemId: event.itemId });
      case "response_created":
        this.#timeline.reach("created", nowMs);
        return this.#step({ type: "response_created", responseId: event.responseId });
      case "output_item":
        return this.#step({
          type: "output_item",
          responseId: event.responseId,
          itemId: event.itemId,
        });
      case "audio":
        telemetry.framesSlowPath++;
        return this.#audioFromBrain(event.responseId, event.itemId, event.payload);
      case "agent_words":
        if (this.#state.response?.id !== event.responseId || this.#state.response.cancelled) return;
        return this.#leg.tell({
          type: "transcript",
          role: "agent",
          itemId: event.itemId,
          text: event.text,
          final: event.final,
        });
      case "caller_words":
        return this.#leg.tell({
          type: "transcript",
          role: "caller",
          itemId: event.itemId,
          text: event.text,
          final: true,
        });
      case "tool_called":
        return this.#step({
          type: "tool_called",
          responseId: event.responseId,
          callId: event.call.callId,
          hangsUp: event.call.name === HANG_UP_TOOL,
        });
      case "response_done":
        return this.#responseDone(event);
      case "error":
        return this.#brainError(event);
    }
  }

  #sessionStands(session: unknown): void {
    if (this.#state.phase !== "opening") return;
    try {
      const { formats, differences } = checkSession(this.#wish, session);
      if (differences.length > 0) {
        this.#deps.log.warn("The brain's session is not what was asked for", {
          callId: this.start.callId,
          differences: differences.join("; "),
        });
      }
      this.#format = formats.output;
      this.#playback.format = formats.output;
      this.#downlink = new Downlink(this.#leg, formats.output, PLAYBACK_DEFAULTS.maxChunkMs);
      this.#uplink.start(formats.input);
    } catch (error) {
      this.problem(error as Error);
      return this.#fail("wrong_format");
    }
    this.#clearTimer("session");
    if (this.#state.greets) this.#timeline.begin("greeting", this.#clock.nowMs());
    this.#step({ type: "brain_ready" });
  }

  #responseDone(event: Extract<BrainEvent, { type: "response_done" }>): void {
    const { telemetry, brain } = this.#deps;
    if (event.usage) {
      const usage = usageFrom(event.usage);
      this.#timeline.used(usage, costUsd(brain.model, usage));
      telemetry.usage(brain.model, usage);
    }
    const failed = event.status === "failed";
    if (failed) telemetry.brainError(event.reason || "failed", "retryable");
    if (event.responseId === this.#playingResponse) this.#playback.complete();
    this.#step({
      type: "response_done",
      responseId: event.responseId,
      failed,
      fatal: event.reason === "insufficient_quota",
    });
  }

  #brainError(event: Extract<BrainEvent, { type: "error" }>): void {
    const { telemetry, log } = this.#deps;
    telemetry.brainError(event.code, event.severity);
    // The message may quote what was said, so the code has to do.
    log.warn("The brain reported an error", {
      callId: this.start.callId,
      code: event.code,
      severity: event.severity,
    });
    if (event.code === "conversation_already_has_active_response") {
      this.#step({ type: "answer_refused" });
    } else if (event.severity === "fatal") this.#fail(event.code);
    else if (this.#state.phase === "opening") this.#fail(event.code);
  }

  #brainClosed(error?: UpstreamError): void {
    if (this.#state.phase === "closed") return;
    this.#failure = error ?? null;
    this.#fail(error?.code ?? "closed");
  }

  /** The brain is of no more use: the caller hears a short apology, then a clean hang-up. */
  #fail(code: string): void {
    if (this.#state.phase === "ending" || this.#state.phase === "closed") return;
    this.#clearTimer("session");
    this.#deps.telemetry.brainError(code, "fatal");
    this.#deps.log.error("The brain failed, the call ends", {
      callId: this.start.callId,
      code,
      error: this.#failure,
    });
    this.#leg.tell({ type: "error", code, message: `The brain failed (${code}).` });
    this.#step({ type: "brain_failed" });
  }

  // The decision road.

  #callerStopped(by: "local" | "brain", endMs: number): void {
    const nowMs = this.#clock.nowMs();
    const { turns, alarm } = this.#state;
    if (!alarm && (by === "local") === (turns === "local")) {
      this.#timeline.begin("answer", endMs);
      this.#timeline.reach("endpoint", nowMs);
    }
    this.#step({ type: "caller_stopped", by });
  }

  #timerRang(name: TimerName): void {
    this.#step({ type: "timer", name, playing: this.#playback.playing() });
  }

  #write(text: string): void {
    this.#stillHere();
    if (this.#words.size >= MAX_WORDS) return;
    const ref = ++this.#wordRef;
    this.#words.set(ref, text);
    this.#step({ type: "caller_wrote", ref, playing: this.#playback.playing() });
    this.#words.delete(ref);
  }

  #step(event: CallEvent): void {
    const nowMs = this.#clock.nowMs();
    if (event.type === "caller_started") {
      this.#stillHere();
      if (event.by === "local") this.#onsetMs = event.onsetMs;
    }
    const { state, actions } = step(this.#state, event, nowMs);
    this.#state = state;
    this.#deps.record?.(event, nowMs, actions);
    for (const action of actions) this.#do(action, nowMs);
    this.#showState();
  }

  #do(action: CallAction, nowMs: number): void {
    const { settings, telemetry } = this.#deps;
    switch (action.type) {
      case "create_response": {
        const greets = action.kind === "greeting";
        this.#send(request.createResponse(action.kind, greets ? settings.greeting : undefined));
        return;
      }
      case "cancel_response":
        return this.#send(request.cancelResponse(action.responseId));
      case "truncate":
        telemetry.truncated();
        return this.#send(request.truncateItem(action.itemId, action.audioEndMs));
      case "delete_item":
        return this.#send(request.deleteItem(action.itemId));
      case "commit":
        this.#send(request.commitAudio());
        return this.#timeline.reach("commit", nowMs);
      case "clear_input":
        return this.#send(request.clearAudio());
      case "send_text":
        return this.#send(request.callerText(this.#words.get(action.ref) ?? ""));
      case "tool_output":
        return this.#send(request.toolOutput(
          action.callId,
          action.ok ? "The call ends." : "There is no such tool.",
        ));
      case "hold":
        this.#playback.hold();
        this.#timeline.bargedIn(this.#onsetMs, nowMs, nowMs);
        return;
      case "resume":
        telemetry.falseAlarm();
        return this.#playback.resume();
      case "drop":
        return this.#playback.drop();
      case "open_uplink":
        return this.#uplink.open();
      case "close_uplink":
        return this.#uplink.close();
      case "set_timer":
        return this.#setTimer(action.name, action.ms, () => this.#timerRang(action.name));
      case "clear_timer":
        return this.#clearTimer(action.name);
      case "apologise":
        this.#playback.begin();
        this.#playback.enqueue("apology", apologyIn(this.#format), true);
        return this.#playback.complete();
      case "hang_up":
        this.#hangsUp = this.kind === "twilio";
        return;
      case "close":
        return this.#close(action.reason);
    }
  }

  #send(text: string): void {
    if (!this.#link.send(text)) this.problem(new Error("The brain did not take a message"));
  }

  #close(reason: string): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    this.#words.clear();
    this.#timeline.end();
    this.#playback.close();
    this.#link.close();
    this.#deps.telemetry.callEnded(this.kind, reason, Date.now() - this.startedAtMs);
    this.#deps.log.info("A call ended", {
      callId: this.start.callId,
      reason,
      problems: this.#problems,
      durationMs: Date.now() - this.startedAtMs,
    });
    const leave = () => {
      this.#leg.end(reason);
      this.#deps.closed(this);
    };
    // The phone first: a stream that closes before lets Twilio go on to the words behind it.
    if (this.#hangsUp) void this.#deps.hangUp(this.start).finally(leave);
    else leave();
  }

  #turnDone(turn: TurnRecord): void {
    if (turn.bargeIn) this.#deps.telemetry.bargedIn();
    this.#deps.telemetry.turn(turn);
    this.#deps.turned?.(this, turn);
  }

  #stillHere(): void {
    this.#setTimer(
      "idle_limit",
      this.#deps.settings.idleLimitMs,
      () => this.#timerRang("idle_limit"),
    );
  }

  #setTimer(name: TimerName | "session" | "digits", ms: number, fn: () => void): void {
    this.#timers.get(name)?.();
    this.#timers.set(
      name,
      this.#clock.after(ms, () => {
        this.#timers.delete(name);
        fn();
      }),
    );
  }

  #clearTimer(name: TimerName | "session"): void {
    this.#timers.get(name)?.();
    this.#timers.delete(name);
  }

  // What a caller with eyes is shown.

  #showState(): void {
    if (this.kind === "twilio") return;
    const { callerLocal, callerBrain, agentAudible, response } = this.#state;
    const caller = callerLocal || callerBrain ? "speaking" : "silent";
    const agent = agentAudible ? "speaking" : response ? "thinking" : "listening";
    if (this.#news === caller + agent) return;
    this.#news = caller + agent;
    this.#leg.tell({ type: "state", caller, agent });
  }

  #showEars(): void {
    const { levelDbfs, floorDbfs, thresholdDbfs, confidence } = this.#ears.vad;
    this.#leg.tell({ type: "vad", levelDbfs, floorDbfs, thresholdDbfs, confidence });
  }
}
