/**
 * The caller breaks in.
 *
 * @module
 */

import type { CallAction } from "./actions.ts";
import { callOffAnswer, wasHeard } from "./answers.ts";
import type { Heard } from "./events.ts";
import { giveBack, owe } from "./owing.ts";
import type { CallState } from "./state.ts";

/** The caller has the floor: all answers end, and the model's memory is cut to what was heard. */
export function interrupt(
  s: CallState,
  playing: readonly Heard[],
  out: CallAction[],
  nowMs: number,
): void {
  const { alarm } = s;
  const bargeIn = alarm?.audible ? { onsetMs: alarm.onsetMs, heldAtMs: alarm.heldAtMs } : null;
  out.push({ type: "drop", bargeIn });
  s.alarm = null;
  s.earlyUtterance = 0;
  const tool = s.heldTool;
  s.heldTool = null;
  s.soundSinceMs = null;
  s.held = false;
  s.owes = s.owes.filter((kind) => kind !== "go_on");
  const isOpen = new Set(s.answers.filter(({ over }) => !over).flatMap(({ items }) => items));
  const unheard = new Set<string>();
  const isPlaying = (itemId: string) => playing.some((item) => item.itemId === itemId);
  for (const answer of s.answers) {
    if (answer.cancelled) continue;
    const { items, over, kind, utterances, usedTool } = answer;
    const heard = wasHeard(answer, playing);
    if (!heard) {
      for (const itemId of items) unheard.add(itemId);
      giveBack(s, utterances);
      if (kind !== null && kind !== "turn") owe(s, kind);
    }
    callOffAnswer(s, answer, out, nowMs);
    for (const itemId of over && heard ? [] : items) {
      if (!isPlaying(itemId)) out.push({ type: "delete_item", itemId });
    }
    // What stays in the conversation needs an end.
    if (over && heard && tool && usedTool) {
      out.push({ type: "tool_output", callId: tool.callId, outcome: "interrupted" });
    }
  }
  s.answers = s.answers.filter(({ over }) => !over);
  for (const { itemId, heardMs, receivedMs } of playing) {
    if (heardMs <= 0 || unheard.has(itemId)) out.push({ type: "delete_item", itemId });
    // Of an answer still in the making, the words may already run ahead of the audio.
    else if (isOpen.has(itemId) || heardMs < receivedMs) {
      out.push({ type: "truncate", itemId, audioEndMs: heardMs });
    }
  }
}
