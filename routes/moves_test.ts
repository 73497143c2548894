import test from "node:test";
import { assert, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { testApp } from "./test_app.ts";

const ENV = { EARSHOT_SECRET: "a secret of sixteen", EARSHOT_INSTANCE_URL: "http://a.internal" };

test("POST /moves tells what is known of a call to who has a token for it, once, and sealed", async () => {
  const all = testApp(ENV);
  const { handovers } = all.deps;
  const context = {
    startedAtMs: 1,
    lines: [{ role: "caller", text: "My name is Ada." }],
    unanswered: [],
    owes: "nothing",
  } as const;
  handovers.keep("CA1", { type: "context", context });
  const token = handovers.issue("CA1", 1, 60_000);
  const wrong: Record<string, string>[] = [
    {},
    { token },
    { token, callId: "CA2" },
    { token: "a.b", callId: "CA1" },
  ];
  for (const form of wrong) {
    const refused = await all.post("/moves", form);
    assertEquals(refused.status, 403);
    assertNotMatch(await refused.text(), /Ada/);
  }
  const answer = await all.post("/moves", { token, callId: "CA1" });
  assertEquals(answer.status, 200);
  assertEquals(answer.headers.get("content-type"), "application/octet-stream");
  assertEquals(answer.headers.get("cache-control"), "no-store");
  assertNotMatch(new TextDecoder("latin1").decode(await answer.arrayBuffer()), /Ada|known/);
  const replayed = await all.post("/moves", { token, callId: "CA1" });
  assertEquals([replayed.status, await replayed.text()], [
    403,
    "the resume token was used before",
  ]);
  assertNotMatch(all.lines.join("\n"), new RegExp(token.slice(0, 40)));
  assertMatch(all.lines.join("\n"), /was told nothing of a call/);
  handovers.close();
});

test("POST /moves takes no large form", async () => {
  const answer = await testApp(ENV).post("/moves", { token: "x".repeat(5000) });
  assertEquals(answer.status, 413);
});

test("who asks in vain does not fill the log", async () => {
  const all = testApp(ENV);
  for (let i = 0; i < 200; i++) {
    const refused = await all.post("/moves", { token: "x", callId: `${i}`.padEnd(3500, "y") });
    assertEquals(refused.status, 403);
  }
  const warned = all.lines.filter((line) => line.startsWith("warn: Another instance"));
  assert(warned.length >= 1 && warned.length < 20, `${warned.length} lines`);
  for (const line of all.lines) assert(line.length < 200, line);
  all.end();
});
