import test from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type TestApp, testApp, type TestSocket, UPGRADE } from "./test_app.ts";

async function begun(all: TestApp, query = ""): Promise<TestSocket> {
  const [status, socket] = await all.dial(`/browser/stream?rate=24000${query}`);
  assertEquals(status, 200);
  socket!.open();
  // The embedded brain confirms its session in a later microtask.
  await new Promise((go) => setTimeout(go, 0));
  return socket!;
}

/** How another socket goes on with the call of this one. */
function resumeOf({ messages }: TestSocket): string {
  const told = messages.filter(({ type }) => type === "resume");
  assertEquals(told.length, 1);
  const { callId, token, forMs } = told[0]!;
  assertEquals(forMs, 30_000);
  return `&call=${callId}&resume=${token}`;
}

const refusal = async (all: TestApp, query: string) => {
  const answer = await all.request(`/browser/stream?rate=24000${query}`, { headers: UPGRADE });
  return [answer.status, await answer.text()] as [number, string];
};

test("a browser whose socket breaks goes on with its call, one that said goodbye doesn't", async () => {
  const all = testApp();
  const first = await begun(all);
  const { callId } = first.messages.find(({ type }) => type === "ready")!;
  const { startedAtMs } = all.deps.registry.calls.get(String(callId))!;
  first.handlers.close(1006, "");
  assertEquals(all.deps.registry.live, 0);
  const second = await begun(all, resumeOf(first));
  assertEquals(all.deps.registry.calls.get(String(callId))!.startedAtMs, startedAtMs);
  assertEquals([...all.deps.registry.calls.keys()], [callId]);
  second.say({ type: "bye" });
  second.handlers.close(1000, "");
  const [status, text] = await refusal(all, resumeOf(second));
  assertEquals([status, text], [403, "the call has ended"]);
  assertEquals([all.deps.registry.live, all.deps.registry.closedBecause], [0, null]);
  all.end();
});

test("a token is good once, for its own call, and for a browser's call alone", async () => {
  const all = testApp();
  const [one, other] = [await begun(all), await begun(all)];
  const own = resumeOf(one);
  const callId = /call=(\w+)/.exec(own)![1];
  const foreign = /resume=(.*)/.exec(resumeOf(other))![1];
  one.handlers.close(1006, "");
  const { handovers } = all.deps;
  handovers.keep("CA1", {
    type: "context",
    context: { startedAtMs: 0, lines: [], unanswered: [], owes: "nothing" },
  });
  for (
    const [query, words] of [
      [`&call=${callId}`, /missing/],
      [`&call=${callId}&resume=x`, /malformed/],
      [`&call=${callId}&resume=${foreign}`, /not for this call/],
      [`&call=${callId}&resume=${handovers.issue(callId!, 0, -1)}`, /too old/],
      [`&call=CA1&resume=${handovers.issue("CA1", 0, 60_000)}`, /not the id of a browser's call/],
    ] as const
  ) {
    const [status, text] = await refusal(all, query);
    assertEquals(status, 403);
    assertMatch(text, words);
  }
  await begun(all, own);
  assertMatch((await refusal(all, own))[1], /used before/);
  assert(all.lines.every((line) => !line.includes(own.slice(-40))));
  all.end();
});

test("whoever comes back counts as one more of the page's, and of their address", async () => {
  for (
    const [env, status, reason] of [
      [{ EARSHOT_MAX_BROWSER_CALLS: "2" }, 503, "browsers_full"],
      [{ EARSHOT_MAX_CALLS_PER_ADDRESS: "2" }, 429, "address_limit"],
    ] as const
  ) {
    const all = testApp(env);
    const lost = [await begun(all), await begun(all)];
    for (const { handlers } of lost) handlers.close(1006, "");
    const other = await begun(all);
    await begun(all, resumeOf(lost[0]!));
    assertEquals(await refusal(all, resumeOf(lost[1]!)), [status, `No new calls: ${reason}`]);
    assertEquals(all.deps.registry.live, 2);
    // The token was not used up.
    other.say({ type: "bye" });
    other.handlers.close(1000, "");
    await begun(all, resumeOf(lost[1]!));
    all.end();
  }
});

test("a call whose old socket is not known to be dead does not stand in its own way", async () => {
  for (const name of ["EARSHOT_MAX_BROWSER_CALLS", "EARSHOT_MAX_CALLS_PER_ADDRESS"]) {
    const all = testApp({ [name]: "2" });
    const calls = [await begun(all), await begun(all)];
    for (const call of calls) await begun(all, resumeOf(call));
    assertEquals(all.deps.registry.live, 2);
    all.end();
  }
});

test("whoever comes back does not count as a new call of this second", async () => {
  const all = testApp({ EARSHOT_NEW_CALLS_PER_SECOND: "1" });
  const first = await begun(all);
  first.handlers.close(1006, "");
  await begun(all, resumeOf(first));
  all.end();
});
