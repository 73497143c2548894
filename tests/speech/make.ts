/**
 * Turns the raw utterances of `make.sh` into the fixtures: trimmed, levelled, padded, measured,
 * companded. Run by `make.sh`; everything here repeats bit for bit.
 *
 * @module
 */

import { readFileSync, writeFileSync } from "node:fs";
import { encodeMulawInto } from "../../media/mulaw.ts";
import { findSpeech, rms } from "../../cli/latency/measure_speech.ts";

const RATE_HZ = 8000;
/** Silence kept before and after the speech: room to see an onset, little to wait for. */
const PAD_MS = 60;
/** RMS of the loud part. ITU-T P.56 speech on a phone line lies around -26; these are close talkers. */
const LEVEL_DBFS = -22;
/** The pause inside the booking sentence: longer than the 200 ms that end a turn by default. */
const MID_THOUGHT_PAUSE_MS = 800;

interface Recipe {
  readonly name: string;
  readonly voice: string;
  readonly text: string;
  /** The raw parts, joined with `MID_THOUGHT_PAUSE_MS` of silence; none when it is synthesised here. */
  readonly parts: readonly string[];
}

const RECIPES: readonly Recipe[] = [
  {
    name: "question_open",
    voice: "en-us",
    text: "What time do you open tomorrow?",
    parts: ["question_open"],
  },
  {
    name: "question_hear",
    voice: "en-gb+f3",
    text: "Can you hear me clearly?",
    parts: ["question_hear"],
  },
  {
    name: "question_order",
    voice: "en-gb+f3",
    text: "Where is my order?",
    parts: ["question_order"],
  },
  {
    name: "booking_pause",
    voice: "en-us",
    text: "I would like to book a table for two people, … on Friday evening at eight.",
    parts: ["booking_a", "booking_b"],
  },
  { name: "stop_wait", voice: "en-us", text: "Stop, wait!", parts: ["stop_wait"] },
  { name: "mm_hm", voice: "en-us", text: "(mm-hm)", parts: ["mm_hm"] },
  { name: "cough", voice: "none", text: "(cough)", parts: [] },
  { name: "hello", voice: "en-gb+f3", text: "Hello?", parts: ["hello"] },
  { name: "yes", voice: "en-gb+f3", text: "Yes.", parts: ["yes"] },
  { name: "uhm", voice: "en-us", text: "(uhm)", parts: ["uhm"] },
  { name: "table", voice: "en-us", text: "I'd like a table", parts: ["table"] },
  { name: "for_two", voice: "en-us", text: "for two.", parts: ["for_two"] },
];

/** What `earshot latency-test` says: base64 in text files, the only form that every build embeds. */
const BUILT_IN = ["question_open", "question_hear", "question_order", "stop_wait"];

const [rawDir, outDir] = process.argv.slice(2);
if (rawDir === undefined || outDir === undefined) {
  throw new TypeError("usage: make.ts <folder with raw parts> <folder for the fixtures>");
}

const table: Record<string, unknown> = {};
for (const recipe of RECIPES) {
  const pcm = build(recipe, `${rawDir}/`, ".8k", RATE_HZ);
  const measured = findSpeech(pcm, RATE_HZ);
  const ulaw = new Uint8Array(pcm.length);
  encodeMulawInto(pcm, ulaw);
  writeFileSync(`${outDir}/${recipe.name}.ulaw`, ulaw);
  if (BUILT_IN.includes(recipe.name)) {
    writeFileSync(`${outDir}/../../cli/latency/speech/${recipe.name}.txt`, ulaw.toBase64() + "\n");
  }
  table[recipe.name] = {
    voice: recipe.voice,
    text: recipe.text,
    durationMs: pcm.length / (RATE_HZ / 1000),
    ...measured,
  };
}
writeFileSync(`${outDir}/speech.json`, JSON.stringify(table, null, 2) + "\n");

// Chromium plays the file in a loop, so the silence behind the question is the time to answer in.
const question = build(RECIPES[0]!, `${rawDir}/`, ".16k", 16000);
const loop = new Int16Array(16 * 1000 + question.length + 16 * 4000);
loop.set(question, 16 * 1000);
writeFileSync(`${outDir}/browser_question.wav`, wav(loop, 16000));

/** Reads, trims and joins the parts, brings them to the level, pads them to whole 20 ms frames. */
function build(recipe: Recipe, dir: string, suffix: string, rateHz: number): Int16Array {
  const perMs = rateHz / 1000;
  const pieces = recipe.parts.length === 0
    ? [cough(rateHz)]
    : recipe.parts.map((part) => trim(readRaw(`${dir}${part}${suffix}`), rateHz));
  const pauseSamples = MID_THOUGHT_PAUSE_MS * perMs;
  const speech = pieces.reduce((sum, piece) => sum + piece.length, 0) +
    pauseSamples * (pieces.length - 1);
  const frame = 20 * perMs;
  const out = new Int16Array(Math.ceil((speech + 2 * PAD_MS * perMs) / frame) * frame);
  let at = PAD_MS * perMs;
  for (const piece of pieces) {
    level(piece);
    out.set(piece, at);
    at += piece.length + pauseSamples;
  }
  return out;
}

function readRaw(path: string): Int16Array {
  const bytes = readFileSync(path);
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

function trim(pcm: Int16Array, rateHz: number): Int16Array {
  const { startMs, endMs } = findSpeech(pcm, rateHz);
  // 20 ms on each side keep the soft edges of the first and last sound.
  const from = Math.max(0, (startMs - 20) * (rateHz / 1000));
  return pcm.slice(from, (endMs + 20) * (rateHz / 1000));
}

/** Brings the piece to LEVEL_DBFS, or as near as a peak of -1 dBFS allows. */
function level(pcm: Int16Array): void {
  const peak = pcm.reduce((max, sample) => Math.max(max, Math.abs(sample)), 1);
  const wanted = 32768 * 10 ** (LEVEL_DBFS / 20) / rms(pcm, 0, pcm.length);
  const gain = Math.min(wanted, 29204 / peak);
  for (let i = 0; i < pcm.length; i++) pcm[i] = Math.round(pcm[i]! * gain);
}

/**
 * A cough: a hard burst of noise, 40 ms of near silence, a second softer burst that dies away.
 * The noise is a fixed 32-bit linear congruential sequence (Numerical Recipes), so it repeats.
 */
function cough(rateHz: number): Int16Array {
  const out = new Int16Array(Math.round(0.36 * rateHz));
  let seed = 20260;
  let smooth = 0;
  for (let i = 0; i < out.length; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const white = seed / 2 ** 31 - 1;
    smooth += 0.45 * (white - smooth);
    const ms = i / (rateHz / 1000);
    const burst = ms < 90
      ? Math.min(1, ms / 4) * Math.exp(-ms / 45)
      : ms < 130
      ? 0.02
      : 0.6 * Math.min(1, (ms - 130) / 15) * Math.exp(-(ms - 130) / 60);
    out[i] = Math.round(20000 * burst * smooth);
  }
  return out;
}

/** Mono 16-bit WAV (RIFF): the 44-byte header and the samples. */
function wav(pcm: Int16Array, rateHz: number): Uint8Array {
  const out = new Uint8Array(44 + pcm.length * 2);
  const view = new DataView(out.buffer);
  const ascii = (at: number, text: string) => out.set(new TextEncoder().encode(text), at);
  ascii(0, "RIFF");
  view.setUint32(4, 36 + pcm.length * 2, true);
  ascii(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rateHz, true);
  view.setUint32(28, rateHz * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  ascii(36, "data");
  view.setUint32(40, pcm.length * 2, true);
  for (let i = 0; i < pcm.length; i++) view.setInt16(44 + i * 2, pcm[i]!, true);
  return out;
}
