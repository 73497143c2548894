import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Talk } from "./test_talk.ts";

/** An answer of which 1500 ms were heard, and then nothing came. */
function stalled(): Talk {
  const talk = new Talk();
  talk.spoken(800, "question");
  talk.created("r1");
  talk.sounds("r1", "i1", 1500);
  talk.pass(1500);
  talk.heard(1500);
  talk.tell({ type: "agent_silent" });
  return talk;
}

test("of an answer that stalls the model remembers what was heard, and goes on from there", () => {
  const talk = stalled();
  talk.pass(3501);
  talk.tell({ type: "agent_silent" }); // "One moment, please."
  talk.pass(5001);
  assertEquals(talk.all("truncate"), [{ type: "truncate", itemId: "i1", audioEndMs: 1500 }]);
  talk.done("r1");
  talk.pass(200);
  assertEquals(talk.all("create_response").map(({ kind }) => kind), ["go_on"]);
});

test("a cough into the last sound of an answer that failed half way doesn't end it there", () => {
  const talk = new Talk();
  talk.spoken(800, "question");
  talk.created("r1");
  talk.sounds("r1", "i1", 1500);
  talk.done("r1", { failed: true });
  talk.pass(1200);
  talk.heard(1200);
  talk.voice(120);
  talk.pass(400);
  talk.heardOut();
  talk.pass(200);
  assertEquals(talk.all("create_response").map(({ kind }) => kind), ["go_on"]);
});

test("a brain that thinks for ten seconds is given the time, the second time", () => {
  const talk = new Talk();
  talk.spoken(800, "question");
  talk.created("r1");
  const waits = (ms: number) => {
    for (let waitedMs = 0; waitedMs < ms; waitedMs += 500) {
      talk.pass(500);
      // "One moment, please."
      if (talk.state.soundSinceMs !== null) talk.tell({ type: "agent_silent" });
    }
  };
  waits(5000);
  talk.done("r1");
  talk.pass(200);
  talk.created("r2", talk.asked);
  waits(10_000);
  assertEquals(talk.all("cancel_response").map(({ responseId }) => responseId), ["r1"]);
  assertEquals(talk.state.phase, "open");
});
