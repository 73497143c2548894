/**
 * What the answer's tools ask for.
 *
 * @module
 */

import type { CallAction } from "./actions.ts";
import { end, finishIfQuiet } from "./ending.ts";
import type { EventOf } from "./events.ts";
import { owe } from "./owing.ts";
import type { Answer, CallState } from "./state.ts";

export function toolCalled(
  s: CallState,
  { responseId, callId, hangsUp }: EventOf<"tool_called">,
  out: CallAction[],
  nowMs: number,
): void {
  const answer = s.answers.find((a) => a.responseId === responseId);
  if (s.phase !== "open" || !answer || answer.cancelled) return;
  s.answers = s.answers.map((a) => a === answer ? { ...a, usedTool: true } : a);
  // The turn may not be over, or somebody may be breaking in.
  if (s.held) s.heldTool = { callId, hangsUp };
  else runTool(s, callId, hangsUp, out, nowMs);
}

/** What was held goes on after all, and so does the tool that it wants. */
export function runHeldTool(s: CallState, out: CallAction[], nowMs: number): void {
  const tool = s.heldTool;
  s.heldTool = null;
  if (s.soundSinceMs === null) s.answers = s.answers.filter(({ over }) => !over);
  if (tool) runTool(s, tool.callId, tool.hangsUp, out, nowMs);
}

function runTool(
  s: CallState,
  callId: string,
  hangsUp: boolean,
  out: CallAction[],
  nowMs: number,
): void {
  out.push({ type: "tool_output", callId, outcome: hangsUp ? "hangs_up" : "unknown" });
  if (!hangsUp) return owe(s, "tool");
  const speaks = ({ kind, sounds, cancelled }: Answer) =>
    (sounds || kind === "goodbye") && !cancelled;
  const silent = s.soundSinceMs === null && !s.answers.some(speaks);
  end(s, "agent_hung_up", out, nowMs);
  // Whoever hangs up says goodbye first.
  if (silent) owe(s, "goodbye");
  // It may come when everything has been said and heard already.
  finishIfQuiet(s, out);
}
