/**
 * What the caller hears of us: audio that comes, plays and ends.
 *
 * @module
 */

import { tell } from "./effects.ts";
import { breaks, responseOf, type Said, type World } from "./world.ts";

/** Audio came: it is played if its answer is still wanted. */
export function takeAudio<S>(w: World<S>, responseId: string, itemId: string, ms: number): void {
  if (!w.subject.wants(w.state, responseId)) return;
  const piece = w.pieces.find((p) => p.itemId === itemId);
  if (piece) piece.receivedMs += ms;
  else w.pieces.push({ responseId, itemId, receivedMs: ms, heardMs: 0 });
  w.complete = false;
  w.audible = true;
  w.waits = 0;
  w.troubles = 0;
  w.measuring = false;
  tell(w, { type: "audio_began", responseId, itemId });
}

/** The caller hears up to `ms` of what plays. */
export function hear<S>(w: World<S>, ms: number): void {
  let left = ms;
  if (w.phrases > 0) {
    w.lastSoundMs = w.nowMs;
    w.phrases = 0;
  }
  for (const piece of w.pieces) {
    const heardMs = Math.min(left, piece.receivedMs - piece.heardMs);
    if (heardMs <= 0) continue;
    left -= heardMs;
    // Less than a word is nothing.
    if (piece.heardMs < 200 && piece.heardMs + heardMs >= 200) firstHeard(w, piece.responseId);
    piece.heardMs += heardMs;
    w.lastSoundMs = w.nowMs;
    const response = responseOf(w, piece.responseId);
    if (response) response.heardMs += heardMs;
  }
  const rest = w.pieces.some((p) => p.heardMs < p.receivedMs);
  if (rest || !w.audible) return;
  if (w.complete) w.pieces = [];
  w.audible = false;
  tell(w, { type: "agent_silent" });
}

/** Prompts and apologies answer no question, so they may come beside an answer. */
const PROMPTS = ["greeting", "welcome_back", "still_there", "goodbye", "unheard", "go_on", "tool"];

/** Whoever was asked to say it again may still be answered. */
const isUnanswered = (said: Said) => said.answeredBy.every((by) => by === "say_again");

function firstHeard<S>(w: World<S>, responseId: string): void {
  const response = responseOf(w, responseId);
  if (!response) return;
  if (response.kind === "greeting" && ++w.greetingsHeard > 1) breaks(w, "greets twice");
  if (response.kind === "still_there" && ++w.prompts > 1) breaks(w, "asks twice into the silence");
  if (response.kind === "goodbye" && ++w.goodbyes > 1) breaks(w, "says goodbye twice");
  const covered = w.said.filter((said) => response.covers.includes(said.id));
  const fresh = covered.filter((said) => isUnanswered(said) && !said.guarded);
  const toTool = response.kind === "declined" && w.tools.some(({ ran }) => ran);
  if (fresh.length === 0 && !toTool && !PROMPTS.includes(response.kind)) {
    breaks(w, covered.length > 0 ? "answers twice" : "answers nothing that was said");
  }
  if (w.settings.turns === "local" && covered.some((said) => !said.finished && said.voiced)) {
    breaks(w, "answers while the caller goes on");
  }
  for (const said of covered) said.answeredBy.push(responseId);
  // Whoever is asked to say it again, or hears of something else, knows that they were not heard.
  for (const said of w.said) {
    const lost = said.finished && said.items.length === 0;
    if (lost && (said.deaf || (response.kind === "unheard" && !said.missed))) {
      said.answeredBy.push("say_again");
    }
  }
}
