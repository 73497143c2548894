/**
 * The brain of the explored world: it keeps the Realtime API's rules, refuses what the API refuses,
 * and fails in the ways that the API fails.
 *
 * @module
 */

import { answerName, type CallAction, commitName, textName } from "../../call/state.ts";
import { breaks, type Response, say, type World } from "./world.ts";

export const activeOf = <S>(w: World<S>): Response | undefined =>
  w.brain.responses.find(({ status }) => status === "active");

/** What the brain may do with a request, besides what it should. */
export type Fault =
  | "none"
  | "refuses"
  | "ignores"
  | "stalls"
  | "fails"
  | "empties"
  | "silent_refusal";

/** The oldest request arrives. */
export function takeRequest<S>(w: World<S>, fault: Fault): void {
  const request = w.up.shift()!;
  w.upAtMs.shift();
  switch (request.type) {
    case "create_response":
      return createAsked(w, request, fault);
    case "cancel_response": {
      const active = activeOf(w);
      if (active?.id === request.responseId) finish(w, active, false);
      return;
    }
    case "delete_item":
      return deleteItem(w, request.itemId);
    case "commit":
      return commit(w, request.utterance);
    case "clear_input":
      w.brain.buffer = [];
      return;
    case "send_text": {
      const said = w.said.find(({ id }) => id === request.ref)!;
      said.items.push(`t${said.id}`);
      say(w, { type: "text_taken", name: textName(request.utterance) });
      return;
    }
  }
}

function createAsked<S>(
  w: World<S>,
  request: Extract<CallAction, { type: "create_response" }>,
  fault: Fault,
): void {
  const name = answerName(request.answer);
  if (fault === "ignores") return;
  if (activeOf(w)) return refuse(w, name, "active");
  if (fault === "refuses") return refuse(w, name, "failed");
  create(w, name, request.kind, fault);
}

function refuse<S>(w: World<S>, name: string, why: "active" | "empty" | "failed"): void {
  w.seen.add(`refused_${why}`);
  say(w, { type: "refused", name, why, retryAfterMs: 0 });
}

function create<S>(w: World<S>, name: string, kind: string, fault: Fault): void {
  const id = `r${++w.ids}`;
  const covers = w.said
    .filter((said) => said.items.some((item) => !w.deleted.includes(item)))
    .map((said) => said.id);
  const response: Response = {
    id,
    name,
    kind,
    covers,
    itemId: "",
    audioMs: 0,
    heardMs: 0,
    status: "active",
    stalled: fault === "stalls",
  };
  w.brain.responses.push(response);
  say(w, { type: "response_created", responseId: id, name });
  if (fault === "fails") finish(w, response, true);
  if (fault === "empties") finish(w, response, false);
}

/** The end of a turn by the brain's own detector: committed, and answered if nothing else is. */
export function commitHeard<S>(w: World<S>, fault: Fault): void {
  const itemId = w.brain.item;
  w.brain.item = "";
  const heard = w.said.filter(({ id }) => w.brain.buffer.includes(id));
  for (const said of heard) said.items.push(itemId);
  w.brain.buffer = [];
  const last = heard.at(-1);
  const endMs = last?.finished ? Math.min(w.nowMs, last.endMs) : w.nowMs;
  say(w, { type: "caller_stopped", by: "brain", endMs, itemId, playing: [] });
  say(w, { type: "committed", itemId, playing: [] });
  if (fault === "ignores") return;
  if (!activeOf(w)) create(w, "", "auto", fault);
  else if (fault !== "silent_refusal") refuse(w, "", "active");
}

function commit<S>(w: World<S>, utterance: number): void {
  if (w.brain.buffer.length === 0) return refuse(w, commitName(utterance), "empty");
  // A turn that its detector had open ends with it, without another word.
  const itemId = w.brain.item || `i${++w.ids}`;
  w.brain.item = "";
  for (const id of w.brain.buffer) w.said.find((said) => said.id === id)!.items.push(itemId);
  w.brain.buffer = [];
  say(w, { type: "committed", itemId, playing: [] });
}

function deleteItem<S>(w: World<S>, itemId: string): void {
  if (w.deleted.includes(itemId)) breaks(w, "deletes an item twice");
  w.deleted.push(itemId);
  const real = w.said.find((said) =>
    said.kind !== "cough" && said.items.includes(itemId) &&
    !said.items.some((item) => !w.deleted.includes(item))
  );
  if (real) breaks(w, `deletes a ${real.kind}`);
}

/** The answer goes on: its item, then its sound. */
export function speak<S>(w: World<S>, response: Response, ms: number): void {
  if (response.itemId === "") {
    response.itemId = `i${++w.ids}`;
    say(w, { type: "output_item", responseId: response.id, itemId: response.itemId });
  }
  response.audioMs += ms;
  say(w, { type: "audio", responseId: response.id, itemId: response.itemId, ms });
}

export function finish<S>(w: World<S>, response: Response, failed: boolean): void {
  response.status = "done";
  say(w, {
    type: "response_done",
    responseId: response.id,
    failed,
    fatal: false,
    retryAfterMs: 0,
  });
}
