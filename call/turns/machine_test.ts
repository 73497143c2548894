import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { step } from "./machine.ts";
import { Talk, types } from "./test_talk.ts";

/** An answer of which 730 of 4000 ms have been heard, and more is to come. */
function speaking(settings: ConstructorParameters<typeof Talk>[0] = {}): Talk {
  const talk = new Talk(settings);
  talk.tell({ type: "caller_wrote", ref: 1, playing: [] });
  talk.created("r1", talk.asked);
  talk.sounds("r1", "i1");
  talk.pass(730);
  talk.heard(730);
  return talk;
}

describe("the machine", () => {
  it("greets only when the brain is ready, and once", () => {
    const talk = new Talk({ greets: true }, false);
    const actions = talk.tell({ type: "brain_ready" });
    assertEquals(types(actions), ["begin_turn", "create_response"]);
    assertEquals(talk.tell({ type: "brain_ready" }), []);
  });

  it("holds at the first sound of the caller and interrupts only when it lasts", () => {
    const talk = speaking();
    talk.tell({ type: "caller_started", by: "local", onsetMs: talk.nowMs - 50 });
    assertEquals(talk.decided.at(-1)!.action, { type: "hold" });
    assertEquals(talk.pass(640), []);
    assertEquals(talk.pass(20), [
      { type: "drop", bargeIn: { onsetMs: 680, heldAtMs: 730 } },
      { type: "cancel_response", responseId: "r1" },
      { type: "truncate", itemId: "i1", audioEndMs: 730 },
    ]);
  });

  it("resumes after a cough, and neither cancels nor truncates", () => {
    const talk = speaking();
    talk.voice(200);
    assertEquals(types(talk.pass(400)), ["resume", "ignore_voice"]);
    assertEquals(talk.count("cancel_response") + talk.count("truncate"), 0);
    assertEquals([talk.state.held, talk.state.alarm, talk.state.voiceSinceMs], [false, null, null]);
  });

  it("deletes an item of which nothing was heard, and never truncates at 0", () => {
    const talk = new Talk();
    talk.tell({ type: "caller_wrote", ref: 1, playing: [] });
    talk.created("r1", talk.asked);
    talk.sounds("r1", "i1");
    talk.tell({ type: "caller_wrote", ref: 2, playing: [] });
    assertEquals(talk.all("delete_item"), [{ type: "delete_item", itemId: "i1" }]);
    assertEquals(talk.count("truncate"), 0);
  });

  it("takes an answer of which less than a word was heard for unheard, and asks again", () => {
    const talk = new Talk();
    talk.spoken(600, "question");
    talk.created("r1");
    talk.sounds("r1", "i1");
    talk.pass(100);
    talk.heard(100);
    talk.tell({ type: "caller_wrote", ref: 1, playing: [] });
    assertEquals(talk.all("delete_item"), [{ type: "delete_item", itemId: "i1" }]);
    talk.done("r1");
    assertEquals(talk.state.answers[0]!.utterances.map(({ by }) => by), ["voice", "text"]);
  });

  it("waits with a new answer until the cancelled one is closed", () => {
    const talk = speaking();
    const actions = talk.tell({ type: "caller_wrote", ref: 2, playing: [] });
    assertEquals(types(actions), [
      "drop",
      "cancel_response",
      "truncate",
      "send_text",
      "begin_turn",
    ]);
    assertEquals(types(talk.done("r1")), ["create_response"]);
  });

  it("cancels an answer that the caller overtook before it was created", () => {
    const talk = new Talk({ turns: "local" });
    talk.tell({ type: "caller_wrote", ref: 1, playing: [] });
    const first = talk.asked;
    talk.tell({ type: "caller_wrote", ref: 2, playing: [] });
    assertEquals(talk.created("r1", first), [{ type: "cancel_response", responseId: "r1" }]);
    assertEquals(types(talk.done("r1")), ["create_response"]);
    assertEquals(talk.state.answers[0]!.utterances.length, 2);
  });

  it("holds an answer that it asked for early, and plays it when the turn is really over", () => {
    const talk = new Talk({ turns: "local" });
    talk.tell({ type: "caller_started", by: "local", onsetMs: 0 });
    talk.pass(500);
    const early = talk.tell({ type: "caller_maybe_done", endMs: 250 });
    assertEquals(
      types(early),
      ["open_uplink", "commit", "hold", "begin_turn", "create_response"]
        .slice(1),
    );
    talk.created("r1", talk.asked);
    talk.sounds("r1", "i1");
    const over = talk.tell({ type: "caller_stopped", by: "local", endMs: 250, playing: [] });
    assertEquals(types(over), ["close_uplink", "resume"]);
    assertEquals(talk.count("commit"), 1);
  });

  it("takes an early answer back when the caller goes on, and keeps their words", () => {
    const talk = new Talk({ turns: "local" });
    talk.tell({ type: "caller_started", by: "local", onsetMs: 0 });
    talk.tell({ type: "caller_maybe_done", endMs: 250 });
    talk.created("r1", talk.asked);
    talk.sounds("r1", "i1");
    const back = talk.tell({ type: "caller_resumed", playing: [] });
    assertEquals(types(back), ["drop", "cancel_response", "delete_item"]);
    assertEquals([talk.state.earlyUtterance, talk.state.held], [0, false]);
    talk.done("r1");
    talk.tell({ type: "caller_stopped", by: "local", endMs: 900, playing: [] });
    assertEquals([talk.count("commit"), talk.count("create_response")], [2, 2]);
    assertEquals(talk.state.answers.map(({ utterances }) => utterances.length), [1]);
  });

  it("does not run a tool of an early answer before the turn is over", () => {
    const talk = new Talk({ turns: "local" });
    talk.tell({ type: "caller_started", by: "local", onsetMs: 0 });
    talk.tell({ type: "caller_maybe_done", endMs: 250 });
    talk.created("r1", talk.asked);
    const tool = { type: "tool_called", responseId: "r1", callId: "c1", hangsUp: true } as const;
    assertEquals(talk.tell(tool), []);
    assertEquals(talk.done("r1"), []);
    const over = talk.tell({ type: "caller_stopped", by: "local", endMs: 250, playing: [] });
    assertEquals(types(over).includes("tool_output"), true);
  });

  it("asks once into a long silence, then says goodbye and hangs up", () => {
    const talk = new Talk({ silencePromptMs: 5000 });
    talk.spoken(500, "question");
    talk.answered("r1");
    assertEquals(types(talk.pass(4990)), []);
    talk.pass(20);
    assertEquals(talk.all("create_response").map(({ kind }) => kind), ["still_there"]);
    talk.answered("r2", talk.asked);
    talk.pass(5010);
    assertEquals(talk.all("create_response").map(({ kind }) => kind), ["still_there", "goodbye"]);
    talk.answered("r3", talk.asked);
    assertEquals(talk.decided.at(-1)!.action, {
      type: "close",
      reason: "caller_silent",
      hangUp: true,
    });
  });

  it("lets the last words be heard before it hangs up", () => {
    const talk = speaking();
    talk.tell({ type: "tool_called", responseId: "r1", callId: "c1", hangsUp: true });
    assertEquals(talk.done("r1"), []);
    assertEquals(types(talk.heardOut()), ["tool_output", "drop", "close"]);
  });

  it("does nothing after the close", () => {
    const talk = speaking();
    talk.tell({ type: "caller_left", lost: false });
    assertEquals(talk.decided.at(-1)!.action, {
      type: "close",
      reason: "caller_hung_up",
      hangUp: false,
    });
    assertEquals(talk.tell({ type: "brain_failed" }), []);
    assertEquals(talk.pass(100_000), []);
  });

  it("is a value: the same events from a state that was saved as JSON give the same decisions", () => {
    const talk = speaking();
    talk.tell({ type: "caller_started", by: "local", onsetMs: talk.nowMs });
    const saved = JSON.parse(JSON.stringify(talk.state));
    const event = { type: "timer", name: "confirm", playing: talk.playing } as const;
    const live = step(talk.state, event, talk.nowMs + 700);
    assertEquals(step(saved, event, talk.nowMs + 700), live);
  });
});
