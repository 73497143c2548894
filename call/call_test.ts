import { UpstreamError } from "../brain/errors.ts";
import { Circuit } from "../brain/circuit.ts";
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { Brain, BrainHandlers, BrainLink } from "../brain/brain.ts";
import type { Leg, LegNews } from "../legs/leg.ts";
import { encodeInto } from "../media/codec.ts";
import { PCMU } from "../media/format.ts";
import type { Logger } from "../telemetry/log.ts";
import { Telemetry } from "../telemetry/telemetry.ts";
import { calls } from "../telemetry/test_calls.ts";
import { pcm16, speech } from "../vad/test_signals.ts";
import { Call } from "./call.ts";
import type { CallSettings } from "./settings.ts";
import type { RecordedSettings, RecordedStep } from "./recording.ts";
import { audio, FakeClock } from "./test_phone.ts";

const QUIET: Logger = { debug() {}, info() {}, warn() {}, error() {} };

const SETTINGS: CallSettings = {
  instructions: "",
  voice: "marin",
  turns: "server",
  silenceMs: 200,
  eagerness: "auto",
  prompts: { greeting: "Greet." },
  minSpeechMs: 50,
  endpointing: "fixed",
  minSilenceMs: 150,
  maxSilenceMs: 1200,
  speculateMs: 0,
  bargeInMs: 700,
  gateMs: 30,
  gateDb: 4,
  silencePromptMs: 0,
  deadAirMs: 6000,
  connectTimeoutMs: 3000,
  sessionTimeoutMs: 10_000,
  sessionLimitMs: 3_300_000,
  afterFailure: "hang_up",
  keepVoiceMs: 20_000,
  callLimitMs: 3_300_000,
  idleLimitMs: 300_000,
  digitPauseMs: 1000,
};

type Event = Record<string, unknown>;

/** A call between a leg and a brain that answer in the very call that tells them. */
class Rig {
  readonly clock = new FakeClock();
  readonly told: LegNews[] = [];
  readonly sent: Event[] = [];
  readonly steps: RecordedStep[] = [];
  readonly call: Call;
  readonly telemetry = new Telemetry({ calls: calls(1), region: "test", instance: "test" });
  ended = "";
  /** Runs inside `send`. */
  answer: (event: Event) => void = () => {};
  takes = true;
  #handlers!: BrainHandlers;

  constructor(
    settings: Partial<CallSettings> = {},
    kind: Leg["kind"] = "browser",
    circuit = new Circuit(),
  ) {
    const link: BrainLink = {
      send: (text) => {
        if (!this.takes) return false;
        const event = JSON.parse(text) as Event;
        this.sent.push(event);
        this.answer(event);
        return true;
      },
      bufferedBytes: () => 0,
      close: () => {},
    };
    const brain: Brain = {
      name: "openai",
      model: "m",
      connect: (handlers) => {
        this.#handlers = handlers;
        return link;
      },
    };
    const leg: Leg = {
      kind,
      format: PCMU,
      brainFormat: PCMU,
      wire: "base64",
      hasScreen: kind === "browser",
      playBytes: () => {},
      playBase64: () => {},
      mark: () => {},
      clear: () => {},
      tell: (news) => void this.told.push(news),
      cork: (write) => write(),
      end: (reason) => void (this.ended = reason),
    };
    this.call = new Call({ callId: "c", calledNumber: "" }, leg, {
      upstreams: [{ brain, circuit }],
      settings: { ...SETTINGS, ...settings },
      clock: this.clock,
      telemetry: this.telemetry,
      log: QUIET,
      closed: () => {},
      record: (line: RecordedSettings | RecordedStep) => {
        if ("event" in line) this.steps.push(line);
      },
    });
  }

  says(event: Event): void {
    this.#handlers.message(JSON.stringify(event));
  }

  /** For good. */
  refuses(): void {
    this.#handlers.closed(new UpstreamError("no", "invalid_api_key", false));
  }

  leaves(): void {
    this.#handlers.closed();
  }

  ready(): void {
    this.says({ type: "session.updated", session: {} });
  }

  news(type: LegNews["type"]): LegNews[] {
    return this.told.filter((news) => news.type === type);
  }

  types(): unknown[] {
    return this.sent.map(({ type }) => type);
  }
}

describe("a call", () => {
  it("looks at no event before the actions of the one before are done, and at none after the end", () => {
    const rig = new Rig();
    // Everything answers from within: creation, the whole answer, its end.
    rig.answer = ({ type, event_id }) => {
      if (type !== "response.create") return;
      rig.answer = () => {};
      const metadata = { earshot_answer: event_id };
      rig.says({ type: "response.created", response: { id: "r1", metadata } });
      rig.says({
        type: "response.output_item.done",
        response_id: "r1",
        item: { type: "function_call", call_id: "t", name: "hang_up", arguments: "{}" },
      });
      rig.says({ type: "response.done", response: { id: "r1", status: "completed" } });
    };
    rig.ready();
    assertEquals(rig.steps.map(({ event }) => event.type), [
      "brain_ready",
      "response_created",
      "tool_called",
      "response_done",
    ]);
    // The tool's output left before the goodbye was asked for.
    assertEquals(rig.types().slice(-2), ["conversation.item.create", "response.create"]);
    rig.call.ended("caller");
    rig.says({ type: "response.created", response: { id: "r2" } });
    rig.call.text("too late");
    assertEquals([rig.steps.length, rig.clock.pending], [5, 0]);
  });

  it("takes a request that could not be sent for refused, and asks again", () => {
    const rig = new Rig();
    rig.takes = false;
    rig.ready();
    assertEquals(rig.types().filter((type) => type === "response.create"), []);
    rig.takes = true;
    rig.clock.pass(200);
    assertEquals(rig.types().filter((type) => type === "response.create").length, 1);
  });

  it("is ready when the session stands, and keeps what was typed and pressed until then", () => {
    const rig = new Rig({ prompts: {} });
    rig.call.text("first");
    rig.call.digit("4");
    rig.call.digit("2");
    rig.clock.pass(1500);
    assertEquals([rig.news("ready").length, rig.types()], [0, ["session.update"]]);
    rig.ready();
    assertEquals(rig.news("ready").length, 1);
    const words = rig.sent.filter(({ type }) => type === "conversation.item.create");
    assert(JSON.stringify(words[0]).includes("first"));
    assert(JSON.stringify(words[1]).includes("pressed 42"));
    assertEquals(rig.types().filter((type) => type === "response.create").length, 1);
  });

  it("refuses more lines than can wait, and says so", () => {
    const rig = new Rig();
    for (let n = 0; n < 52; n++) {
      rig.call.text(`line ${n}`);
      rig.clock.pass(150);
    }
    const errors = rig.news("error") as { code: string }[];
    assertEquals(errors.map(({ code }) => code), ["too_many_lines", "too_many_lines"]);
    rig.ready();
    const lines = rig.types().filter((type) => type === "conversation.item.create");
    assertEquals(lines.length, 50);
  });

  it("takes no more lines than a person types, and says so", () => {
    const rig = new Rig();
    rig.ready();
    for (let n = 0; n < 4900; n++) rig.call.text(`line ${n}`);
    const lines = () => rig.types().filter((type) => type === "conversation.item.create").length;
    const errors = rig.news("error") as { code: string }[];
    assertEquals([lines(), errors.length], [20, 4880]);
    assert(errors.every(({ code }) => code === "too_many_lines"));
    rig.clock.pass(1000);
    for (let n = 0; n < 100; n++) rig.call.text(`line ${n}`);
    assertEquals(lines(), 25);
  });

  it("takes no more keys than a phone sends, and says so", () => {
    const rig = new Rig({ prompts: {} });
    rig.ready();
    for (let n = 0; n < 500; n++) rig.call.digit("1");
    assertEquals(rig.news("error").length, 436);
    rig.clock.pass(1500);
    const words = rig.sent.filter(({ type }) => type === "conversation.item.create");
    assertEquals(/pressed (1+)/.exec(JSON.stringify(words))![1]!.length, 64);
  });

  it("asks for a goodbye without tools when the agent hangs up without a word", () => {
    const rig = new Rig({ prompts: { goodbye: "Say goodbye." } });
    rig.ready();
    rig.call.text("Bye.");
    const asked = rig.sent.findLast(({ type }) => type === "response.create");
    const { metadata } = asked!.response as { metadata: unknown };
    rig.says({ type: "response.created", response: { id: "r1", metadata } });
    rig.says({
      type: "response.output_item.done",
      response_id: "r1",
      item: {
        id: "i1",
        type: "function_call",
        status: "completed",
        call_id: "c1",
        name: "hang_up",
        arguments: "{}",
      },
    });
    rig.says({ type: "response.done", response: { id: "r1", status: "completed", output: [] } });
    const goodbye = rig.sent.findLast(({ type }) => type === "response.create");
    assertEquals((goodbye!.response as { tool_choice?: string }).tool_choice, "none");
  });

  it("takes an answer of empty pieces for the silence that it is", () => {
    const rig = new Rig();
    rig.ready();
    const [, asked] = [rig.clock.pass(1), rig.sent.find(({ type }) => type === "response.create")];
    const metadata = (asked!.response as { metadata: unknown }).metadata;
    rig.says({ type: "response.created", response: { id: "r1", metadata } });
    const item = { response_id: "r1", item_id: "i1" };
    for (let ms = 0; ms < 6000; ms += 500) {
      rig.says({ type: "response.output_audio.delta", ...item, delta: "" });
      rig.clock.pass(500);
    }
    const decided = rig.steps.flatMap(({ actions }) => actions.map(({ type }) => type));
    assert(decided.includes("say"), "the caller is told to wait");
    assert(rig.types().includes("response.cancel"), "and the answer is given up");
  });

  it("has a timer for its turns and one for its session, and none when it is over", () => {
    const rig = new Rig();
    assertEquals(rig.clock.pending, 2);
    rig.ready();
    rig.says({ type: "response.created", response: { id: "r1" } });
    rig.says({
      type: "response.output_audio.delta",
      response_id: "r1",
      item_id: "i1",
      delta: audio(100),
    });
    // And playback's, and one for what the brain should say.
    assert(rig.clock.pending <= 4);
    rig.call.ended("caller");
    assertEquals(rig.clock.pending, 0);
  });

  it("ends with an apology when the session does not stand in time", () => {
    const rig = new Rig();
    rig.clock.pass(10_001);
    const [waits, , fails] = rig.steps;
    assertEquals(waits!.actions, [{ type: "say", phrase: "one_moment", why: "connecting" }]);
    assertEquals(fails!.event.type, "brain_failed");
    assertEquals(fails!.actions.map(({ type }) => type), ["drop", "say"]);
    rig.clock.pass(10_000);
    assertEquals(rig.ended, "brain_failed");
  });

  it("says what it has of an answer, and then that no brain can be had any more", () => {
    const rig = new Rig({}, "twilio");
    rig.ready();
    rig.says({ type: "response.created", response: { id: "r1" } });
    const item = { response_id: "r1", item_id: "i1" };
    rig.says({ type: "response.output_audio.delta", ...item, delta: audio(3000) });
    rig.clock.pass(500);
    rig.refuses();
    rig.clock.pass(1500);
    assertEquals(
      rig.steps.some(({ actions }) => actions.some(({ type }) => type === "drop")),
      false,
    );
    rig.clock.pass(20_000);
    const said = rig.steps.flatMap(({ actions }) => actions).filter(({ type }) => type === "say");
    assertEquals(said, [{ type: "say", phrase: "apology", why: "brain_failed" }]);
    assertEquals(rig.ended, "brain_failed");
  });

  it("that begins while nobody reaches the brain hears so, and is ended", () => {
    const circuit = new Circuit({ minFailingMs: 0, maxFailures: 1, probeEveryMs: 1e9 });
    circuit.failed(0);
    circuit.allows(1e9 + 1);
    const rig = new Rig({}, "twilio", circuit);
    rig.clock.pass(10_000);
    const said = rig.steps.flatMap(({ actions }) => actions).filter(({ type }) => type === "say");
    assertEquals(said, [{ type: "say", phrase: "apology", why: "brain_failed" }]);
    assertEquals(rig.ended, "brain_failed");
  });

  it("keeps what is said while one attempt after the other comes to nothing", () => {
    const rig = new Rig({ turns: "local", prompts: {} }, "twilio");
    const voice = pcm16(speech(1200, { rateHz: 8000, seed: 3 }));
    const line = new Int16Array(8 * 1900);
    line.set(voice, 8 * 200);
    for (let at = 0; at < line.length; at += 160) {
      const frame = new Uint8Array(160);
      encodeInto(PCMU, line.subarray(at, at + 160), frame);
      rig.call.audio(frame, null);
      rig.clock.pass(20);
    }
    rig.clock.pass(4000); // the first attempt is over by then
    rig.ready();
    const bytes = rig.sent.filter(({ type }) => type === "input_audio_buffer.append")
      .reduce((sum, { audio }) => sum + Uint8Array.fromBase64(String(audio)).length, 0);
    assert(bytes >= 8 * 1200, `${bytes / 8} ms`);
    assertEquals(rig.types().slice(-2), ["input_audio_buffer.commit", "response.create"]);
  });

  it("loses no frame to a slow brain when there is none any more", () => {
    const frame = new Uint8Array(160).fill(0xff);
    for (const leaves of ["brain", "agent"] as const) {
      const rig = new Rig({}, "twilio");
      rig.ready();
      rig.call.audio(frame, null);
      assertEquals(rig.types().at(-1), "input_audio_buffer.append");
      rig.takes = false;
      if (leaves === "brain") rig.leaves();
      else rig.call.end("draining");
      for (let n = 0; n < 900; n++) {
        rig.call.audio(frame, null);
        rig.clock.pass(20);
      }
      assertEquals(rig.telemetry.framesDropped, 0, leaves);
      assert(rig.call.endReason !== "", leaves);
    }
  });
});
