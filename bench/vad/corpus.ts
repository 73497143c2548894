/**
 * The clean speech: Debian's Asterisk prompts when installed, and espeak-ng voices.
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { Random } from "./random.ts";
import { CALLERS, type Part } from "./sentences.ts";
import { activeRms, type Span, speechSpans } from "./truth.ts";
import { readWav, to8kHz } from "./wav.ts";

/** One utterance at 8 kHz. */
export interface Clip {
  readonly name: string;
  /** Where it comes from: `prompts` are recorded people, `espeak` is a synthesiser. */
  readonly source: "prompts" | "espeak";
  /** Who speaks; a dialog has one speaker. */
  readonly speaker: string;
  /** Scaled to an active level of 1 (0 dB). */
  readonly samples: Float32Array;
  readonly spans: readonly Span[];
}

/** Where Debian's asterisk-core-sounds-* packages put their recordings. */
export const PROMPTS_DIR = "/usr/share/asterisk/sounds";
/** Not speech, or not speech alone. */
const NOT_SPEECH = /beep|2tone|tt-monkeys|silence|confbridge-(join|leave)\.|spy-(zap|jingle)/;

/** All clips of a part; prompts come first. */
export function loadCorpus(part: Part, promptsDir = PROMPTS_DIR): Clip[] {
  return [...loadPrompts(part, promptsDir), ...synthesise(part)];
}

/**
 * Recorded prompts. English is split between the parts by a hash of the file's name (one speaker:
 * the sentences differ, the voice does not); other languages, where installed, are test only.
 */
function loadPrompts(part: Part, dir: string): Clip[] {
  const clips: Clip[] = [];
  for (const language of list(dir)) {
    if (!/^[a-z]{2}_[A-Z]{2}_[mf]_/.test(language)) continue;
    const english = language.startsWith("en_");
    if (!english && part === "dev") continue;
    for (const path of wavFiles(join(dir, language))) {
      if (NOT_SPEECH.test(path)) continue;
      if (english && (new Random(path).next() < 0.5) !== (part === "dev")) continue;
      const sound = readWav(readFileSync(join(dir, language, path)));
      add(clips, path, "prompts", language, to8kHz(sound));
    }
  }
  return clips;
}

function list(dir: string): string[] {
  try {
    return readdirSync(dir).sort();
  } catch {
    return [];
  }
}

function wavFiles(dir: string): string[] {
  return list(dir).filter((name) => name.endsWith(".wav"));
}

function synthesise(part: Part): Clip[] {
  const clips: Clip[] = [];
  for (const caller of CALLERS[part]) {
    for (const line of caller.lines) {
      const run = spawnSync(
        "espeak-ng",
        ["-v", caller.voice, "-s", String(caller.wordsPerMinute), "--stdout", line],
        { maxBuffer: 1 << 24 },
      );
      if (run.error || run.status !== 0) {
        throw new Error("Cannot build the speech: espeak-ng did not run (apt install espeak-ng)");
      }
      const sound = readWav(new Uint8Array(run.stdout));
      add(clips, line, "espeak", caller.voice, to8kHz(sound));
    }
  }
  return clips;
}

/** Trims to the speech with 60 ms around it, and scales to an active level of 1. */
function add(
  clips: Clip[],
  name: string,
  source: Clip["source"],
  speaker: string,
  samples: Float32Array,
): void {
  const spans = speechSpans(samples);
  if (spans.length === 0) return;
  const firstMs = Math.max(0, spans[0]!.startMs - 60);
  const lastMs = spans[spans.length - 1]!.endMs + 60;
  if (lastMs - firstMs < 300) return;
  const trimmed = samples.slice(firstMs * 8, lastMs * 8);
  const gain = 1 / activeRms(samples, spans);
  for (let i = 0; i < trimmed.length; i++) trimmed[i] = trimmed[i]! * gain;
  clips.push({
    name,
    source,
    speaker,
    samples: trimmed,
    spans: spans.map((s) => ({ startMs: s.startMs - firstMs, endMs: s.endMs - firstMs })),
  });
}
