/**
 * The detectors compared, behind one function: 8 kHz PCM in, segments out.
 *
 * @module
 */

import { Vad, type VadOptions } from "../../vad/vad.ts";

/** One stretch a detector called speech, and when it knew. */
export interface Segment {
  startMs: number;
  startDecidedMs: number;
  endMs: number;
  endDecidedMs: number;
}

/** Runs over a whole call in 20 ms frames. */
export type Detect = (pcm: Int16Array) => Segment[];

const FRAME_SAMPLES = 160;

/** Ours. */
export function ours(options: Partial<VadOptions> = {}): Detect {
  return (pcm) => {
    const segments: Segment[] = [];
    const vad = new Vad(options, (event) => {
      if (event.type === "speech_started") {
        segments.push({
          startMs: event.startMs,
          startDecidedMs: event.decidedMs,
          endMs: Infinity,
          endDecidedMs: Infinity,
        });
      } else {
        const last = segments[segments.length - 1]!;
        last.endMs = event.endMs;
        last.endDecidedMs = event.decidedMs;
      }
    });
    for (let at = 0; at < pcm.length; at += FRAME_SAMPLES) {
      vad.push(pcm.subarray(at, at + FRAME_SAMPLES));
    }
    vad.endSpeech();
    return segments;
  };
}

/**
 * What samples do: root mean square of each 20 ms frame against a constant, the same 50 ms and
 * 200 ms counters around it.
 */
export function fixedRms(thresholdDbfs: number): Detect {
  const threshold = 32768 ** 2 * 10 ** (thresholdDbfs / 10);
  return (pcm) => {
    return countFrames(pcm, (frame) => {
      let sum = 0;
      for (let i = 0; i < frame.length; i++) sum += frame[i]! * frame[i]!;
      return sum / frame.length > threshold;
    });
  };
}

/** A floor that follows quiet frames, and a margin above it: the next thing people try. */
export function floorPlusMargin(marginDb: number): Detect {
  return (pcm) => {
    let floorDb = -50;
    return countFrames(pcm, (frame) => {
      let sum = 0;
      for (let i = 0; i < frame.length; i++) sum += frame[i]! * frame[i]!;
      const levelDb = 10 * Math.log10(sum / frame.length / 32768 ** 2 + 1e-9);
      floorDb += (levelDb < floorDb ? 0.2 : 0.003) * (levelDb - floorDb);
      return levelDb > floorDb + marginDb;
    });
  };
}

/** 50 ms of speech frames start, 200 ms of others end. */
function countFrames(pcm: Int16Array, isSpeech: (frame: Int16Array) => boolean): Segment[] {
  const segments: Segment[] = [];
  let speaking = false, run = 0, endMs = 0;
  for (let at = 0; at < pcm.length; at += FRAME_SAMPLES) {
    const nowMs = (at + FRAME_SAMPLES) / 8;
    const speech = isSpeech(pcm.subarray(at, at + FRAME_SAMPLES));
    if (!speaking) {
      run = speech ? run + 20 : 0;
      if (run >= 50) {
        segments.push({
          startMs: nowMs - run,
          startDecidedMs: nowMs,
          endMs: Infinity,
          endDecidedMs: Infinity,
        });
        speaking = true;
        run = 0;
      }
    }
    if (!speaking) continue;
    if (speech) {
      endMs = nowMs;
      continue;
    }
    if (nowMs - endMs >= 200) {
      speaking = false;
      const last = segments[segments.length - 1]!;
      last.endMs = endMs;
      last.endDecidedMs = nowMs;
    }
  }
  const last = segments[segments.length - 1];
  if (last && speaking) last.endMs = last.endDecidedMs = pcm.length / 8;
  return segments;
}
