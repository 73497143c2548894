import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Talk } from "./test_talk.ts";

test("a turn that we end for the brain is answered once, though the brain commits it by name", () => {
  const talk = new Talk();
  talk.tell({ type: "caller_started", by: "brain", onsetMs: 0, itemId: "long" });
  talk.voice(800);
  talk.pass(5000);
  assertEquals(talk.count("commit"), 1);
  const [, asked] = [talk.committed("long"), talk.asked];
  talk.answered("r1", asked);
  talk.pass(5000);
  assertEquals(talk.count("create_response"), 1);
  assertEquals(talk.state.awaiting, []);
});

test("a caller whom the brain never hears is asked to repeat, and then answered by our own commit", () => {
  const talk = new Talk();
  for (let n = 0; n < 4; n++) {
    talk.voice(1500);
    talk.pass(4000);
    talk.answered(`r${n}`, talk.asked);
    talk.pass(1000);
  }
  const kinds = talk.all("create_response").map(({ kind }) => kind);
  assertEquals(kinds, ["unheard", "turn", "turn", "turn"]);
  assertEquals(talk.count("commit"), 3);
});

test("a short hello that the brain doesn't hear is answered too, once it is known to be deaf", () => {
  const talk = new Talk();
  talk.voice(380);
  talk.pass(4000);
  assertEquals(talk.all("create_response").map(({ kind }) => kind), ["unheard"]);
  talk.answered("r1", talk.asked);
  talk.voice(250);
  talk.pass(4000);
  assertEquals(talk.all("create_response").map(({ kind }) => kind), ["unheard", "turn"]);
});

test("what we commit for a brain that is deaf is answered once, and it stays known to be deaf", () => {
  const talk = new Talk();
  for (let n = 0; n < 3; n++) {
    talk.voice(1500);
    talk.pass(4000);
    if (n > 0) talk.tell({ type: "committed", itemId: `item_${n}`, playing: [] });
    talk.answered(`r${n}`, talk.asked);
    talk.pass(1000);
  }
  assertEquals(talk.all("create_response").map(({ kind }) => kind), ["unheard", "turn", "turn"]);
  assertEquals([talk.count("cancel_response"), talk.state.awaiting.length], [0, 0]);
});
