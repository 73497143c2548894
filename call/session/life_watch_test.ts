import test from "node:test";
import { assertEquals } from "@std/assert";
import { delta, opened } from "./test_brains.ts";

test("a brain that should say something is asked for a sign of life, and given up without one", () => {
  const { brain, told, session, clock } = opened();
  brain.stands(0);
  clock.advance(20_000);
  session.expecting = true;
  clock.advance(500);
  brain.says(0, { type: "rate_limits.updated", rate_limits: [] });
  clock.advance(1499);
  assertEquals(brain.links[0]!.sent.length, 1);
  clock.advance(1);
  assertEquals(JSON.parse(brain.links[0]!.sent[1]!), {
    type: "session.update",
    session: { type: "realtime" },
  });
  clock.advance(1400);
  brain.stands(0);
  clock.advance(1000);
  assertEquals(told, ["ready", "rate_limits"], "it thinks, and lives");
  clock.advance(3000);
  assertEquals(told.at(-1), "lost silent");
});

test("a brain that owes nothing is asked nothing, and neither is one that speaks", () => {
  const { brain, told, session, clock } = opened();
  brain.stands(0);
  session.expecting = true;
  for (let n = 0; n < 20; n++) {
    brain.says(0, delta(`r${n}`));
    clock.advance(700);
  }
  session.expecting = false;
  clock.advance(60_000);
  assertEquals(brain.links[0]!.sent.length, 1);
  session.suspect();
  clock.advance(1500);
  assertEquals(told.at(-1), "lost silent");
});
