/**
 * The audio road's readers and writers, one 20 ms frame: the scan beside the full parser, and a
 * message built by concatenation beside one built as an object.
 *
 * Run: `deno run -A bench/road_bench.ts` or `bun bench/road_bench.ts`; `--json` for the figures alone.
 *
 * @module
 */

import { measure } from "mitata";
import { cpus } from "node:os";
import process from "node:process";
import { AudioDelta } from "../brain/openai/audio_delta.ts";
import { readBrainEvent } from "../brain/openai/events.ts";
import { appendAudio } from "../brain/openai/requests.ts";
import { PCMU } from "../media/format.ts";
import { encodeBase64 } from "../media/base64.ts";
import { Ears } from "../call/ears.ts";
import { MediaFrame } from "../legs/media_frame.ts";
import { mediaMessage, readTwilioMessage } from "../legs/twilio_messages.ts";

const STREAM = "MZ0123456789abcdef0123456789abcdef";
const frame = new Uint8Array(160).map((_, i) => 0x80 + (i * 37) % 128);
const payload = encodeBase64(frame);
const media =
  `{"event":"media","sequenceNumber":"4711","media":{"track":"inbound","chunk":"4710","timestamp":"94200","payload":"${payload}"},"streamSid":"${STREAM}"}`;
const delta =
  `{"type":"response.output_audio.delta","event_id":"event_CQLlA1","response_id":"resp_CQLl1","item_id":"item_CQLl2","output_index":0,"content_index":0,"delta":"${payload}"}`;
const scanMedia = new MediaFrame();
const scanDelta = new AudioDelta();
const ears = new Ears(PCMU, {
  started() {},
  paused() {},
  resumed() {},
  maybeDone() {},
  stopped() {},
});

/** Keeps the optimiser from throwing a result away. */
let sink: unknown = 0;

const CASES: [group: string, name: string, run: () => void][] = [
  ["read Twilio media", "scan", () => void (sink = scanMedia.read(media, STREAM))],
  ["read Twilio media", "JSON.parse alone", () => void (sink = JSON.parse(media))],
  ["read Twilio media", "full parser", () => void (sink = readTwilioMessage(media))],
  ["read audio delta", "scan", () => void (sink = scanDelta.read(delta))],
  ["read audio delta", "JSON.parse alone", () => void (sink = JSON.parse(delta))],
  ["read audio delta", "full parser", () => void (sink = readBrainEvent(delta))],
  ["build append", "concatenation", () => void (sink = appendAudio(payload))],
  [
    "build append",
    "JSON.stringify",
    () => void (sink = JSON.stringify({ type: "input_audio_buffer.append", audio: payload })),
  ],
  ["build media", "concatenation", () => void (sink = mediaMessage(STREAM, payload))],
  [
    "build media",
    "JSON.stringify",
    () => void (sink = JSON.stringify({ event: "media", streamSid: STREAM, media: { payload } })),
  ],
  ["hear a frame", "decode and detect", () => ears.hear(frame, performance.now(), -Infinity)],
];

const runtime = process.versions.bun
  ? `bun ${process.versions.bun}`
  : `deno ${process.versions.deno}`;
const machine = `${cpus()[0]?.model ?? "unknown"} × ${cpus().length}, ${process.arch}`;
const json = process.argv.includes("--json");
const results = [];
if (!json) console.log(`${runtime} on ${machine}\n${" ".repeat(42)}   ns p50      min`);
for (const [group, name, run] of CASES) {
  const { min, p50 } = await measure(run, { min_cpu_time: 200e6 });
  results.push({ group, name, nsPerFrameP50: Math.round(p50), nsPerFrameMin: Math.round(min) });
  if (!json) {
    const label = `${group}: ${name}`.padEnd(42);
    console.log(`${label}${p50.toFixed(0).padStart(9)}${min.toFixed(0).padStart(9)}`);
  }
}
if (sink === undefined) throw new Error("Nothing was measured");
if (json) console.log(JSON.stringify({ bench: "road", runtime, machine, results }, null, 2));
