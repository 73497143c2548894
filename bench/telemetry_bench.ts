/**
 * What telemetry costs: a caller's 20 ms frame with it and without it, one turn, one log line, and
 * the text of `/metrics` on an instance with 500 calls whose labels are as many as they can be.
 *
 * Run: `deno run -A bench/telemetry_bench.ts` or `bun bench/telemetry_bench.ts`; `--json` for the
 * figures alone, `--rounds 300` for how often each side is measured, in turn.
 *
 * @module
 */

import { cpus } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { appendAudio } from "../brain/openai/requests.ts";
import { costUsd, usageFrom } from "../brain/prices.ts";
import { Ears } from "../call/ears.ts";
import { MediaFrame } from "../legs/media_frame.ts";
import { decodeBase64Into } from "../media/base64.ts";
import { PCMU } from "../media/format.ts";
import { configureLog, log } from "../telemetry/log.ts";
import { LineOutput } from "../telemetry/log_output.ts";
import { Telemetry } from "../telemetry/telemetry.ts";
import { calls } from "../telemetry/test_calls.ts";
import { seeded } from "../tests/random.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "300" },
  },
});
const rounds = Number(values.rounds);
if (!(rounds >= 2)) throw new RangeError(`--rounds is ${values.rounds}, needs 2 or more`);

const LIVE_CALLS = 500;
const FRAMES_PER_ROUND = 1_000;
const telemetry = new Telemetry({
  calls: calls(LIVE_CALLS, { live: LIVE_CALLS }),
  region: "bench",
  instance: "bench",
  costUsd,
});

// One second of a caller's audio, as Twilio's messages. Noise from a fixed seed: the detector's work
// does not depend on the words.
const STREAM = "MZ0123456789abcdef0123456789abcdef";
const random = seeded(1);
const messages = Array.from({ length: 50 }, (_, i) => {
  const frame = new Uint8Array(160).map(() => {
    return 0x70 + (random() * 65536 & 0x8f);
  });
  const payload = btoa(String.fromCharCode(...frame));
  return `{"event":"media","sequenceNumber":"${i + 2}","media":{"track":"inbound","chunk":"${
    i + 1
  }"` +
    `,"timestamp":"${i * 20}","payload":"${payload}"},"streamSid":"${STREAM}"}`;
});

const reader = new MediaFrame();
const bytes = new Uint8Array(160);
const ears = new Ears(PCMU, {
  started() {},
  paused() {},
  resumed() {},
  maybeDone() {},
  stopped() {},
});
let sentChars = 0;

/** The audio road of one frame: read, decode, detect, append. A call reads the clock once for it. */
function handle(text: string, nowMs: number): void {
  if (!reader.read(text, STREAM)) throw new Error("The bench's message is not the usual shape");
  decodeBase64Into(reader.payload, bytes);
  ears.hear(bytes, nowMs, -Infinity);
  sentChars += appendAudio(reader.payload).length;
}

function withoutTelemetry(): number {
  const beganMs = performance.now();
  for (let i = 0; i < FRAMES_PER_ROUND; i++) handle(messages[i % 50]!, performance.now());
  return performance.now() - beganMs;
}

function withTelemetry(): number {
  const beganMs = performance.now();
  for (let i = 0; i < FRAMES_PER_ROUND; i++) {
    const nowMs = performance.now();
    telemetry.frames.began(nowMs);
    telemetry.framesIn++;
    handle(messages[i % 50]!, nowMs);
    telemetry.framesOut++;
    telemetry.frames.ended();
  }
  return performance.now() - beganMs;
}

function at(share: number, list: number[]): number {
  return [...list].sort((a, b) => a - b)[Math.floor((list.length - 1) * share)]!;
}

// The two sides take turns, and each goes first as often as the other. Of many short rounds the
// quickest tenth counts: what other programs do to a shared machine only ever adds.
const off: number[] = [];
const on: number[] = [];
for (let i = 0; i < 20; i++) withoutTelemetry(), withTelemetry();
for (let i = 0; i < rounds; i++) {
  if (i % 2 === 0) off.push(withoutTelemetry()), on.push(withTelemetry());
  else on.push(withTelemetry()), off.push(withoutTelemetry());
}
const offNs = at(0.1, off) / FRAMES_PER_ROUND * 1e6;
const onNs = at(0.1, on) / FRAMES_PER_ROUND * 1e6;
// The same calls with no frame between them: the cost without the noise of a difference. The time
// lies ahead, so that none counts as slow.
const aloneNs = nsEach(100_000, () => {
  telemetry.frames.began(Number.MAX_SAFE_INTEGER);
  telemetry.framesIn++;
  telemetry.framesOut++;
  telemetry.frames.ended();
});

/** Nanoseconds of one call, the best of five goes. */
function nsEach(times: number, run: (i: number) => void): number {
  let bestMs = Infinity;
  for (let go = 0; go < 5; go++) {
    const beganMs = performance.now();
    for (let i = 0; i < times; i++) run(i);
    bestMs = Math.min(bestMs, performance.now() - beganMs);
  }
  return bestMs / times * 1e6;
}

const usage = usageFrom({
  input_token_details: { text_tokens: 500, audio_tokens: 900 },
  output_token_details: { text_tokens: 40, audio_tokens: 160 },
});
for (let i = 0; i < LIVE_CALLS; i++) telemetry.callStarted(i % 2 === 0 ? "twilio" : "browser");
const kinds = ["answer", "greeting", "text", "tool"] as const;
const turnNs = nsEach(5_000, (i) => {
  telemetry.turn({
    callId: "CA1",
    n: i,
    kind: kinds[i % 5]!,
    startedAtMs: 0,
    stages: {
      endpointMs: 200,
      commitMs: 1,
      createdMs: 40,
      firstDeltaMs: i % 900,
      firstSentMs: 1,
      firstHeardMs: 60,
    },
    totalMs: 302 + i % 900,
    bargeIn: { onsetToClearMs: 80, lastHeardMs: 120 },
  });
  telemetry.usage(`model-${i % 100}`, usage);
  telemetry.brainError(`code-${i % 100}`, "harmless");
  telemetry.callRefused(`reason-${i % 100}`);
  telemetry.webhook(200 + i % 100);
});

const output = new LineOutput((text) => Promise.resolve(text.length), () => {}, Infinity);
configureLog({ format: "json", level: "info" }, output);
const logger = log("call");
const lineNs = nsEach(2_000, (i) => {
  logger.info("A turn ended", { callId: "CA0123456789", n: i, totalMs: 512, kind: "answer" });
});
await output.flush();

telemetry.start();
const firstMs = await timed();
const scrapes: number[] = [];
for (let i = 0; i < 50; i++) scrapes.push(await timed());
telemetry.stop();
const textBytes = (await telemetry.metrics()).length;

async function timed(): Promise<number> {
  const beganMs = performance.now();
  await telemetry.metrics();
  return performance.now() - beganMs;
}

const round = (value: number, digits = 2) => Number(value.toFixed(digits));
const result = {
  runtime: process.versions["bun"]
    ? `bun ${process.versions["bun"]}`
    : `deno ${process.versions["deno"]}`,
  cpu: `${cpus()[0]?.model ?? "unknown"} × ${cpus().length}`,
  frame: {
    offNs: round(offNs, 0),
    onNs: round(onNs, 0),
    addedNs: round(onNs - offNs, 0),
    aloneNs: round(aloneNs, 0),
    alonePercent: round(aloneNs / offNs * 100),
    addedPercent: round((onNs / offNs - 1) * 100),
  },
  turnWithUsageNs: round(turnNs, 0),
  logLineNs: round(lineNs, 0),
  metrics: {
    liveCalls: LIVE_CALLS,
    bytes: textBytes,
    firstMs: round(firstMs),
    medianMs: round(at(0.5, scrapes)),
    worstMs: round(Math.max(...scrapes)),
  },
};

if (values.json) console.log(JSON.stringify(result));
else {
  const { frame, metrics } = result;
  console.log(`${result.runtime} on ${result.cpu}`);
  console.log(`frame, telemetry off   ${frame.offNs} ns`);
  console.log(`frame, telemetry on    ${frame.onNs} ns (${frame.addedPercent} %, limit 5 %)`);
  console.log(`its calls alone        ${frame.aloneNs} ns (${frame.alonePercent} %)`);
  console.log(`turn with its usage    ${result.turnWithUsageNs} ns`);
  console.log(`log line               ${result.logLineNs} ns`);
  console.log(
    `/metrics, ${metrics.liveCalls} calls   ${metrics.medianMs} ms (first ${metrics.firstMs}, ` +
      `worst ${metrics.worstMs}, limit 10 ms), ${metrics.bytes} bytes`,
  );
}
// Keeps the frames' work from being optimised away.
if (sentChars === 0) process.exitCode = 1;
