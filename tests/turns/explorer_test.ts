import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { CallAction } from "../../call/turns/actions.ts";
import type { CallEvent } from "../../call/turns/events.ts";
import type { CallState } from "../../call/turns/state.ts";
import { emptyFound, exploreAll, walk } from "./explorer.ts";
import { KNOWN_PATHS } from "./known_paths.ts";
import { LOST_PATHS } from "./lost_paths.ts";
import { retrace } from "./paths.ts";
import { FEW, manyFor, PLAIN, PROFILES, WALKED } from "./profiles.ts";
import { LAST_WORDS } from "./last_words.ts";
import { ODDITIES } from "./oddities.ts";
import { PROMISES } from "./promises.ts";
import { SESSIONS } from "./sessions.ts";
import { SITUATIONS } from "./situations.ts";
import { machine, type Subject } from "./subject.ts";

const SHALLOW = { depth: 5, untilMs: Infinity, maxStates: 20_000 };

/** Looks at a machine for a moment. @returns What it found. */
function explore(subject: Subject<CallState>, walks: number, stopAtFirst = false) {
  const found = emptyFound();
  for (const settings of PROFILES) {
    exploreAll(subject, settings, FEW, { ...SHALLOW, stopAtFirst }, found);
    if (stopAtFirst && found.violations.size > 0) return found;
  }
  for (const { settings, path } of SITUATIONS) {
    const limits = { ...SHALLOW, depth: 2, after: path.split("; "), stopAtFirst };
    exploreAll(subject, { ...PLAIN, ...settings }, FEW, limits, found);
  }
  for (let seed = 1; seed <= walks; seed++) {
    const settings = WALKED[seed % WALKED.length]!;
    walk(subject, settings, manyFor(settings), 120, seed, found);
    if (stopAtFirst && found.violations.size > 0) return found;
  }
  return found;
}

/** The machine with a defect in what it decides. */
function broken(
  change: (actions: readonly CallAction[], state: CallState, event: CallEvent) => CallAction[],
): Subject<CallState> {
  return {
    ...machine,
    step(state, event, nowMs) {
      const decided = machine.step(state, event, nowMs);
      return { state: decided.state, actions: change(decided.actions, decided.state, event) };
    },
  };
}

/** Nothing is shown by an exploration in which these never happen. */
// deno-fmt-ignore
const REACHABLE = [
  "create_response", "cancel_response", "truncate", "delete_item", "commit", "clear_input",
  "send_text", "tool_output", "hold", "resume", "drop", "ignore_voice", "open_uplink",
  "close_uplink", "mute_uplink", "begin_turn", "say", "close",
  "begin_answer", "begin_goes_on", "begin_greeting", "begin_text", "begin_tool",
  "say_apology", "say_one_moment", "say_say_again",
  "refused_active", "refused_empty", "refused_failed", "refused_fatal",
  "timer_session", "timer_confirm", "timer_call_off", "timer_endpoint", "timer_unheard",
  "timer_created", "timer_sound", "timer_closed", "timer_retry", "timer_tell_to_wait",
  "timer_silence", "timer_goodbye", "timer_call_limit", "timer_idle_limit",
  "close_agent_hung_up", "close_brain_failed", "close_caller_silent", "close_call_limit",
  "close_idle_limit",
  "suspect_session", "session_lost", "session_rotated",
  "resumed_answer", "resumed_go_on", "resumed_welcome_back", "resumed_greeting",
];

describe("the turn machine", () => {
  it("breaks nothing on any short way, nor on some long ones, and everything was seen", () => {
    const found = explore(machine, 700);
    const violations = [...found.violations.values()];
    assertEquals(violations.map(({ what, path }) => `${what}: ${path.join("; ")}`), []);
    assertEquals(REACHABLE.filter((name) => !found.seen.has(name)), []);
  });

  for (const { was, settings, path } of [...KNOWN_PATHS, ...LOST_PATHS]) {
    it(`no longer: ${was}`, () => {
      const world = retrace(machine, { ...PLAIN, ...settings }, path.split("; "));
      assert(world, "this way is not there any more: the defect needs another");
      assertEquals(world.broken, []);
    });
  }
});

describe("the turn machine promises that", () => {
  for (const [promise, isKept] of [...PROMISES, ...ODDITIES, ...LAST_WORDS, ...SESSIONS]) {
    it(promise, () => assert(isKept()));
  }
});

describe("the explorer", () => {
  const notices = (name: string, subject: Subject<CallState>) =>
    it(`notices a machine that ${name}`, () => {
      const { violations } = explore(subject, 500, true);
      assert(violations.size > 0, "it found nothing");
    });

  notices("never plays on", broken((actions) => actions.filter(({ type }) => type !== "resume")));

  notices(
    "asks for no answer after a failure",
    broken((actions, { failures }) =>
      actions.filter(({ type }) => type !== "create_response" || failures === 0)
    ),
  );

  notices(
    "deletes what was said",
    broken((actions, _state, event) =>
      event.type !== "committed"
        ? [...actions]
        : [...actions, { type: "delete_item", itemId: event.itemId }]
    ),
  );

  notices("has lost a timer", {
    ...machine,
    next(state) {
      const due = machine.next(state);
      return due?.name === "created" ? null : due;
    },
  });
});
