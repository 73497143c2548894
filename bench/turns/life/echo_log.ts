/**
 * The log of a conversation with the embedded brain, which says back what it heard: the caller's own
 * stamps tell which words an answer was made of. What it never said back counts as not answered;
 * what it meant to say cannot be known.
 *
 * @module
 */

import type { Answer } from "../answering.ts";
import { FIRST_ANSWER_SOURCE } from "../answering.ts";
import type { CallerItem } from "../caller_audio.ts";
import { readStamps, type StampedRun } from "../stamps.ts";
import type { Heard } from "./log.ts";
import type { CallLog } from "./log.ts";
import { FRAME_MS } from "./sounds.ts";

/** Sounds that are further apart belong to two answers. */
const APART_MS = 700;
const MIN_STAMPS = 2;
/** What is said of keys carries no stamps; it lasts at least this long. */
const KEY_SOUND_MS = 500;

export function echoLog(log: CallLog, phone: Heard, fromMs: number, toMs: number): CallLog {
  const answers: Answer[] = [], items: CallerItem[] = [], runs: StampedRun[] = [];
  const add = (atMs: number, endMs: number, frames: Map<number, number>, text: string) => {
    const source = FIRST_ANSWER_SOURCE + answers.length;
    const item = { id: `user_${source}`, committedAtMs: atMs, text, frames, deletedAtMs: NaN };
    items.push(item);
    const ms = endMs - atMs;
    answers.push({
      id: `resp_${source}`,
      request: null,
      mood: null,
      covers: [...items],
      fromMs: atMs,
      toMs: endMs,
      status: "completed",
      items: [{ id: `item_${source}`, source, ms }],
    });
    runs.push({ source, fromBlock: 0, toBlock: 0, fromMs: atMs, toMs: endMs });
  };
  let group = new Map<number, number>(), beganMs = 0, lastMs = -Infinity;
  const close = () => {
    const said = [...group].filter(([, count]) => count >= MIN_STAMPS);
    // An answer may be cut short by the caller; what was heard of it was understood.
    const whole = said.map(([number]) => [number, voiced(number)] as const);
    if (whole.length > 0) add(beganMs, lastMs + FRAME_MS, new Map(whole), "");
    group = new Map();
  };
  const voiced = (number: number) => log.utterances[number - 1]?.voicedFrames ?? 1;
  for (const { source, at } of readStamps(phone.heard(fromMs, toMs))) {
    const atMs = fromMs + at / 8;
    if (atMs - lastMs > APART_MS) close();
    if (group.size === 0) beganMs = atMs;
    group.set(source, (group.get(source) ?? 0) + 1);
    lastMs = atMs;
  }
  close();
  for (const { kind, what, endMs } of log.utterances) {
    const soundMs = kind === "keys" ? phone.firstHeardAfter(endMs) : null;
    if (soundMs !== null) add(soundMs, soundMs + KEY_SOUND_MS, new Map(), what);
  }
  // What is said of keys would be taken for phrases.
  return { ...log, answers, items, runs, phrases: [] };
}
