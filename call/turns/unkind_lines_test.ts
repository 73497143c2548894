/**
 * Lines and brains that are worse than usual: noise, faint voices, words at awkward moments, brains
 * that are slow, say less than they should, or call answers off by themselves.
 *
 * @module
 */

import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Talk, types } from "./test_talk.ts";

/** A question that is being answered: `heardMs` of it were heard, of `ofMs` that came. */
function answering(heardMs: number, ofMs: number, settings = {}): Talk {
  const talk = new Talk(settings);
  talk.spoken(800, "question");
  talk.created("r1");
  talk.sounds("r1", "i1", ofMs);
  talk.done("r1");
  talk.pass(heardMs);
  talk.heard(heardMs);
  return talk;
}

describe("a noisy line", () => {
  it("can't make the agent stutter with a voice that only the brain hears", () => {
    const talk = answering(1500, 8000);
    talk.tell({ type: "caller_started", by: "brain", onsetMs: talk.nowMs, itemId: "tv" });
    talk.pass(400);
    assertEquals(talk.committed("tv"), []);
    assertEquals([talk.count("hold"), talk.count("drop"), talk.count("delete_item")], [0, 0, 0]);
  });

  it("can't go on for ever: what never takes a breath is no voice", () => {
    const talk = new Talk();
    talk.tell({ type: "caller_started", by: "local", onsetMs: 0 });
    talk.pass(19_000);
    assertEquals(talk.count("ignore_voice"), 0);
    talk.pass(1000);
    assertEquals(talk.all("ignore_voice"), [{ type: "ignore_voice", untilSilence: true }]);
    assertEquals(talk.state.voiceSinceMs, null);
  });

  it("takes three answers back before their first sound, and hears the fourth", () => {
    const talk = new Talk({ turns: "local" });
    for (let n = 0; n < 5; n++) {
      talk.voice(400);
      talk.pass(20);
    }
    talk.created("r1", talk.asked);
    talk.sounds("r1", "i1");
    assertEquals(talk.state.overtaken, 0);
    assert(!talk.state.answers.at(-1)!.cancelled);
  });

  it("asks only once to repeat what the brain can't hear, and then does without its ears", () => {
    const talk = new Talk();
    for (let n = 0; n < 3; n++) {
      talk.voice(600);
      talk.pass(4000);
      talk.answered(`r${n}`, talk.asked);
      talk.pass(2000);
    }
    assertEquals(talk.all("create_response").map(({ kind }) => kind), [
      "unheard",
      "turn",
      "turn",
    ]);
  });
});

describe("a caller", () => {
  it("who thinks on just after the turn's end goes on with it, though the answer began", () => {
    const talk = answering(300, 4000);
    talk.tell({ type: "caller_started", by: "local", onsetMs: talk.nowMs });
    talk.pass(360);
    assertEquals(talk.count("drop"), 1);
    assertEquals(talk.all("drop")[0]!.bargeIn, null);
  });

  it("whose voice both detectors hear while the answer is made takes it back", () => {
    const talk = new Talk();
    talk.tell({ type: "caller_started", by: "brain", onsetMs: 0, itemId: "first" });
    talk.tell({ type: "caller_started", by: "local", onsetMs: 0 });
    talk.pass(1500);
    // Two breaths for the brain, one for us.
    talk.committed("first");
    talk.created("r1");
    talk.tell({ type: "caller_started", by: "brain", onsetMs: talk.nowMs, itemId: "second" });
    assertEquals(talk.count("hold"), 1);
    talk.pass(400);
    assertEquals(talk.count("cancel_response"), 1);
  });

  it("whose yes is as short as a cough is answered when nothing follows it", () => {
    const talk = answering(2500, 4500);
    talk.tell({ type: "caller_started", by: "brain", onsetMs: talk.nowMs, itemId: "yes" });
    talk.voice(250);
    talk.committed("yes");
    talk.pass(400);
    assertEquals(talk.all("resume").at(-1)?.why, "false_alarm");
    assertEquals(talk.count("delete_item"), 0);
    talk.heardOut();
    talk.pass(1400);
    assertEquals(talk.count("create_response"), 0);
    talk.pass(200);
    assertEquals(talk.all("create_response").map(({ kind }) => kind), ["turn"]);
  });

  it("who presses keys is not asked whether anybody is there", () => {
    const talk = answering(4000, 4000, { silencePromptMs: 5000 });
    talk.heardOut();
    for (let n = 0; n < 4; n++) {
      talk.pass(3000);
      talk.tell({ type: "caller_types" });
    }
    assertEquals(talk.count("create_response"), 0);
    talk.pass(5000);
    assertEquals(talk.all("create_response").map(({ kind }) => kind), ["still_there"]);
  });

  it("whose silence came before a question is not told to wait at once", () => {
    const talk = answering(4000, 4000);
    talk.heardOut();
    talk.pass(20_000);
    talk.tell({ type: "caller_wrote", ref: 1, playing: [] });
    talk.tell({ type: "refused", name: talk.asked, why: "failed", retryAfterMs: 0 });
    talk.pass(100);
    assertEquals(talk.count("say"), 0);
  });

  it("is not hung up on in the silence before the goodbye", () => {
    const talk = answering(4000, 4000, { silencePromptMs: 7000 });
    talk.heardOut();
    talk.pass(7000);
    talk.answered("r2", talk.asked);
    talk.pass(7000);
    assertEquals(talk.all("create_response").at(-1)?.kind, "goodbye");
    talk.pass(5000);
    assertEquals(talk.count("close"), 0);
    talk.answered("r3", talk.asked);
    assertEquals(talk.count("close"), 1);
  });
});

describe("a brain", () => {
  it("that is slow to create gets longer each time, and is heard at last", () => {
    const talk = new Talk();
    talk.tell({ type: "caller_wrote", ref: 1, playing: [] });
    talk.pass(3000);
    const second = talk.asked;
    talk.pass(4000);
    assertEquals(talk.asked, second);
    talk.created("r1", second);
    talk.sounds("r1", "i1");
    assertEquals(talk.state.answers.map(({ cancelled }) => cancelled), [false]);
  });

  it("that calls an answer off by itself is asked to go on", () => {
    const talk = new Talk();
    talk.spoken(800, "question");
    talk.created("r1");
    talk.sounds("r1", "i1");
    talk.done("r1", { stopped: true });
    talk.heardOut();
    talk.pass(100);
    assertEquals(talk.all("create_response").map(({ kind }) => kind), ["go_on"]);
  });

  it("that never says that an answer is over is not asked to go on with what was complete", () => {
    const talk = new Talk();
    talk.spoken(800, "question");
    talk.created("r1");
    talk.sounds("r1", "i1");
    talk.tell({ type: "audio_done", responseId: "r1" });
    talk.heardOut();
    talk.pass(30_000);
    assertEquals([talk.count("say"), talk.count("create_response")], [0, 0]);
    assertEquals(talk.state.answers, []);
  });

  it("that has an answer open of which we know nothing is asked again each second, as often as it takes", () => {
    const talk = new Talk();
    talk.tell({ type: "caller_wrote", ref: 1, playing: [] });
    for (let n = 0; n < 8; n++) {
      talk.tell({ type: "refused", name: talk.asked, why: "active", retryAfterMs: 0 });
      talk.pass(1000);
    }
    assertEquals(talk.count("create_response"), 9);
    assertEquals(talk.state.phase, "open");
  });

  it("that hangs up without a word is asked for a goodbye", () => {
    const talk = answering(4000, 4000);
    talk.heardOut();
    talk.spoken(500, "bye");
    talk.created("r2");
    talk.tell({ type: "tool_called", responseId: "r2", callId: "c1", hangsUp: true });
    talk.done("r2");
    assertEquals(talk.all("create_response").at(-1)?.kind, "goodbye");
    assertEquals(talk.count("close"), 0);
  });

  it("that answers by itself with local turns is told that nobody asked", () => {
    const talk = new Talk({ turns: "local" });
    talk.voice(600);
    talk.answered("r1", talk.asked);
    assertEquals(types(talk.created("r2")), ["cancel_response"]);
  });

  it("that never says what it hears is heard all the same", () => {
    const talk = new Talk();
    talk.tell({ type: "caller_wrote", ref: 1, playing: [] });
    talk.answered("r1", talk.asked);
    talk.voice(600);
    talk.created("r2");
    talk.sounds("r2", "i2");
    assertEquals(talk.count("cancel_response"), 0);
  });

  it("that refuses our request because of its own answer doesn't lose what was typed", () => {
    const talk = new Talk();
    talk.tell({ type: "caller_wrote", ref: 1, playing: [] });
    const asked = talk.asked;
    talk.created("own");
    talk.tell({ type: "refused", name: asked, why: "active", retryAfterMs: 0 });
    talk.sounds("own", "i1");
    talk.done("own");
    talk.heardOut();
    talk.pass(2000);
    assertEquals(talk.count("create_response"), 2);
  });
});
