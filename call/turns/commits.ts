/**
 * Whoever ends turns has ended one: the brain commits what it heard, or we commit it. And what is to
 * be done when the brain doesn't end a turn, or heard nothing.
 *
 * @module
 */

import type { CallAction } from "./actions.ts";
import { deleteItem, leftMs, STRAY_MS, TAIL_MS } from "./alarm.ts";
import { openAnswer, UNHEARD_WORD_MS } from "./deadlines.ts";
import type { EventOf, Heard } from "./events.ts";
import { interrupt } from "./interruption.ts";
import { owe, putOff } from "./owing.ts";
import type { CallState } from "./state.ts";
import {
  awaitAnswer,
  committedByUs,
  endTurn,
  isKnown,
  isLocal,
  keepRest,
  REST_MS,
  take,
  takeAs,
  utterance,
  withItem,
} from "./utterances.ts";

/** Once the brain is known to be deaf to the caller, shorter ones that only we hear are words. */
const DEAF_WORD_MS = 200;

/** Of what the brain commits without having announced it, nobody knows where it began: at most here. */
const MAX_UNANNOUNCED_MS = 15_000;

/** The brain has ended a turn, or confirms that we have. */
export function committed(
  s: CallState,
  { itemId, playing }: EventOf<"committed">,
  out: CallAction[],
  nowMs: number,
): void {
  const wasOpen = s.brainItem;
  const announcedMs = s.brainOnsetMs;
  const fromMs = announcedMs ?? Math.max(s.brainHeardToMs, nowMs - MAX_UNANNOUNCED_MS);
  const known = isKnown(s, itemId);
  // Not every server names the item before it is committed, or says where its voice ended.
  if (s.settings.turns !== "local" && !known && (wasOpen === null || !s.brainEnded)) {
    s.brainHeardToMs = nowMs;
  }
  s.brainItem = null;
  s.brainOnsetMs = null;
  if (s.uplinkMuted) out.push({ type: "mute_uplink", on: false });
  s.uplinkMuted = false;
  if (s.phase !== "open") return;
  const own = isLocal(s) || (wasOpen === null && !known) ? committedByUs(s) : undefined;
  if (own) takeAs(s, own.id, itemId);
  if (own || isLocal(s)) return;
  const gone = s.withdrawn.find(({ items }) => items.includes(itemId));
  if (gone) {
    s.withdrawn = s.withdrawn.filter((u) => u !== gone);
    return deleteItem(s, itemId, out, nowMs);
  }
  if (s.maybeMeant?.items.includes(itemId)) {
    s.maybeMeant = { ...s.maybeMeant, taken: true };
    s.strayUntilMs = nowMs + STRAY_MS;
    return;
  }
  if (known) return take(s, ({ items }) => items.includes(itemId));
  const { unheard } = s;
  s.speaking ??= unheard;
  s.unheard = null;
  s.askedToRepeat = false;
  const { speaking } = s;
  const isIt = speaking &&
    (itemId === "" || speaking.items.includes(itemId) || speaking.items.includes(wasOpen ?? "") ||
      wasOpen === null || (speaking.items.length === 0 && wasOpen !== itemId));
  if (isIt) s.speaking = { ...withItem(speaking, itemId), taken: true };
  // Whether it counts is decided with the alarm.
  if (isIt && s.alarm?.audible) return;
  if (isIt && !s.alarm && isBesides(s, playing)) {
    // Only the brain has heard it, over our sound: it stays, and isn't answered.
    s.speaking = null;
    s.strayUntilMs = nowMs + STRAY_MS;
    return;
  }
  const brainAnswers = openAnswer(s) === undefined;
  if (isIt) {
    // Its item may begin with words before these.
    const heardFromMs = announcedMs ?? unheard?.onsetMs ?? Infinity;
    const onsetMs = Math.min(speaking.onsetMs, heardFromMs);
    const endMs = speaking.endMs > speaking.onsetMs ? speaking.endMs : onsetMs;
    s.speaking = { ...s.speaking!, onsetMs, endMs };
    endTurn(s, brainAnswers, out, nowMs);
  } else {
    // What was committed while somebody might have been breaking in is answered with it.
    if (speaking?.taken && !s.alarm) endTurn(s, brainAnswers, out, nowMs);
    const other = { ...withItem(utterance(s, "voice", fromMs), itemId), endMs: nowMs };
    const brainAnswersSinceMs = brainAnswers ? nowMs : null;
    awaitAnswer(s, { ...other, taken: true, brainAnswersSinceMs }, out);
  }
  if (s.speaking === null) keepRest(s);
  const open = openAnswer(s);
  const overtaken = open !== undefined && !open.cancelled && !open.sounds;
  if (s.alarm || overtaken || s.soundSinceMs !== null) interrupt(s, playing, out, nowMs);
}

/** A short sound over an answer, which our own detector has not heard at all. */
function isBesides(s: CallState, playing: readonly Heard[]): boolean {
  const { onsetMs, endMs } = s.speaking!;
  return s.soundSinceMs !== null && onsetMs >= s.soundSinceMs &&
    s.voiceSinceMs === null && s.voiceEndMs < onsetMs &&
    endMs - onsetMs < s.settings.bargeInMs && leftMs(s, playing) > TAIL_MS;
}

/** The session stands: what was said and typed in the meantime is said and typed now. */
export function sendWhatWaited(s: CallState, out: CallAction[]): void {
  for (const { id, unsentRef: ref } of s.awaiting) {
    if (ref > 0) out.push({ type: "send_text", utterance: id, ref });
  }
  s.awaiting = s.awaiting.map((u) => u.unsentRef > 0 ? { ...u, unsentRef: 0 } : u);
  const { speaking, alarm } = s;
  if (!isLocal(s) || !speaking || s.voiceSinceMs !== null || alarm) return;
  out.push({ type: "close_uplink" }, { type: "commit", utterance: speaking.id });
  endTurn(s, false, out);
}

/** The brain's detector doesn't end the turn: it is fed silence, and then we end it ourselves. */
export function endpointDue(s: CallState, out: CallAction[], nowMs: number): void {
  if (!s.uplinkMuted) {
    s.uplinkMuted = true;
    out.push({ type: "mute_uplink", on: true });
    return;
  }
  const itemId = s.brainItem ?? "";
  s.uplinkMuted = false;
  s.brainItem = null;
  out.push({ type: "mute_uplink", on: false });
  if (!s.speaking && s.withdrawn.some(({ items }) => items.includes(itemId))) {
    out.push({ type: "clear_input" });
    return;
  }
  s.speaking = withItem(s.speaking ?? utterance(s, "voice", nowMs), itemId);
  s.brainHeardToMs = nowMs;
  out.push({ type: "commit", utterance: s.speaking.id });
  endTurn(s, false, out);
  if (openAnswer(s)) putOff(s, out, nowMs);
}

/** Our detector heard what the brain's did not. */
export function unheardDue(s: CallState, out: CallAction[]): void {
  if (s.speaking) {
    const { onsetMs, endMs } = s.speaking;
    const isHeard = endMs <= s.brainHeardToMs + REST_MS;
    const wordMs = s.askedToRepeat ? DEAF_WORD_MS : UNHEARD_WORD_MS;
    if (!isHeard && endMs - onsetMs >= wordMs) {
      s.unheard = s.speaking;
      out.push({ type: "suspect_session" });
    }
    s.speaking = null;
    return;
  }
  s.goodbyeFor = null;
  const { unheard } = s;
  s.unheard = null;
  if (!s.askedToRepeat) return owe(s, "unheard");
  // It has heard nothing since: what our detector hears has to do, as with local turns.
  out.push({ type: "commit", utterance: unheard!.id });
  awaitAnswer(s, unheard!, out);
}

/** Nobody has said more since: the short word near the end of the answer was one. */
export function maybeMeantDue(s: CallState, out: CallAction[]): void {
  const meant = s.maybeMeant!;
  if (isLocal(s) && !meant.taken) out.push({ type: "commit", utterance: meant.id });
  awaitAnswer(s, meant, out);
}
