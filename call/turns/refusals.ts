/**
 * What the brain refuses to do.
 *
 * @module
 */

import { answerName, type CallAction, commitName } from "./actions.ts";
import { callOffAnswer, remove, replace } from "./answers.ts";
import { openAnswer } from "./deadlines.ts";
import { apologise, finish } from "./ending.ts";
import type { EventOf } from "./events.ts";
import { MAX_RETRY_AFTER_MS, owedAgain, putOff, waitAtLeast } from "./owing.ts";
import { notOurs } from "./responses.ts";
import type { Answer, CallState, Utterance } from "./state.ts";

/** The brain has an answer open that we know nothing of: so often we ask again. */
const ACTIVE_MS = 1000;

export function refused(
  s: CallState,
  { name, why, retryAfterMs }: EventOf<"refused">,
  out: CallAction[],
  nowMs: number,
): void {
  if (retryAfterMs > MAX_RETRY_AFTER_MS && s.phase === "open") {
    return apologise(s, "brain_failed", out, nowMs);
  }
  waitAtLeast(s, retryAfterMs, nowMs);
  const answer = s.answers.find((a) => answerName(a.id) === name) ??
    // Not every server says what it refused: one that fails can mean only what has no answer yet.
    (name === "" && why === "failed"
      ? s.answers.find((a) => !a.over && a.responseId === null)
      : undefined);
  if (answer) return answerRefused(s, answer, why, out, nowMs);
  if (name.startsWith("commit_")) return commitRefused(s, name, why, out, nowMs);
  if (name !== "") return;
  if (why === "fatal") return apologise(s, "brain_failed", out, nowMs);
  // The brain's own try at what it has committed: now it is on us.
  const waited = s.awaiting.some(({ brainAnswersSinceMs }) => brainAnswersSinceMs !== null);
  if (why === "active") s.strayUntilMs = 0;
  s.awaiting = s.awaiting.map((u) => ({ ...u, brainAnswersSinceMs: null }));
  if (waited && why === "failed") putOff(s, out, nowMs);
}

function answerRefused(
  s: CallState,
  answer: Answer,
  why: EventOf<"refused">["why"],
  out: CallAction[],
  nowMs: number,
): void {
  if (answer.responseId !== null) return notOurs(s, answer);
  remove(s, answer.id);
  if (answer.cancelled) return;
  // The brain has begun something else just then: the last words come after it.
  if (s.phase === "ending" && why === "active" && openAnswer(s)) return owedAgain(s, answer);
  if (s.phase === "ending") return finish(s, s.endReason ?? "agent_hung_up", out);
  if (why === "fatal") return apologise(s, "brain_failed", out, nowMs);
  owedAgain(s, answer);
  if (why !== "active") return putOff(s, out, nowMs);
  // The end of what is open is what we wait for; where we know of nothing, we ask again in a while.
  if (!openAnswer(s)) waitAtLeast(s, ACTIVE_MS, nowMs);
}

function commitRefused(
  s: CallState,
  name: string,
  why: EventOf<"refused">["why"],
  out: CallAction[],
  nowMs: number,
): void {
  const isIt = ({ id }: Utterance) => commitName(id) === name;
  const answer = s.answers.find(({ utterances }) => utterances.some(isIt));
  if (why !== "empty") {
    if (why === "fatal") return apologise(s, "brain_failed", out, nowMs);
    if (s.phase !== "open") return;
    // An answer that was asked for with it doesn't know what was said.
    if (answer && !answer.sounds) {
      callOffAnswer(s, answer, out, nowMs);
      owedAgain(s, answer);
    }
    s.awaiting = s.awaiting.map((u) => isIt(u) ? { ...u, uncommitted: true } : u);
    return putOff(s, out, nowMs);
  }
  // Where the brain ends turns, it has committed this by itself.
  if (s.settings.turns !== "local") return;
  // There was nothing in it, so nothing is owed for it; what an earlier session heard is more than that.
  const isNothing = (u: Utterance) => isIt(u) && !u.taken;
  s.awaiting = s.awaiting.filter((u) => !isNothing(u));
  if (!answer?.utterances.some(isNothing) || answer.sounds || answer.kind !== "turn") return;
  const others = answer.utterances.filter((u) => !isIt(u));
  if (others.length > 0) replace(s, answer.id, { utterances: others });
  else callOffAnswer(s, answer, out, nowMs);
}
