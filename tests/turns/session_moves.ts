/**
 * The session of the brain in the explored world: it stands, is lost with all that was on its way,
 * and is replaced by another one, which is told what the call knows.
 *
 * @module
 */

import { activeOf, deleteItem } from "./brain_moves.ts";
import { newSaid } from "./caller_moves.ts";
import { tell } from "./effects.ts";
import {
  breaks,
  hearInBuffer,
  isOpening,
  type Response,
  responseOf,
  voiceOf,
  type World,
} from "./world.ts";

/** Two detectors may differ by this much about where a voice begins and ends. */
const SLACK_MS = 350;

/** The call went on elsewhere before: what the agent owes it is told first. */
export function resumes<S>(w: World<S>): void {
  const owes = w.settings.resumes!;
  w.resumed = true;
  w.seen.add(`resumed_${owes}`);
  w.everCutOff = owes === "go_on";
  if (owes === "answer") {
    const asked = newSaid(w, "question", w.nowMs);
    Object.assign(asked, { voiced: false, finished: true, endMs: w.nowMs, missed: true });
  }
  tell(w, { type: "call_resumed", owes });
  w.cutOff = owes === "go_on";
}

/** A session stands, the first one or another. */
export function stands<S>(w: World<S>): void {
  if (!isOpening(w)) isTold(w);
  else if (w.settings.resumes === "answer") w.said[0]!.items.push(`i${++w.ids}`);
  w.ready = true;
  w.sessions++;
  if (w.settings.turns === "local" && w.uplinkEver && w.sessions === 1) {
    for (const said of w.said) if (said.kind !== "typed" && !said.missed) hearInBuffer(w, said);
  }
  tell(w, { type: "brain_ready" });
}

/** The next session knows the lines of before, and what was said and waits. */
function isTold<S>(w: World<S>): void {
  w.settings = { ...w.settings, ...w.settings.nextBrain };
  const { ended, speakingFromMs } = w.subject.told(w.state);
  for (const said of w.said) {
    if (said.kind === "typed") {
      if (said.sent && said.items.length === 0) said.items.push(`t${said.id}`);
      continue;
    }
    const endMs = said.voiced ? w.nowMs : said.endMs;
    const heardAnew = said.voiced || (speakingFromMs !== null && endMs > speakingFromMs);
    const enoughMs = said.voiced ? SLACK_MS : Math.min(SLACK_MS, (endMs - said.onsetMs) / 2);
    const held = ended.filter((u) =>
      Math.min(u.endMs, endMs) - Math.max(u.onsetMs, said.onsetMs) >= enoughMs
    );
    said.sentMs = w.nowMs;
    said.missed = !heardAnew;
    if (heardAnew) said.deaf = false;
    if (heardAnew && w.settings.turns === "local") hearInBuffer(w, said);
    if (held.length > 0) said.items = [`i${++w.ids}`];
    // What was answered, if only by hanging up, is one of the lines of before.
    const isLine = said.answeredBy.length > 0 ||
      w.tools.some((t) =>
        t.ran && t.hangsUp && responseOf(w, t.responseId)!.covers.includes(said.id)
      );
    if (held.length === 0 && !isLine) said.items = [];
    if (said.kind !== "question" || isLine || said.deaf) continue;
    const fromMs = Math.min(...held.map((u) => u.onsetMs), speakingFromMs ?? Infinity);
    const toMs = heardAnew ? w.nowMs : Math.max(...held.map((u) => u.endMs));
    const whole = fromMs <= said.onsetMs + SLACK_MS && toMs >= endMs - SLACK_MS;
    const parts = held.length > 0 || heardAnew && !said.voiced;
    const counts = !said.faint && !w.subject.isEnding(w.state);
    if (parts && !whole && counts) breaks(w, "a part of a question is lost with a session");
  }
}

/** The link dies: all that was on its way in both directions is lost. */
export function breaksOff<S>(w: World<S>): void {
  for (const request of w.up) {
    if (request.type === "delete_item") deleteItem(w, request.itemId);
    if (request.type === "create_response" && request.kind === "go_on") cutsOff(w);
  }
  for (const response of w.brain.responses) answerIsLost(w, response);
  for (const tool of w.tools) {
    // The next session calls it anew, if it still wants to.
    if (tool.ran || !tool.wanted || tool.hangsUp) continue;
    tool.wanted = false;
    const { heardMs, cancelled } = responseOf(w, tool.responseId)!;
    const plays = w.pieces.some(({ responseId }) => responseId === tool.responseId);
    if (!cancelled && (heardMs > 0 || plays)) cutsOff(w);
  }
  w.seen.add("session_lost");
  w.ready = false;
  w.lostMs = w.nowMs;
  w.up = [];
  w.upAtMs = [];
  w.down = [];
  w.downAtMs = [];
  w.brain = { ...w.brain, item: "", stuck: "", buffer: [] };
  w.hearing = "";
  w.notBeforeMs = 0;
  w.troubles++;
  w.disturbed = true;
  // Nothing more comes of what plays.
  w.complete = true;
  if (!w.audible) w.pieces = [];
  tell(w, { type: "brain_lost" });
}

function cutsOff<S>(w: World<S>): void {
  w.everCutOff = true;
  if (!w.subject.isEnding(w.state)) w.cutOff = true;
}

function answerIsLost<S>(w: World<S>, response: Response): void {
  const { id, kind, heardMs, live, complete } = response;
  const receivedMs = w.pieces.find(({ responseId }) => responseId === id)?.receivedMs ?? heardMs;
  const hangsUp = w.tools.some((t) => t.responseId === id && t.hangsUp && t.wanted && !t.ran);
  const wanted = live && w.subject.wants(w.state, id);
  if (wanted && receivedMs > 0 && !complete) {
    w.everCutOff = true;
    // What was to finish another one is not finished once more, and neither is a goodbye.
    if (kind !== "go_on" && kind !== "goodbye" && !hangsUp) cutsOff(w);
  }
  const announced = live ||
    w.down.some((e) => e.type === "response_created" && e.responseId === id);
  if (kind === "go_on" && announced && !response.cancelled && receivedMs === 0) cutsOff(w);
  response.status = "done";
  response.live = false;
  // Of its words the next session is told what was heard, or will be.
  response.audioMs = receivedMs;
  if (receivedMs === 0) response.itemId = "";
}

/** Whether a session may be replaced for no other reason than its age. */
export function mayRotate<S>(w: World<S>): boolean {
  const active = activeOf(w);
  return w.ready && !w.gone && !w.audible && !voiceOf(w) && !active && w.sessions < 3 &&
    !w.subject.isEnding(w.state) && w.subject.left(w.state).length === 0 &&
    w.said.every(({ answeredBy, kind }) => kind === "cough" || answeredBy.length > 0);
}

/** One session is closed and another stands at the same moment: nobody may notice. */
export function rotates<S>(w: World<S>): void {
  const { disturbed, troubles, phrases } = w;
  w.seen.add("session_rotated");
  breaksOff(w);
  stands(w);
  w.disturbed = disturbed;
  w.troubles = troubles;
  if (w.up.length > 0 || w.phrases > phrases) breaks(w, "a planned replacement is noticed");
}
