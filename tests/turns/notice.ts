/**
 * What happens to the machine, noted before it hears of it: what its decisions are judged by.
 *
 * @module
 */

import type { CallEvent } from "../../call/turns/events.ts";
import { responseOf, type World } from "./world.ts";

/** A brain that wants us to wait for longer has given up on the call. */
export const LONG_WAIT_MS = 30_000;
/** Nothing is asked again sooner than this after it failed. */
const PAUSE_MS = 100;
/** An item that the brain has not named yet. */
const UNNAMED = "unnamed";

/** What an event means for what may be decided, before the machine hears of it. */
export function noticeEvent<S>(w: World<S>, event: CallEvent): void {
  switch (event.type) {
    case "caller_started":
      if (event.by === "brain") {
        w.hearing = event.itemId || UNNAMED;
        w.askedToRepeat = false;
      }
      w.activeMs = w.nowMs;
      return acts(w);
    case "caller_wrote":
      w.activeMs = w.nowMs;
      return acts(w);
    case "committed":
      if (w.hearing === event.itemId || w.hearing === UNNAMED) w.hearing = "";
      w.askedToRepeat = false;
      w.goodbyes = 0;
      return;
    case "tool_called": {
      const tool = w.tools.find(({ callId }) => callId === event.callId)!;
      tool.wanted = w.subject.wants(w.state, event.responseId) && !w.subject.isEnding(w.state);
      return;
    }
    case "refused": {
      const wanted = w.subject.waitsFor(w.state, event.name);
      if (event.why === "fatal" && (wanted || event.name === "")) w.hopeless = true;
      return limited(w, wanted && event.why === "failed", event);
    }
    case "response_created":
      responseOf(w, event.responseId)!.live = true;
      // It has committed what it answers, though it says so later.
      if (event.name === "" && !w.settings.commitsFirst) w.hearing = "";
      w.cutOff = false;
      return;
    case "audio_done":
      responseOf(w, event.responseId)!.complete = true;
      return;
    case "response_done": {
      responseOf(w, event.responseId)!.live = false;
      const wanted = w.subject.wants(w.state, event.responseId);
      if (event.fatal && wanted) w.hopeless = true;
      if (event.failed) {
        for (const t of w.tools) if (t.responseId === event.responseId && !t.ran) t.wanted = false;
      }
      const sounded = (responseOf(w, event.responseId)?.audioMs ?? 0) > 0;
      // What was to finish another one is not finished once more.
      const goesOn = responseOf(w, event.responseId)?.kind === "go_on";
      if ((event.failed || event.stopped) && sounded && wanted) {
        w.everCutOff = true;
        if (!goesOn) w.cutOff = !w.subject.isEnding(w.state);
      }
      return limited(w, event.failed && wanted, event);
    }
    case "brain_failed":
      w.hopeless = true;
      return;
    case "timer":
      if (["created", "sound", "endpoint", "dead_air", "session"].includes(event.name)) {
        // The last net may catch three times.
        w.troubles += event.name === "dead_air" ? 2 : 1;
      }
      return;
  }
}

/** The caller does something: prompts were for one who does nothing. */
function acts<S>(w: World<S>): void {
  if (w.subject.isOver(w.state)) return;
  w.prompts = 0;
  w.goodbyes = 0;
  w.waits = 0;
  w.cutOff = false;
}

/** @param failed What we still wanted came to nothing. */
function limited<S>(
  w: World<S>,
  failed: boolean,
  { retryAfterMs }: { readonly retryAfterMs: number },
): void {
  w.troubles++;
  const waitMs = Math.max(failed ? PAUSE_MS : 0, retryAfterMs);
  if (waitMs > 0) w.notBeforeMs = Math.max(w.notBeforeMs, w.nowMs + waitMs);
  if (retryAfterMs >= LONG_WAIT_MS) w.hopeless = true;
}
