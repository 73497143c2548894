import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Talk } from "./test_talk.ts";

test("a commit that fails is tried again when its pause is over, before the answer is asked for", () => {
  const talk = new Talk({ turns: "local" });
  talk.tell({ type: "caller_started", by: "local", onsetMs: 0 });
  talk.pass(800);
  talk.tell({ type: "caller_stopped", by: "local", endMs: 600, playing: [] });
  const [first] = talk.all("commit");
  talk.tell({
    type: "refused",
    name: `commit_${first!.utterance}`,
    why: "failed",
    retryAfterMs: 0,
  });
  assertEquals(talk.count("commit"), 1);
  talk.pass(2500);
  // The first request was called off; nobody has closed it, so it is forgotten in the end.
  const asked = talk.decided.map(({ action }) => action.type)
    .filter((type) => type === "commit" || type === "create_response");
  assertEquals(asked, ["commit", "create_response", "commit", "create_response"]);
});

test("commits that keep failing end in an apology, and are no storm", () => {
  const talk = new Talk({ turns: "local" });
  talk.tell({ type: "caller_started", by: "local", onsetMs: 0 });
  talk.pass(800);
  talk.tell({ type: "caller_stopped", by: "local", endMs: 600, playing: [] });
  for (let n = 0; n < 10; n++) {
    const name = `commit_${talk.all("commit").at(-1)!.utterance}`;
    talk.tell({ type: "refused", name, why: "failed", retryAfterMs: 0 });
    talk.pass(100);
  }
  assertEquals(talk.count("commit") <= 2, true, `${talk.count("commit")} commits in a second`);
});

test("the false alarm that is in the brain's buffer with a committed turn is not cleared later", () => {
  const talk = new Talk({ turns: "local" });
  talk.voice(800);
  talk.created("r1", talk.asked);
  talk.sounds("r1", "i1", 8000);
  talk.pass(2000);
  talk.heard(2000);
  talk.voice(150);
  talk.pass(200); // called off
  talk.voice(900); // one attempt with it: committed together
  talk.created("r2", talk.asked);
  talk.sounds("r2", "i2", 8000);
  talk.pass(3000);
  talk.heard(3000);
  talk.voice(900);
  assertEquals(talk.count("clear_input"), 0);
});
