import { describe, it } from "node:test";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { loadSpeech } from "../../tests/speech/speech.ts";
import { firstAudible } from "../phone/audible.ts";
import { type ServerStream, startTestServer } from "../phone/test_server.ts";
import type { LatencySettings, Scenario } from "./args.ts";
import type { Clip } from "./clips.ts";
import { TIMINGS } from "./call_plan.ts";
import { type LatencyReport, startTest } from "./run.ts";

const THINK_MS = 200;
/** Callers in a hurry, so that a test is over soon. */
const HURRIED = {
  ...TIMINGS,
  finishedMs: 250,
  pauseMs: [20, 60],
  bargeAfterMs: [60, 100],
} as const;

/** A piece of real speech between two pauses of 60 ms. */
function clip(fromMs: number, speechMs: number): Clip {
  const bytes = new Uint8Array((speechMs + 120) * 8).fill(0xff);
  const speech = loadSpeech("question_open").subarray(fromMs * 8, (fromMs + speechMs) * 8);
  bytes.set(speech, 480);
  return { bytes, startMs: 60, endMs: 60 + speechMs };
}

/** Greets, then says back each utterance `THINK_MS` after its last loud frame. */
function echo({ clears, dropEvery }: { clears: boolean; dropEvery: number }) {
  return (stream: ServerStream): void => {
    stream.media(new Uint8Array(480).fill(0x80));
    let heard: Uint8Array[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    stream.socket.on("message", (data) => {
      const message = JSON.parse(String(data));
      if (message.event !== "media") return;
      const bytes = Uint8Array.fromBase64(message.media.payload);
      const loud = firstAudible(bytes) >= 0;
      if (loud && heard.length === 0 && clears) stream.clear();
      if (loud || heard.length > 0) heard.push(bytes);
      if (!loud) return;
      clearTimeout(timer);
      timer = setTimeout(() => {
        heard.filter((_, i) => i % dropEvery !== dropEvery - 1).forEach((f) => stream.media(f));
        heard = [];
      }, THINK_MS);
    });
  };
}

async function report(
  scenario: Scenario,
  stream: (stream: ServerStream) => void,
  calls = 1,
): Promise<LatencyReport> {
  const server = await startTestServer({
    webhook: (_, host) => `<Response><Connect><Stream url="ws://${host}/s"/></Connect></Response>`,
    stream,
  });
  const settings: LatencySettings = {
    webhookUrl: `${server.origin}/voice`,
    connectTo: undefined,
    calls,
    durationS: 0.6,
    rate: 100,
    scenario,
    speechPath: undefined,
    authToken: undefined,
    accountSid: undefined,
    json: false,
    htmlPath: undefined,
  };
  const clips = { questions: [clip(700, 400)], interruption: clip(720, 200) };
  const done = await startTest(settings, clips, HURRIED).done;
  await server.close();
  return done.report;
}

// All at once: each takes about two seconds, nearly all of it waiting.
const exact = echo({ clears: true, dropEvery: 1000 });
const reports = {
  echo: report("echo", exact, 3),
  lossy: report("echo", echo({ clears: true, dropEvery: 5 })),
  bargeIn: report("barge-in", exact),
  deaf: report("barge-in", echo({ clears: false, dropEvery: 1000 })),
};

describe("startTest", () => {
  it("measures the known delay of an echo, and finds no frame lost", async () => {
    const { counts, stages } = await reports.echo;
    assertEquals([counts.dialled, counts.connected, counts.failed], [3, 3, 0]);
    assert(counts.answered >= 3 && counts.unanswered === 0);
    assertEquals([counts.echoFrames, counts.lostFrames], [counts.answered * 20, 0]);
    // The last loud frame leaves up to 20 ms after the mouth closed.
    assertAlmostEquals(stages.answer!.p50Ms, THINK_MS + 30, 50);
    assert(stages.greeting!.p50Ms < 100 && stages.connect!.count === 3);
  });

  it("counts the frames that an echo dropped, each fifth here", async () => {
    const { counts } = await reports.lossy;
    assertEquals(counts.lostFrames, counts.echoFrames / 5);
  });

  it("measures barge-in up to clear and to silence", async () => {
    const { counts, stages } = await reports.bargeIn;
    assertEquals([counts.bargeIns, counts.ignoredBargeIns], [1, 0]);
    // The echo clears on the first loud frame, which leaves 20 ms after the mouth opened.
    assertAlmostEquals(stages.clear!.maxMs, 40, 40);
    assert(stages.silence!.maxMs <= stages.clear!.maxMs);
  });

  it("a server that never clears gets no barge-in latency", async () => {
    const { counts, stages } = await reports.deaf;
    assertEquals([counts.bargeIns, counts.endedWithoutClear, stages.clear], [1, 1, null]);
  });
});
