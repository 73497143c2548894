/**
 * The brain of the explored world: it keeps the Realtime API's rules, refuses what the API refuses,
 * and fails in the ways that the API fails.
 *
 * @module
 */

import { answerName, type CallAction, commitName, textName } from "../../call/turns/actions.ts";
import type { RefusalReason } from "../../call/turns/events.ts";
import { LONG_WAIT_MS } from "./notice.ts";
import { breaks, type Response, responseOf, say, type Up, type World } from "./world.ts";

export const activeOf = <S>(w: World<S>): Response | undefined =>
  w.brain.responses.find(({ status }) => status === "active");

/** What the brain may do with a request, besides what it should. */
export type Fault =
  | "none"
  | "refuses"
  | "limits"
  | "despairs at"
  | "forbids"
  | "ignores"
  | "stalls"
  | "fails"
  | "empties"
  | "silent_refusal"
  | "stops";

/** How long the brain wants us to wait. */
const RETRY_AFTER_MS = { limits: 5000, "despairs at": LONG_WAIT_MS } as const;

const waitOf = (fault: Fault): number =>
  fault === "limits" || fault === "despairs at" ? RETRY_AFTER_MS[fault] : 0;

/** The oldest request arrives. */
export function takeRequest<S>(w: World<S>, fault: Fault): void {
  const request = w.up.shift()!;
  w.upAtMs.shift();
  switch (request.type) {
    case "create_response":
      return createAsked(w, request, fault);
    case "cancel_response": {
      const active = activeOf(w);
      if (active?.id === request.responseId) finish(w, active, "none");
      return;
    }
    case "clear_input":
      w.brain.item = w.brain.stuck = "";
      return;
    case "delete_item":
      return deleteItem(w, request.itemId);
    case "commit":
      return commit(w, request, fault);
    case "send_text": {
      const said = w.said.find(({ id }) => id === request.ref)!;
      if (said.items.length > 0) breaks(w, "sends a line twice");
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
  const name = w.settings.names ? answerName(request.answer) : "";
  if (fault === "ignores") return;
  if (activeOf(w)) return refuse(w, name, "active");
  if (fault === "refuses" || waitOf(fault) > 0) return refuse(w, name, "failed", waitOf(fault));
  if (fault === "forbids") return refuse(w, name, "fatal");
  create(w, name, request.kind, fault);
}

function refuse<S>(w: World<S>, name: string, why: RefusalReason, retryAfterMs = 0): void {
  w.seen.add(`refused_${why}`);
  say(w, { type: "refused", name, why, retryAfterMs });
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
    usedTool: false,
    spoken: false,
    complete: false,
    live: false,
    cancelled: false,
    keptMs: -1,
  };
  w.brain.responses.push(response);
  say(w, { type: "response_created", responseId: id, name, playing: [] });
  if (fault === "fails") finish(w, response, "fails");
  if (fault === "empties") finish(w, response, "none");
}

/** The end of a turn by the brain's own detector: committed, and answered if nothing else is. */
export function commitHeard<S>(w: World<S>, fault: Fault): void {
  const itemId = w.brain.item;
  w.brain.item = "";
  w.brain.stuck = "";
  const heard = w.said.filter(({ id }) => w.brain.buffer.includes(id));
  for (const said of heard) said.items.push(itemId);
  w.brain.buffer = [];
  // What it missed before these words is let be: the caller is heard again.
  for (const said of w.said) {
    if (said.deaf && said.id < (heard[0]?.id ?? 0)) said.answeredBy.push("say_again");
  }
  const endMs = Math.min(w.nowMs, heard.at(-1)?.endMs || w.nowMs);
  const { announces, namesItems, commitsFirst } = w.settings;
  if (announces) {
    const stopped = { endMs, heardToMs: Math.min(w.nowMs, endMs + 100), playing: [] };
    const named = namesItems ? itemId : "";
    say(w, { type: "caller_stopped", by: "brain", itemId: named, ...stopped });
  }
  if (commitsFirst) say(w, { type: "committed", itemId, playing: [] });
  answerHeard(w, fault);
  if (!commitsFirst) say(w, { type: "committed", itemId, playing: [] });
}

function answerHeard<S>(w: World<S>, fault: Fault): void {
  if (fault === "ignores") return;
  if (fault === "refuses" || fault === "limits") return refuse(w, "", "failed", waitOf(fault));
  if (!activeOf(w)) create(w, "", "auto", fault);
  else if (fault !== "silent_refusal") refuse(w, "", "active");
}

function commit<S>(
  w: World<S>,
  { utterance, buffer: sent }: Extract<Up, { type: "commit" }>,
  fault: Fault,
): void {
  const name = commitName(utterance);
  const buffer = sent ?? w.brain.buffer;
  if (fault === "refuses" || fault === "forbids") {
    if (sent) putBack(w, sent);
    return refuse(w, name, fault === "refuses" ? "failed" : "fatal");
  }
  if (fault === "empties" || buffer.length === 0) return refuse(w, name, "empty");
  // A turn that its detector had open ends with it, without another word.
  const itemId = w.brain.item || `i${++w.ids}`;
  w.brain.item = "";
  w.brain.stuck = "";
  for (const id of buffer) w.said.find((said) => said.id === id)!.items.push(itemId);
  if (!sent) w.brain.buffer = [];
  say(w, { type: "committed", itemId, playing: [] });
}

/** What was not committed stays in the buffer, and the next commit on its way takes it along. */
function putBack<S>(w: World<S>, audio: readonly number[]): void {
  const at = w.up.findIndex(({ type }) => type === "commit");
  const next = w.up[at];
  if (!next) w.brain.buffer = [...new Set([...audio, ...w.brain.buffer])];
  else w.up[at] = { ...next, buffer: [...new Set([...audio, ...next.buffer ?? []])] };
}

export function deleteItem<S>(w: World<S>, itemId: string): void {
  if (w.deleted.includes(itemId)) breaks(w, "deletes an item twice");
  w.deleted.push(itemId);
  const real = w.said.find((said) =>
    said.kind !== "cough" && !said.faint && said.items.includes(itemId) &&
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

/** The answer calls a tool: one that nobody has, or the one that hangs up. */
export function callTool<S>(w: World<S>, response: Response, hangsUp: boolean): void {
  const callId = `c${++w.ids}`;
  response.usedTool = true;
  const responseId = response.id;
  w.tools.push({ callId, responseId, hangsUp, wanted: false, ran: false });
  say(w, { type: "tool_called", responseId, callId, hangsUp });
}

/** All of its sound was sent. */
export function saysAll<S>(w: World<S>, { id }: Response): void {
  responseOf(w, id)!.spoken = true;
  say(w, { type: "audio_done", responseId: id });
}

/** It is over, and nobody is told. */
export function neverEnds<S>(w: World<S>, { id }: Response): void {
  const response = responseOf(w, id)!;
  response.status = "done";
  response.stalled = true;
}

export function finish<S>(w: World<S>, { id }: Response, fault: Fault): void {
  responseOf(w, id)!.status = "done";
  const stopped = fault === "stops";
  say(w, {
    type: "response_done",
    stopped,
    responseId: id,
    failed: fault !== "none" && !stopped,
    fatal: fault === "forbids",
    retryAfterMs: waitOf(fault),
  });
}
