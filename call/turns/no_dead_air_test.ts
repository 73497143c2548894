/**
 * What callers suffered, one test each: every one of them failed before the machine knew utterances
 * and answers.
 *
 * @module
 */

import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { nextDeadline } from "./deadlines.ts";
import { Talk, types } from "./test_talk.ts";

/** A question in `server` turns whose answer the brain has begun by itself, and not a sound of it. */
function thinking(): Talk {
  const talk = new Talk();
  talk.spoken(800, "question");
  talk.created("r1");
  return talk;
}

describe("no dead air", () => {
  it("1: a cough while the brain thinks costs neither this answer nor the next", () => {
    const talk = thinking();
    talk.pass(300);
    talk.tell({ type: "caller_started", by: "brain", onsetMs: talk.nowMs, itemId: "cough" });
    talk.voice(150);
    // The brain's own create for the cough is refused: its first answer was still open.
    talk.committed("cough");
    talk.tell({ type: "refused", name: "", why: "active", retryAfterMs: 0 });
    talk.done("r1");
    assertEquals(talk.count("create_response"), 1);
    talk.answered("r2", talk.asked);
    talk.pass(2000);
    talk.spoken(800, "next");
    assertEquals(types(talk.created("r3")), []);
    talk.sounds("r3", "i3");
    assert(!talk.state.answers[0]!.cancelled);
    assertEquals(talk.count("delete_item"), 0);
  });

  it("2: uhm, a pause, and the question over the end of an answer, all in one item", () => {
    const talk = thinking();
    talk.sounds("r1", "i1");
    talk.done("r1");
    talk.pass(1300);
    talk.heard(1300);
    talk.tell({ type: "caller_started", by: "brain", onsetMs: talk.nowMs, itemId: "both" });
    talk.voice(150); // uhm
    talk.pass(300);
    assertEquals(talk.state.withdrawn.length, 1);
    talk.voice(900); // the question, in the same item
    talk.committed("both");
    assertEquals(talk.all("delete_item").map(({ itemId }) => itemId), []);
    talk.created("r2");
    assertEquals(talk.state.answers.map(({ cancelled }) => cancelled), [false]);
  });

  for (const turns of ["server", "local"] as const) {
    it(`3: an answer that is refused is asked for again (${turns})`, () => {
      const talk = new Talk({ turns });
      talk.tell({ type: "caller_wrote", ref: 1, playing: [] });
      talk.tell({ type: "refused", name: talk.asked, why: "failed", retryAfterMs: 0 });
      talk.pass(200);
      assertEquals(talk.count("create_response"), 2);
    });

    it(`3: an answer that never comes is asked for again (${turns})`, () => {
      const talk = new Talk({ turns });
      talk.tell({ type: "caller_wrote", ref: 1, playing: [] });
      talk.pass(3000);
      assertEquals(talk.count("create_response"), 2);
      assertEquals(talk.all("say").map(({ phrase }) => phrase), ["one_moment"]);
    });

    it(`3: an answer that is begun and never sounds is called off and asked for again (${turns})`, () => {
      const talk = new Talk({ turns });
      talk.tell({ type: "caller_wrote", ref: 1, playing: [] });
      talk.created("r1", talk.asked);
      talk.pass(4100);
      assertEquals(talk.all("say").map(({ phrase, why }) => [phrase, why]), [[
        "one_moment",
        "slow",
      ]]);
      talk.heardOut();
      talk.pass(2000);
      assertEquals(talk.count("cancel_response"), 1);
      talk.done("r1");
      talk.pass(200);
      assertEquals(talk.count("create_response"), 2);
    });
  }

  it("3: an error without a name is taken for the one answer that is still to come", () => {
    const talk = new Talk();
    talk.tell({ type: "caller_wrote", ref: 1, playing: [] });
    talk.tell({ type: "refused", name: "", why: "failed", retryAfterMs: 0 });
    talk.pass(200);
    assertEquals(talk.count("create_response"), 2);
  });

  it("3: what the brain commits and never answers is asked for by us", () => {
    const talk = new Talk();
    talk.spoken(800, "question");
    talk.pass(2400);
    assertEquals(talk.count("create_response"), 0);
    talk.pass(200);
    assertEquals(talk.count("create_response"), 1);
  });

  it("4: after a false alarm nobody is thought to be speaking", () => {
    const talk = thinking();
    talk.sounds("r1", "i1");
    talk.pass(1300);
    talk.heard(1300);
    talk.voice(150);
    talk.pass(400);
    assertEquals([talk.state.voiceSinceMs, talk.state.speaking, talk.state.alarm], [
      null,
      null,
      null,
    ]);
    talk.done("r1", { failed: true });
    talk.heardOut();
    talk.pass(300);
    assertEquals(talk.all("create_response").map(({ kind }) => kind), ["go_on"]);
  });

  it("5: a second phrase before any sound of ours goes on with the turn", () => {
    const talk = thinking(); // I'd like a table ...
    talk.tell({ type: "caller_started", by: "brain", onsetMs: talk.nowMs, itemId: "for two" });
    talk.voice(400);
    assertEquals(talk.all("cancel_response").map(({ responseId }) => responseId), ["r1"]);
    talk.done("r1");
    talk.committed("for two");
    talk.created("r2");
    assertEquals(talk.count("delete_item"), 0);
    assertEquals(talk.state.answers[0]!.utterances.map(({ items }) => items), [
      ["question"],
      ["for two"],
    ]);
  });

  it("6: hello while the greeting is made: one greeting, which answers it too", () => {
    const talk = new Talk({ greets: true });
    const first = talk.asked;
    talk.created("r1", first);
    talk.tell({ type: "caller_started", by: "brain", onsetMs: talk.nowMs, itemId: "hello" });
    talk.voice(400);
    talk.done("r1");
    talk.committed("hello");
    // The brain's own answer doesn't greet.
    assertEquals(types(talk.created("r2")), ["cancel_response"]);
    talk.done("r2");
    assertEquals(talk.all("create_response").map(({ kind }) => kind), ["greeting", "greeting"]);
    talk.answered("r3", talk.asked);
    talk.pass(10_000);
    assertEquals(talk.count("create_response"), 2);
  });

  it("7: local: what was said before the session stands is sent and answered", () => {
    const talk = new Talk({ turns: "local" }, false);
    talk.voice(2000);
    const ready = talk.tell({ type: "brain_ready" });
    assertEquals(types(ready), ["close_uplink", "commit", "begin_turn", "create_response"]);
    assertEquals(talk.decided[0]!.action.type, "open_uplink");
  });

  it("8: a rate limit is waited for as long as it says, and the caller is told", () => {
    const talk = thinking();
    talk.done("r1", { failed: true, retryAfterMs: 5000 });
    talk.pass(4900);
    assertEquals([talk.count("create_response"), talk.all("say").map(({ phrase }) => phrase)], [
      0,
      ["one_moment"],
    ]);
    talk.pass(200);
    assertEquals(talk.count("create_response"), 1);
  });

  it("8: failures are retried later each time, and not for ever", () => {
    const talk = new Talk();
    talk.tell({ type: "caller_wrote", ref: 1, playing: [] });
    for (const [n, pauseMs] of [160, 510, 1510, 3010, 0].entries()) {
      talk.created(`r${n}`, talk.asked);
      talk.done(`r${n}`, { failed: true });
      talk.pass(pauseMs);
    }
    assertEquals(talk.count("create_response"), 5);
    assertEquals(talk.all("say").at(-1)!.phrase, "apology");
    assertEquals(types(talk.heardOut()).at(-1), "close");
  });

  it("8: an answer that can never be is not asked for again", () => {
    const talk = thinking();
    talk.done("r1", { failed: true, fatal: true });
    assertEquals(talk.all("say").map(({ phrase }) => phrase), ["apology"]);
  });

  it("9: an empty answer is asked for differently, and then we say it ourselves", () => {
    const talk = thinking();
    talk.done("r1");
    assertEquals(talk.all("create_response").map(({ kind }) => kind), ["declined"]);
    talk.created("r2", talk.asked);
    talk.done("r2");
    assertEquals(talk.all("say").map(({ phrase }) => phrase), ["say_again"]);
    talk.heardOut();
    assertEquals(nextDeadline(talk.state)!.name, "idle_limit");
  });

  it("9: after an empty answer the silence prompt still comes", () => {
    const talk = new Talk({ silencePromptMs: 3000 });
    talk.spoken(500, "question");
    talk.created("r1");
    talk.done("r1");
    talk.created("r2", talk.asked);
    talk.done("r2");
    talk.heardOut();
    talk.pass(3100);
    assertEquals(talk.all("create_response").at(-1)!.kind, "still_there");
  });

  it("10: what is typed before the session stands is sent when it does, in order", () => {
    const talk = new Talk({ greets: true }, false);
    talk.tell({ type: "caller_wrote", ref: 1, playing: [] });
    talk.tell({ type: "caller_wrote", ref: 2, playing: [] });
    talk.tell({ type: "brain_ready" });
    assertEquals(talk.all("send_text").map(({ ref }) => ref), [1, 2]);
    assertEquals(talk.all("create_response").map(({ kind }) => kind), ["greeting"]);
  });

  it("13: stop, wait: held once, not resumed in between, and measured from the first onset", () => {
    const talk = thinking();
    talk.sounds("r1", "i1", 9000);
    talk.pass(2000);
    talk.heard(2000);
    const onsetMs = talk.nowMs;
    talk.voice(240);
    talk.pass(40);
    talk.voice(500);
    assertEquals([talk.count("hold"), talk.count("resume"), talk.count("drop")], [1, 0, 1]);
    assertEquals(talk.all("drop")[0]!.bargeIn, { onsetMs, heldAtMs: onsetMs });
  });
});

describe("ordinary talk", () => {
  it("a short answer into the last word of ours is an answer", () => {
    const talk = thinking();
    talk.sounds("r1", "i1", 4000);
    talk.done("r1");
    talk.pass(3600);
    talk.heard(3600);
    talk.tell({ type: "caller_started", by: "brain", onsetMs: talk.nowMs, itemId: "yes" });
    talk.voice(250);
    talk.committed("yes");
    talk.created("r2");
    assertEquals(talk.count("delete_item"), 0);
    assertEquals(talk.state.answers.map(({ responseId, cancelled }) => [responseId, cancelled]), [
      ["r2", false],
    ]);
  });

  it("a false alarm is deleted when the brain commits it, and its answer is called off", () => {
    const talk = thinking();
    talk.sounds("r1", "i1");
    talk.done("r1");
    talk.pass(1300);
    talk.heard(1300);
    talk.tell({ type: "caller_started", by: "brain", onsetMs: talk.nowMs, itemId: "cough" });
    talk.voice(200);
    talk.pass(200);
    assertEquals(talk.committed("cough"), [{ type: "delete_item", itemId: "cough" }]);
    assertEquals(talk.created("r2"), [{ type: "cancel_response", responseId: "r2" }]);
  });

  it("words that only we have heard are asked for again, once", () => {
    const talk = new Talk();
    talk.voice(800);
    talk.pass(3200);
    assertEquals(talk.all("create_response").map(({ kind }) => kind), ["unheard"]);
    talk.answered("r1", talk.asked);
    talk.pass(20_000);
    assertEquals(talk.count("create_response"), 1);
  });

  it("a brain that doesn't end the turn is fed silence, and then we end it", () => {
    const talk = new Talk();
    talk.tell({ type: "caller_started", by: "brain", onsetMs: 0, itemId: "noisy" });
    talk.voice(800);
    talk.pass(2300);
    assertEquals(talk.all("mute_uplink").map(({ on }) => on), [true]);
    talk.pass(2300);
    assertEquals([talk.count("commit"), talk.count("create_response")], [1, 1]);
  });

  it("brains that don't give names back are answered for all the same", () => {
    const talk = new Talk({ greets: true });
    talk.answered("r1");
    talk.spoken(500, "question");
    talk.answered("r2");
    assertEquals(talk.count("cancel_response"), 0);
    assertEquals(talk.state.answers, []);
  });

  it("the last net catches what nothing else has, and gives up in the end", () => {
    const talk = new Talk({ deadAirMs: 2000 });
    talk.tell({ type: "caller_wrote", ref: 1, playing: [] });
    talk.created("r1", talk.asked);
    for (let n = 0; n < 3; n++) {
      talk.pass(2050);
      talk.heardOut();
    }
    assertEquals(talk.all("say").map(({ phrase, why }) => [phrase, why]), [
      ["one_moment", "dead_air"],
      ["one_moment", "dead_air"],
      ["apology", "brain_failed"],
    ]);
  });
});
