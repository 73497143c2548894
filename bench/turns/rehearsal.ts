/**
 * A whole call without sockets and without waiting: the real `Call`, between a phone and a brain on
 * a clock that runs as fast as it can. What takes the binary a minute takes a few milliseconds here,
 * so one can look at hundreds of calls. The benches on the binary then say whether it is true.
 *
 * @module
 */

import { Circuit } from "../../brain/circuit.ts";
import type { Brain, BrainHandlers } from "../../brain/brain.ts";
import { Call } from "../../call/call.ts";
import type { CallSettings } from "../../call/settings.ts";
import type { RecordedSettings, RecordedStep } from "../../call/recording.ts";
import type { Leg, LegHandlers, LegNews } from "../../legs/leg.ts";
import { PCMU } from "../../media/format.ts";
import { Playout } from "../../cli/phone/playout.ts";
import type { Logger } from "../../telemetry/log.ts";
import { Telemetry } from "../../telemetry/telemetry.ts";
import { calls } from "../../telemetry/test_calls.ts";
import { type BrainSettings, STRICT_BRAIN_DEFAULTS } from "./brain_settings.ts";
import { FastClock } from "./fast_clock.ts";
import type { LinePhone } from "./line.ts";
import { Conversation } from "./conversation.ts";

const QUIET: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** The defaults of `config.ts`, as `server/services.ts` hands them on. */
export const REHEARSAL_SETTINGS: CallSettings = {
  instructions: "",
  voice: "marin",
  turns: "server",
  silenceMs: 200,
  eagerness: "auto",
  prompts: { greeting: "Greet.", still_there: "Ask.", goodbye: "Bye." },
  minSpeechMs: 50,
  endpointing: "fixed",
  minSilenceMs: 150,
  maxSilenceMs: 1200,
  speculateMs: 0,
  bargeInMs: 700,
  deadAirMs: 6000,
  gateMs: 30,
  gateDb: 4,
  silencePromptMs: 0,
  connectTimeoutMs: 3000,
  sessionTimeoutMs: 10_000,
  sessionLimitMs: 3_300_000,
  afterFailure: "hang_up",
  keepVoiceMs: 20_000,
  callLimitMs: 3_300_000,
  idleLimitMs: 300_000,
  digitPauseMs: 1000,
};

/** One frame of the phone, as bytes and as the wire carries it. */
export interface PhoneFrame {
  readonly bytes: Uint8Array;
  readonly payload: string;
}

/** Who speaks into the phone. */
export interface PhoneVoice {
  attach(phone: LinePhone): void;
  frame(index: number): PhoneFrame;
}

export interface RehearsalOptions {
  readonly voice: PhoneVoice;
  readonly settings?: Partial<CallSettings>;
  readonly brain?: Partial<BrainSettings>;
  /** One way between the phone and us. */
  readonly wayMs?: number;
  /** False to keep no record of the decisions. */
  readonly records?: boolean;
}

export class Rehearsal {
  readonly clock = new FastClock();
  readonly playout = new Playout({ keepMs: 600_000, maxMarks: 10_000, maxQueuedMs: 600_000 });
  readonly clears: number[] = [];
  readonly recorded: (RecordedSettings | RecordedStep)[] = [];
  conversation!: Conversation;
  readonly call: Call;
  readonly telemetry: Telemetry;
  ended = "";
  #handlers: LegHandlers;
  #frames = 0;
  readonly #voice: PhoneVoice;
  readonly #wayMs: number;

  constructor(options: RehearsalOptions) {
    const { clock } = this;
    this.#wayMs = options.wayMs ?? 5;
    this.#voice = options.voice;
    this.#voice.attach({
      now: () => clock.nowMs(),
      press: (digit) => this.press(digit),
      startedAtMs: () => 0,
      heard: (fromMs, toMs) => this.playout.heard(fromMs, Math.min(toMs, clock.nowMs())),
    });
    const settings = { ...STRICT_BRAIN_DEFAULTS, ...options.brain };
    const brain: Brain = {
      name: "openai",
      model: "gpt-realtime-2.1",
      connect: (handlers) => this.#connect(handlers, settings),
    };
    this.telemetry = new Telemetry({
      calls: calls(1),
      region: "local",
      instance: "rehearsal",
      now: () => clock.nowMs(),
    });
    this.call = new Call(
      { callId: "CA1", calledNumber: "" },
      this.#leg(),
      {
        upstreams: [{ brain, circuit: new Circuit() }],
        settings: { ...REHEARSAL_SETTINGS, ...options.settings },
        clock,
        telemetry: this.telemetry,
        log: QUIET,
        closed: () => {},
        ...(options.records !== false && {
          record: (line: RecordedSettings | RecordedStep) =>
            this.recorded.push(structuredClone(line)),
        }),
      },
    );
    this.#handlers = this.call;
    clock.after(20, () => this.#frame());
  }

  get nowMs(): number {
    return this.clock.nowMs();
  }

  run(ms: number): void {
    this.clock.runTo(this.clock.nowMs() + ms);
  }

  /** Runs until `probe` is true. @returns False when it never was. */
  runUntil(probe: () => boolean, timeoutMs: number): boolean {
    const endMs = this.clock.nowMs() + timeoutMs;
    while (!probe()) {
      if (this.clock.nowMs() >= endMs) return false;
      this.run(5);
    }
    return true;
  }

  /** Between two moments of the phone's clock. */
  heard(fromMs: number, toMs = this.clock.nowMs()): Uint8Array<ArrayBuffer> {
    return this.playout.heard(fromMs, Math.min(toMs, this.clock.nowMs()));
  }

  press(digit: string): void {
    this.clock.after(this.#wayMs, () => this.#handlers.digit(digit));
  }

  hangUp(): void {
    this.#handlers.ended("caller");
  }

  #connect(handlers: BrainHandlers, settings: BrainSettings) {
    const { clock } = this;
    let open = true;
    const conversation = new Conversation(
      (event) => open && handlers.message(JSON.stringify(event)),
      settings,
      0,
      clock,
    );
    this.conversation = conversation;
    return {
      send: (text: string) => {
        clock.after(conversation.networkMs, () => {
          if (open) conversation.take(text);
        });
        return true;
      },
      bufferedBytes: () => 0,
      close: () => void (open = false),
    };
  }

  #leg(): Leg {
    const { clock, playout } = this;
    const wayMs = this.#wayMs;
    const marks = (names: readonly string[]) => {
      for (const name of names) clock.after(wayMs, () => this.#handlers.markHeard(name));
    };
    const due = () => {
      marks(playout.takeDueMarks(clock.nowMs()));
      const nextMs = playout.nextMarkMs();
      if (nextMs < Infinity) clock.after(nextMs - clock.nowMs(), due);
    };
    const playBytes = (bytes: Uint8Array) => {
      const copy = new Uint8Array(bytes);
      clock.after(wayMs, () => playout.media(copy, clock.nowMs()));
    };
    return {
      kind: "twilio",
      format: PCMU,
      brainFormat: PCMU,
      wire: "base64",
      hasScreen: false,
      playBytes,
      playBase64: (payload) => playBytes(Uint8Array.fromBase64(payload)),
      mark: (name) =>
        void clock.after(wayMs, () => {
          playout.mark(name, clock.nowMs());
          due();
        }),
      clear: () =>
        void clock.after(wayMs, () => {
          this.clears.push(clock.nowMs());
          marks(playout.clear(clock.nowMs()));
        }),
      tell: (_news: LegNews) => {},
      cork: (write) => write(),
      end: (reason) => {
        this.ended = reason;
        this.#handlers.ended("us");
      },
    };
  }

  #frame(): void {
    const { bytes, payload } = this.#voice.frame(this.#frames++);
    this.clock.after(this.#wayMs, () => {
      if (this.ended === "") this.#handlers.audio(bytes, payload);
    });
    if (this.ended === "") this.clock.after(20, () => this.#frame());
  }
}
