/**
 * What the answer's tools ask for.
 *
 * @module
 */

import type { CallAction } from "./actions.ts";
import { end, finishIfQuiet } from "./ending.ts";
import type { EventOf } from "./events.ts";
import { owe } from "./owing.ts";
import type { CallState } from "./state.ts";

export function toolCalled(
  s: CallState,
  { responseId, callId, hangsUp }: EventOf<"tool_called">,
  out: CallAction[],
  nowMs: number,
): void {
  const answer = s.answers.find((a) => a.responseId === responseId);
  if (s.phase !== "open" || !answer || answer.cancelled) return;
  s.answers = s.answers.map((a) => a === answer ? { ...a, usedTool: true } : a);
  if (s.earlyUtterance !== 0) s.heldTool = { callId, hangsUp };
  else runTool(s, callId, hangsUp, out, nowMs);
}

export function runTool(
  s: CallState,
  callId: string,
  hangsUp: boolean,
  out: CallAction[],
  nowMs: number,
): void {
  out.push({ type: "tool_output", callId, ok: hangsUp });
  if (!hangsUp) return owe(s, "tool");
  const silent = s.soundSinceMs === null && !s.answers.some((a) => a.sounds && !a.cancelled);
  end(s, "agent_hung_up", out, nowMs);
  // Whoever hangs up says goodbye first.
  if (silent) owe(s, "goodbye");
  // It may come when everything has been said and heard already.
  finishIfQuiet(s, out);
}
