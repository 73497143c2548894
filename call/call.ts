/**
 * One call: where the audio road and the decision road meet. Audio passes through without a
 * decision; everything else becomes an event for the machine, whose actions are carried out here.
 *
 * @module
 */

import type { Brain } from "../brain/brain.ts";
import type { BrainEvent } from "../brain/events.ts";
import { costUsd, usageFrom } from "../brain/prices.ts";
import * as request from "../brain/requests.ts";
import { HANG_UP_TOOL, type SessionWish } from "../brain/session.ts";
import type { Leg, LegHandlers, LegStart } from "../legs/leg.ts";
import { type AudioFormat, PCM_24K, PCMU } from "../media/format.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { TurnRecord } from "../telemetry/turn.ts";
import { apologyIn } from "./apology.ts";
import { BrainSide } from "./brain_side.ts";
import type { Clock } from "./clock.ts";
import { Downlink } from "./downlink.ts";
import { Ears } from "./ears.ts";
import { EchoGuard } from "./echo_guard.ts";
import { Endpointing, type EndpointingSettings } from "./endpointing.ts";
import { step } from "./machine.ts";
import { PageNews } from "./page_news.ts";
import { Playback, PLAYBACK_DEFAULTS, type PlaybackPort } from "./playback.ts";
import type { RecordedSettings, RecordedStep } from "./recording.ts";
import {
  type AnswerKind,
  type CallAction,
  type CallEvent,
  type CallState,
  openingState,
  type TimerName,
} from "./state.ts";
import { Timeline } from "./timeline.ts";
import { guardedClock, Timers } from "./timers.ts";
import { Uplink } from "./uplink.ts";

export interface CallSettings {
  readonly wish: Omit<SessionWish, "format">;
  /** What the model is told for answers that no caller asked for; an empty one means none. */
  readonly instructions: Partial<Record<AnswerKind, string>>;
  readonly minSpeechMs: number;
  readonly endpointing: EndpointingSettings;
  /** With local turns: the silence at which an answer is asked for early; 0 for never. */
  readonly speculateMs: number;
  /** Speech over the agent that lasts this long is an interruption. */
  readonly confirmMs: number;
  /** Speech over the agent has to last this long to be taken for speech at all. */
  readonly gateMs: number;
  /** ... and has to be this much louder than the expected echo. */
  readonly gateDb: number;
  readonly silencePromptMs: number;
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
  /** Receives the settings, and then each event of the decision road; for replays. */
  record?(line: RecordedSettings | RecordedStep): void;
  /** Receives each turn when it is over. */
  turned?(call: Call, turn: TurnRecord): void;
}

/** Typed lines that wait to be sent; a caller can't type faster than this for long. */
const MAX_WORDS = 50;
const MAX_DIGITS = 64;

export class Call implements LegHandlers {
  readonly start: LegStart;
  readonly kind: Leg["kind"];
  readonly startedAtMs = Date.now();
  readonly #deps: CallDeps;
  readonly #clock: Clock;
  readonly #leg: Leg;
  readonly #brain: BrainSide;
  readonly #ears: Ears;
  readonly #endpointing: Endpointing;
  readonly #uplink: Uplink;
  readonly #playback: Playback;
  readonly #timeline: Timeline;
  readonly #news: PageNews;
  readonly #timers: Timers<TimerName | "session" | "digits">;
  readonly #words = new Map<number, string>();
  #wordRef = 0;
  #digits = "";
  #format: AudioFormat;
  #downlink: Downlink;
  #echo: EchoGuard;
  #state: CallState;
  /** The answer whose audio came last. */
  #playingResponse = "";
  #problems = 0;
  #onsetMs = 0;
  #voiceEndMs = -Infinity;
  /** When playback held its breath for the present alarm. */
  #alarmAtMs = 0;
  /** Early answers that were taken back: their tokens are counted apart. */
  readonly #discarded = new Set<string>();
  #hangsUp = false;
  #endReason = "";

  constructor(start: LegStart, leg: Leg, deps: CallDeps) {
    const { settings } = deps;
    const { wish } = settings;
    this.start = start;
    this.kind = leg.kind;
    this.#leg = leg;
    this.#deps = deps;
    this.#clock = guardedClock(deps.clock, (error) => this.#brain.fail(error as Error));
    this.#timers = new Timers(this.#clock);
    this.#news = new PageNews(leg);
    this.#format = leg.kind === "twilio" ? PCMU : PCM_24K;
    const opening: RecordedSettings = {
      turns: wish.turns,
      confirmMs: settings.confirmMs,
      greets: Boolean(settings.instructions.greeting),
      silencePromptMs: settings.silencePromptMs,
    };
    this.#state = openingState(opening);
    deps.record?.(opening);
    const nowMs = this.#clock.nowMs();
    this.#timeline = new Timeline(start.callId, nowMs, (turn) => this.#turnDone(turn));
    this.#endpointing = new Endpointing(settings.endpointing);
    this.#ears = this.#makeEars();
    this.#downlink = new Downlink(leg, this.#format, PLAYBACK_DEFAULTS.maxChunkMs);
    this.#echo = new EchoGuard(this.#format, PLAYBACK_DEFAULTS.maxChunkMs);
    this.#playback = new Playback(this.#format, this.#playbackPort(), this.#clock);
    this.#playback.probe();
    this.#timers.set("session", settings.sessionTimeoutMs, () => {
      const ms = settings.sessionTimeoutMs;
      this.#brain.fail(new Error(`The brain's session did not stand within ${ms} ms`));
    });
    this.#timers.set("call_limit", settings.callLimitMs, () => this.#rang("call_limit"));
    this.#stillHere();
    this.#brain = new BrainSide(deps.brain, { ...wish, format: this.#format }, {
      ready: (formats, differences) => this.#brainReady(formats, differences),
      audio: (responseId, itemId, payload, scanned) => {
        if (!scanned) deps.telemetry.framesSlowPath++;
        this.#brainAudio(responseId, itemId, payload);
      },
      said: (event) => this.#brainSaid(event),
      failed: (error, code) => this.#brainFailed(error, code),
      problem: (error) => this.problem(error),
    });
    this.#uplink = new Uplink(this.#brain.link, leg.format, wish.turns !== "local", () => {
      deps.telemetry.framesDropped++;
    });
    const { name: brain, model } = deps.brain;
    leg.tell({ type: "ready", callId: start.callId, brain, model, turns: wish.turns });
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
    return this.#timeline.snapshot();
  }

  // The audio road.

  audio(bytes: Uint8Array, payload: string | null): void {
    const { frames } = this.#deps.telemetry;
    const nowMs = this.#clock.nowMs();
    frames.began(nowMs);
    const echoDbfs = this.#state.agentAudible ? this.#echo.expectedDbfs(nowMs) : -Infinity;
    this.#ears.hear(bytes, nowMs, echoDbfs);
    if (echoDbfs !== -Infinity && !this.#state.callerLocal) {
      this.#echo.learn(this.#ears.vad.levelDbfs, nowMs);
    }
    this.#uplink.push(bytes, payload);
    this.#news.frame(this.#ears.vad);
    frames.ended();
  }

  markHeard(name: string): void {
    this.#playback.markHeard(name);
  }

  #brainAudio(responseId: string, itemId: string, payload: string): void {
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

  #playbackPort(): PlaybackPort {
    return {
      send: (payload, startsAtMs) => {
        this.#downlink.send(payload);
        this.#echo.playing(payload, startsAtMs);
      },
      mark: (name) => this.#leg.mark(name),
      clear: () => {
        this.#downlink.clear();
        this.#echo.cleared(this.#clock.nowMs());
        this.#deps.telemetry.cleared();
      },
      cork: (write) => this.#leg.cork(write),
      sent: (nowMs) => this.#timeline.reach("firstSent", nowMs),
      heard: (atMs) => {
        if (!this.#timeline.awaits("firstHeard")) return;
        this.#timeline.reach("firstHeard", atMs);
        const turn = this.#timeline.snapshot();
        if (turn) this.#leg.tell({ type: "turn", turn: { ...turn } });
      },
      audible: () => this.#step({ type: "agent_audible" }),
      silent: () => this.#step({ type: "agent_silent" }),
      overflow: (ms) =>
        this.problem(new RangeError(`An answer is too long: ${ms} ms of it were dropped`)),
    };
  }

  #makeEars(): Ears {
    const { settings } = this.#deps;
    const { minSpeechMs, endpointing, speculateMs, gateMs, gateDb, wish } = settings;
    const local = wish.turns === "local";
    return new Ears(this.#leg.format, {
      started: (onsetMs) => {
        // Heard again so soon: it was a pause, and we took it for the end.
        this.#endpointing.paused(onsetMs - this.#voiceEndMs);
        this.#onsetMs = onsetMs;
        this.#step({ type: "caller_started", by: "local", onsetMs });
      },
      paused: () => {
        if (this.#state.alarm) this.#step({ type: "caller_paused" });
      },
      resumed: (pauseMs) => {
        this.#endpointing.paused(pauseMs);
        if (this.#state.speculating) {
          this.#step({ type: "caller_resumed", playing: this.#playback.playing() });
        }
      },
      maybeDone: (endMs) => {
        this.#timeline.begin("answer", endMs);
        this.#step({ type: "caller_maybe_done" });
      },
      stopped: (endMs) => this.#callerStopped("local", endMs),
      ...(local && {
        silenceMs: (turnMs: number, fallDb: number) => this.#endpointing.silenceMs(turnMs, fallDb),
      }),
    }, {
      minSpeechMs,
      minSilenceMs: endpointing.silenceMs,
      maybeDoneMs: local ? speculateMs : 0,
      gateMs,
      gateDb,
    });
  }

  // What the leg brings besides audio.

  text(text: string): void {
    this.#write(text);
  }

  digit(digit: string): void {
    this.#stillHere();
    if (this.#digits.length < MAX_DIGITS) this.#digits += digit;
    this.#timers.set("digits", this.#deps.settings.digitPauseMs, () => {
      const digits = this.#digits;
      this.#digits = "";
      this.#write(`The caller pressed ${digits}.`);
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

  // What the brain says.

  #brainReady(
    formats: { input: AudioFormat; output: AudioFormat },
    differences: readonly string[],
  ): void {
    if (differences.length > 0) {
      this.#deps.log.warn("The brain's session is not what was asked for", {
        callId: this.start.callId,
        differences: differences.join("; "),
      });
    }
    this.#timers.clear("session");
    this.#format = formats.output;
    this.#playback.format = formats.output;
    this.#downlink = new Downlink(this.#leg, formats.output, PLAYBACK_DEFAULTS.maxChunkMs);
    this.#echo = new EchoGuard(formats.output, PLAYBACK_DEFAULTS.maxChunkMs);
    this.#uplink.start(formats.input);
    this.#step({ type: "brain_ready" });
  }

  #brainSaid(event: BrainEvent): void {
    const nowMs = this.#clock.nowMs();
    switch (event.type) {
      case "speech_started":
        return this.#step({
          type: "caller_started",
          by: "brain",
          // Its detector is a little later than the caller.
          onsetMs: this.#ears.vad.speaking ? Math.min(nowMs, this.#onsetMs) : nowMs,
          itemId: event.itemId,
        });
      case "speech_stopped":
        return this.#callerStopped("brain", this.#lastVoiceMs(nowMs));
      case "committed":
        this.#timeline.reach("commit", nowMs);
        return this.#step({ type: "committed", itemId: event.itemId });
      case "response_created":
        this.#timeline.reach("created", nowMs);
        return this.#step({ type: "response_created", responseId: event.responseId });
      case "output_item": {
        const { responseId, itemId } = event;
        return this.#step({ type: "output_item", responseId, itemId });
      }
      case "agent_words": {
        const { response } = this.#state;
        if (response?.id !== event.responseId || response.cancelled) return;
        const { itemId, text, final } = event;
        return this.#leg.tell({ type: "transcript", role: "agent", itemId, text, final });
      }
      case "caller_words": {
        const { itemId, text } = event;
        return this.#leg.tell({ type: "transcript", role: "caller", itemId, text, final: true });
      }
      case "tool_called": {
        const { responseId, call } = event;
        const hangsUp = call.name === HANG_UP_TOOL;
        return this.#step({ type: "tool_called", responseId, callId: call.callId, hangsUp });
      }
      case "response_done":
        return this.#responseDone(event);
      case "error":
        return this.#brainError(event);
    }
  }

  #responseDone(event: Extract<BrainEvent, { type: "response_done" }>): void {
    const { telemetry, brain } = this.#deps;
    if (event.usage) {
      const usage = usageFrom(event.usage);
      const discarded = this.#discarded.delete(event.responseId);
      if (!discarded) this.#timeline.used(usage, costUsd(brain.model, usage));
      telemetry.usage(brain.model, usage);
      if (discarded) telemetry.discarded(usage);
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
    const { code, severity } = event;
    this.#deps.telemetry.brainError(code, severity);
    // The message may quote what was said, so the code has to do.
    const { callId } = this.start;
    this.#deps.log.warn("The brain reported an error", { callId, code, severity });
    if (code === "conversation_already_has_active_response") this.#step({ type: "answer_refused" });
    else if (severity === "fatal" || !this.#brain.ready) {
      this.#brain.fail(Object.assign(new Error("The brain refused the session"), { code }));
    }
  }

  /** The brain is of no more use: the caller hears a short apology, then a clean hang-up. */
  #brainFailed(error: Error, code: string): void {
    this.#timers.clear("session");
    this.#deps.telemetry.brainError(code, "fatal");
    this.#deps.log.error("The brain failed, the call ends", {
      callId: this.start.callId,
      code,
      error,
    });
    this.#leg.tell({ type: "error", code, message: `The brain failed (${code}).` });
    this.#step({ type: "brain_failed" });
  }

  // The decision road.

  #callerStopped(by: "local" | "brain", endMs: number): void {
    const nowMs = this.#clock.nowMs();
    const { turns, alarm, speculating } = this.#state;
    if (by === "local") this.#voiceEndMs = endMs;
    if (!alarm && (by === "local") === (turns === "local")) {
      if (!speculating) this.#timeline.begin("answer", endMs);
      this.#timeline.reach("endpoint", nowMs);
    }
    this.#step({ type: "caller_stopped", by });
  }

  #lastVoiceMs(nowMs: number): number {
    return this.#ears.vad.speaking
      ? this.#ears.lastVoiceMs(nowMs)
      : Math.max(this.#voiceEndMs, this.#onsetMs);
  }

  #rang(name: TimerName): void {
    this.#step({ type: "timer", name, playing: this.#playback.playing() });
  }

  #write(text: string): void {
    this.#stillHere();
    if (this.#words.size >= MAX_WORDS) return;
    this.#timeline.begin("text", this.#clock.nowMs());
    const ref = ++this.#wordRef;
    this.#words.set(ref, text);
    this.#step({ type: "caller_wrote", ref, playing: this.#playback.playing() });
    this.#words.delete(ref);
  }

  #step(event: CallEvent): void {
    if (this.#endReason) return;
    const atMs = this.#clock.nowMs();
    if (event.type === "caller_started") this.#stillHere();
    if (event.type === "caller_resumed" && this.#state.speculating) {
      if (this.#state.response?.id) this.#discarded.add(this.#state.response.id);
    }
    const { state, actions } = step(this.#state, event, atMs);
    this.#state = state;
    this.#deps.record?.({ atMs, event, actions });
    for (const action of actions) this.#do(action, atMs);
    this.#news.state(this.#state);
  }

  #do(action: CallAction, nowMs: number): void {
    const { telemetry } = this.#deps;
    switch (action.type) {
      case "create_response":
        return this.#ask(action.kind, nowMs);
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
      case "tool_output": {
        const output = action.ok ? "The call ends." : "There is no such tool.";
        return this.#send(request.toolOutput(action.callId, output));
      }
      case "hold":
        if (this.#state.alarm) this.#alarmAtMs = nowMs;
        return this.#playback.hold();
      case "resume":
        this.#alarmAtMs = 0;
        if (action.why === "false_alarm") {
          telemetry.falseAlarm();
          this.#ears.callOff();
        }
        return this.#playback.resume();
      case "drop":
        // It was no false alarm: what the caller heard ended when playback held its breath.
        if (this.#alarmAtMs > 0) {
          this.#timeline.bargedIn(this.#onsetMs, this.#alarmAtMs, this.#alarmAtMs);
        }
        this.#alarmAtMs = 0;
        return this.#playback.drop();
      case "open_uplink":
        return this.#uplink.open();
      case "close_uplink":
        return this.#uplink.close();
      case "set_timer":
        return this.#timers.set(action.name, action.ms, () => this.#rang(action.name));
      case "clear_timer":
        return this.#timers.clear(action.name);
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

  #ask(kind: AnswerKind, nowMs: number): void {
    if (kind === "greeting" || kind === "still_there" || kind === "goodbye") {
      this.#timeline.begin("greeting", nowMs);
    } else if (kind === "tool") this.#timeline.begin("tool", nowMs);
    this.#send(request.createResponse(kind, this.#deps.settings.instructions[kind]));
  }

  #send(text: string): void {
    if (!this.#brain.link.send(text)) {
      this.problem(new Error("The brain did not take a message"));
    }
  }

  #close(reason: string): void {
    const { telemetry, log, closed, hangUp } = this.#deps;
    this.#endReason = reason;
    this.#timers.close();
    this.#words.clear();
    this.#timeline.end();
    this.#playback.close();
    this.#brain.close();
    const durationMs = Date.now() - this.startedAtMs;
    telemetry.callEnded(this.kind, reason, durationMs);
    const { callId } = this.start;
    log.info("A call ended", { callId, reason, problems: this.#problems, durationMs });
    const leave = () => {
      this.#leg.end(reason);
      closed(this);
    };
    // The phone first: a stream that closes before lets Twilio go on to the words behind it.
    if (this.#hangsUp) void hangUp(this.start).finally(leave);
    else leave();
  }

  #turnDone(turn: TurnRecord): void {
    if (turn.bargeIn) this.#deps.telemetry.bargedIn();
    this.#deps.telemetry.turn(turn);
    this.#deps.turned?.(this, turn);
  }

  #stillHere(): void {
    this.#timers.set("idle_limit", this.#deps.settings.idleLimitMs, () => this.#rang("idle_limit"));
  }
}
