/**
 * What the answer's tools ask for.
 *
 * @module
 */

import type { CallAction } from "./actions.ts";
import { end, finishIfQuiet } from "./ending.ts";
import type { EventOf } from "./events.ts";
import { giveBack, owe } from "./owing.ts";
import type { Answer, CallState, HeldTool } from "./state.ts";

export function toolCalled(
  s: CallState,
  { responseId, callId, hangsUp }: EventOf<"tool_called">,
  out: CallAction[],
): void {
  const answer = s.answers.find((a) => a.responseId === responseId);
  if (s.phase !== "open" || !answer || answer.cancelled) return;
  s.answers = s.answers.map((a) => a === answer ? { ...a, usedTool: true } : a);
  // The turn may not be over, somebody may be breaking in, or the last words are still to be heard.
  const said = answer.sounds || s.soundSinceMs !== null;
  if (s.held || hangsUp) s.heldTool = { callId, hangsUp, answer: answer.id, said };
  else runTool(s, callId, out);
}

/** Runs after every event: a tool that had to wait is run as soon as it may be. */
export function runHeldTool(s: CallState, out: CallAction[], nowMs: number): void {
  const tool = s.heldTool;
  if (!tool || s.held || s.phase !== "open") return;
  const speaks = ({ usedTool, over, spoken, cancelled }: Answer) =>
    usedTool && !over && !spoken && !cancelled;
  // Brains speak faster than anyone listens: whoever breaks into the rest of a goodbye is there.
  if (tool.hangsUp && (s.soundSinceMs !== null || s.answers.some(speaks))) return;
  s.heldTool = null;
  const gone = s.soundSinceMs === null ? s.answers.filter(({ over }) => over) : [];
  s.answers = s.answers.filter((answer) => !gone.includes(answer));
  if (tool.hangsUp) return hangUp(s, tool, out, nowMs);
  runTool(s, tool.callId, out);
  // The answer to what the tool returns is the answer to them.
  for (const { sounds, utterances } of gone) if (!sounds) giveBack(s, utterances);
}

/** The only tool that is known hangs up. */
function runTool(s: CallState, callId: string, out: CallAction[]): void {
  out.push({ type: "tool_output", callId, outcome: "unknown" });
  owe(s, "tool");
}

function hangUp(s: CallState, { callId, said }: HeldTool, out: CallAction[], nowMs: number): void {
  out.push({ type: "tool_output", callId, outcome: "hangs_up" });
  // What it had to say was said and heard.
  s.answers = s.answers.filter(({ spoken }) => !spoken);
  end(s, "agent_hung_up", out, nowMs);
  // Whoever hangs up says goodbye first.
  if (!said) owe(s, "goodbye");
  finishIfQuiet(s, out);
}
