/**
 * What callers say, as frames that are ready to be sent: speech over a little noise, at some
 * loudness, each voiced frame with a stamp that names the utterance. Made once, because a simulated
 * hour of talk must not cost an hour of mixing.
 *
 * @module
 */

import { mulawToPcm16, pcm16ToMulaw } from "../../../media/mulaw.ts";
import { loadSpeech, speechFacts, type SpeechName } from "../../../tests/speech/speech.ts";
import { Random } from "../../vad/random.ts";
import { BLOCK_BYTES, BLOCK_MS, stamp } from "../stamps.ts";
import { isVoiced } from "../turn_detector.ts";

export const FRAME_BYTES = 160, FRAME_MS = 20;
const PER_MS = 8;
/** A quiet line. */
const NOISE_DBFS = -60;
export const GAINS_DB = [0, -6] as const;

export interface Sound {
  readonly frames: readonly Uint8Array<ArrayBuffer>[];
  /** Whether anything of it can be heard in each frame. */
  readonly voiced: readonly boolean[];
  /** Its true length. */
  readonly ms: number;
}

/** A frame with its payload. */
export interface QuietFrame {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly payload: string;
}

const amplitude = 32768 * 10 ** (NOISE_DBFS / 20);
const clamp = (sample: number) => Math.max(-32768, Math.min(32767, Math.round(sample)));

/** The line when nobody speaks; enough of it that nothing repeats within five seconds. */
export const QUIET: readonly QuietFrame[] = Array.from({ length: 256 }, (_, n) => {
  const noise = new Random(`line noise ${n}`);
  const bytes = new Uint8Array(FRAME_BYTES);
  for (let i = 0; i < FRAME_BYTES; i++) {
    bytes[i] = pcm16ToMulaw(clamp(amplitude * noise.normal()));
  }
  return { bytes, payload: bytes.toBase64() };
});

function make(name: SpeechName, gainDb: number): Sound {
  const { startMs, endMs } = speechFacts(name);
  const gain = 10 ** (gainDb / 20);
  // Of its own: a conversation must not depend on which sounds were made before it.
  const noise = new Random(`line noise under ${name} ${gainDb}`);
  const speech = loadSpeech(name).subarray(startMs * PER_MS, endMs * PER_MS);
  const frames: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < speech.length; at += FRAME_BYTES) {
    const frame = new Uint8Array(FRAME_BYTES);
    for (let i = 0; i < FRAME_BYTES; i++) {
      const sample = at + i < speech.length ? gain * mulawToPcm16(speech[at + i]!) : 0;
      frame[i] = pcm16ToMulaw(clamp(sample + amplitude * noise.normal()));
    }
    frames.push(frame);
  }
  const voiced = frames.map((frame) => isVoiced(frame, 0) || isVoiced(frame, BLOCK_BYTES));
  return { frames, voiced, ms: endMs - startMs };
}

const made = new Map<string, Sound>();

/** A fixture without the silence around it. */
export function sound(name: SpeechName, gainDb: number): Sound {
  const key = `${name} ${gainDb}`;
  const known = made.get(key) ?? make(name, gainDb);
  made.set(key, known);
  return known;
}

/** Everything the agent ever says is cut from this: speech without long pauses. */
const POOL = pool(30_000);

function pool(ms: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(ms * PER_MS);
  const random = new Random("the agent's voice");
  const names: SpeechName[] = ["question_open", "question_hear", "question_order", "table"];
  for (let at = 0; at < out.length;) {
    const name = random.pick(names);
    const { startMs, endMs } = speechFacts(name);
    const speech = loadSpeech(name).subarray(startMs * PER_MS, endMs * PER_MS);
    out.set(speech.subarray(0, out.length - at), at);
    at += speech.length;
  }
  return out;
}

/** The agent's voice for the stand-in: `BrainSettings.voice`. */
export function stampedVoice(firstSource: number) {
  return (n: number, ms: number, random: Random): Uint8Array<ArrayBuffer> => {
    const length = Math.round(ms / BLOCK_MS) * BLOCK_BYTES;
    const from = random.index((POOL.length - length) / BLOCK_BYTES) * BLOCK_BYTES;
    const bytes = POOL.slice(from, from + length);
    for (let at = 0; at < length; at += BLOCK_BYTES) {
      stamp(bytes, at, firstSource + n, at / BLOCK_BYTES);
    }
    return bytes;
  };
}
