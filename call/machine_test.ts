import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { LawfulWorld } from "../tests/lawful_world.ts";
import { step } from "./machine.ts";
import { type CallAction, type CallEvent, type CallState, openingState } from "./state.ts";

/** Feeds events a second apart, and returns the last state with the actions of the last event. */
function feed(events: CallEvent[], turns: CallState["turns"] = "server") {
  let state = openingState({ turns, confirmMs: 400, greets: false, silencePromptMs: 5000 });
  let actions: CallAction[] = [];
  events.forEach((event, i) => ({ state, actions } = step(state, event, i * 1000)));
  return { state, actions: actions.map(({ type }) => type), full: actions };
}

const READY: CallEvent = { type: "brain_ready" };
const speaking: CallEvent[] = [
  READY,
  { type: "response_created", responseId: "r1" },
  { type: "output_item", responseId: "r1", itemId: "i1" },
  { type: "agent_audible" },
];
const started: CallEvent = { type: "caller_started", by: "local", onsetMs: 3950 };

describe("the machine", () => {
  it("keeps its laws in 200,000 random lawful orders of events", () => {
    for (let seed = 1; seed <= 200_000; seed++) new LawfulWorld(seed).run(40);
    const rare = [...LawfulWorld.decided].filter(([, count]) => count < 1000);
    assertEquals(rare, [], "an action was hardly ever decided");
    assertEquals(LawfulWorld.decided.size, 18);
  });

  it("greets only when the brain is ready, and once", () => {
    const opening = openingState({
      turns: "server",
      confirmMs: 400,
      greets: true,
      silencePromptMs: 0,
    });
    const first = step(opening, READY, 0);
    assertEquals(first.actions, [{ type: "create_response", kind: "greeting" }]);
    assertEquals(step(first.state, READY, 1).actions, []);
  });

  it("holds at the first sound of the caller and cancels only when it lasts", () => {
    const { actions } = feed([...speaking, started]);
    assertEquals(actions.filter((type) => type !== "clear_timer"), ["hold", "set_timer"]);
    const playing = [{ itemId: "i1", heardMs: 730, receivedMs: 4000 }];
    const { full } = feed([...speaking, started, { type: "timer", name: "confirm", playing }]);
    assertEquals(full, [
      { type: "clear_timer", name: "confirm" },
      { type: "drop" },
      { type: "cancel_response", responseId: "r1" },
      { type: "truncate", itemId: "i1", audioEndMs: 730 },
    ]);
  });

  it("resumes after a cough, and neither cancels nor truncates", () => {
    const { actions, state } = feed([...speaking, started, { type: "caller_paused" }]);
    assertEquals(actions, ["clear_timer", "resume"]);
    assertEquals(state.response?.cancelled, false);
  });

  it("deletes an item of which nothing was heard, and never truncates at 0", () => {
    const playing = [{ itemId: "i1", heardMs: 0, receivedMs: 900 }];
    const { full } = feed([...speaking, started, { type: "timer", name: "confirm", playing }]);
    assertEquals(full.at(-1), { type: "delete_item", itemId: "i1" });
  });

  it("deletes what the brain took a false alarm for, and cancels its answer", () => {
    const events: CallEvent[] = [
      ...speaking,
      { type: "response_done", responseId: "r1", failed: false, fatal: false },
      started,
      { type: "caller_started", by: "brain", onsetMs: 4000, itemId: "cough" },
      { type: "caller_paused" },
      { type: "caller_stopped", by: "brain" },
    ];
    const committed: CallEvent = { type: "committed", itemId: "cough" };
    assertEquals(feed([...events, committed]).full, [{ type: "delete_item", itemId: "cough" }]);
    const { full } = feed([...events, committed, { type: "response_created", responseId: "r2" }]);
    assertEquals(full.at(-1), { type: "cancel_response", responseId: "r2" });
  });

  it("waits with a new answer until the cancelled one is closed", () => {
    const events: CallEvent[] = [...speaking, { type: "caller_wrote", ref: 1, playing: [] }];
    const wrote = feed(events);
    assertEquals(wrote.actions.includes("create_response"), false);
    assertEquals(wrote.state.wanted, "text");
    const done = feed([
      ...events,
      { type: "response_done", responseId: "r1", failed: false, fatal: false },
    ]);
    assertEquals(done.full, [{ type: "create_response", kind: "text" }]);
  });

  it("cancels an answer that the caller overtook before it was created", () => {
    const { full, state } = feed([
      READY,
      { type: "caller_wrote", ref: 1, playing: [] },
      { type: "caller_wrote", ref: 2, playing: [] },
      { type: "response_created", responseId: "r1" },
    ], "local");
    assertEquals(full.at(-1), { type: "cancel_response", responseId: "r1" });
    assertEquals(state.wanted, "text");
  });

  it("tries a failed answer once more, and then apologises and hangs up", () => {
    const failed = (responseId: string): CallEvent => ({
      type: "response_done",
      responseId,
      failed: true,
      fatal: false,
    });
    const events: CallEvent[] = [
      READY,
      { type: "response_created", responseId: "r1" },
      failed("r1"),
    ];
    assertEquals(feed(events).actions, ["create_response"]);
    const again: CallEvent[] = [
      ...events,
      { type: "response_created", responseId: "r2" },
      failed("r2"),
    ];
    assertEquals(feed(again).actions, ["set_timer", "drop", "apologise"]);
    const { actions } = feed([...again, { type: "agent_audible" }, { type: "agent_silent" }]);
    assertEquals(actions, ["hang_up", "drop", "close"]);
  });

  const spoke: CallEvent[] = [READY, { type: "caller_started", by: "local", onsetMs: 900 }];
  const created: CallEvent = { type: "response_created", responseId: "r1" };

  it("holds an answer that it asked for early, and plays it when the turn is really over", () => {
    const early = feed([...spoke, { type: "caller_maybe_done" }], "local");
    assertEquals(early.actions, ["commit", "hold", "create_response"]);
    const over: CallEvent[] = [
      ...spoke,
      { type: "caller_maybe_done" },
      created,
      { type: "caller_stopped", by: "local" },
    ];
    assertEquals(feed(over, "local").actions, ["close_uplink", "resume"]);
  });

  it("takes an early answer back when the caller goes on, and keeps their words", () => {
    const { full, state } = feed([
      ...spoke,
      { type: "caller_maybe_done" },
      created,
      { type: "output_item", responseId: "r1", itemId: "i1" },
      { type: "caller_resumed", playing: [{ itemId: "i1", heardMs: 0, receivedMs: 500 }] },
    ], "local");
    assertEquals(full.map(({ type }) => type), [
      "clear_timer",
      "drop",
      "cancel_response",
      "delete_item",
    ]);
    assertEquals(state.speculating, false);
  });

  it("does not run a tool of an early answer before the turn is over", () => {
    const early: CallEvent[] = [
      ...spoke,
      { type: "caller_maybe_done" },
      created,
      { type: "tool_called", responseId: "r1", callId: "c1", hangsUp: true },
    ];
    assertEquals(feed(early, "local").actions, []);
    const { actions } = feed([...early, { type: "caller_stopped", by: "local" }], "local");
    assertEquals(actions.includes("tool_output"), true);
  });

  it("asks once into a long silence, then says goodbye and hangs up", () => {
    const rings: CallEvent = { type: "timer", name: "silence", playing: [] };
    const answered = (responseId: string): CallEvent[] => [
      { type: "response_created", responseId },
      { type: "agent_audible" },
      { type: "response_done", responseId, failed: false, fatal: false },
      { type: "agent_silent" },
    ];
    const asked: CallEvent[] = [READY, ...answered("r1"), rings];
    assertEquals(feed(asked).full, [{ type: "create_response", kind: "still_there" }]);
    const bye: CallEvent[] = [...asked, ...answered("r2"), rings];
    assertEquals(feed(bye).actions, ["create_response", "set_timer"]);
    assertEquals(feed([...bye, ...answered("r3")]).state.endReason, "caller_silent");
  });

  it("lets the last words be heard before it hangs up", () => {
    const bye: CallEvent[] = [
      ...speaking,
      { type: "tool_called", responseId: "r1", callId: "c1", hangsUp: true },
      { type: "response_done", responseId: "r1", failed: false, fatal: false },
    ];
    assertEquals(feed(bye).actions, []);
    assertEquals(feed([...bye, { type: "agent_silent" }]).actions, ["hang_up", "drop", "close"]);
  });
});
