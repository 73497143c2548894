import test from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { testApp } from "./test_app.ts";

test("GET /browser/stream opens a call at each rate, 24000 when none is named", async () => {
  const all = testApp();
  for (const query of ["", "?rate=8000", "?rate=16000", "?rate=24000", "?rate=48000"]) {
    const [status, socket] = await all.dial(`/browser/stream${query}`);
    assertEquals(status, 200, query);
    socket!.open();
    // The embedded brain confirms its session in a later microtask.
    await new Promise((go) => setTimeout(go, 0));
    const ready = socket!.messages.find(({ type }) => type === "ready")!;
    assertMatch(String(ready.callId), /^WEB[0-9a-f]{32}$/);
    assertEquals([ready.brain, ready.model], ["echo", "echo"]);
  }
  assertEquals(all.deps.registry.live, 5);
  all.end();
  assertEquals([all.deps.registry.live, all.deps.registry.calls.size], [0, 0]);
});

test("GET /browser/stream refuses another rate and names those it takes", async () => {
  const all = testApp();
  for (const rate of ["44100", "", "24000.0", "8e3", "abc"]) {
    const response = await all.request(`/browser/stream?rate=${rate}`, {
      headers: all.handshake(),
    });
    assertEquals(response.status, 400, rate);
    const text = await response.text();
    assertStringIncludes(text, `rate is "${rate}", wanted is one of 8000, 16000, 24000, 48000`);
  }
  assertEquals(all.deps.registry.closedBecause, null);
});

test("GET /browser/stream talks to our own page alone, and to clients that are no browsers", async () => {
  const all = testApp({ PUBLIC_URL: "https://voice.example.com" });
  const dial = async (origin: string) => (await all.dial("/browser/stream", { Origin: origin }))[0];
  for (
    const origin of ["http://earshot.test", "https://earshot.test", "https://voice.example.com"]
  ) {
    assertEquals(await dial(origin), 200, origin);
  }
  const others = [
    "https://evil.example",
    "http://earshot.test.evil.example",
    "http://earshot.test:8080",
    "http://localhost",
    "https://voice.example.com:444",
    "null",
    "nonsense",
  ];
  for (const origin of others) assertEquals(await dial(origin), 403, origin);
  assertEquals((await all.dial("/browser/stream"))[0], 200);
  all.end();
});

test("a proxy may write another Host: a page under a listed name is ours, and local it is not", async () => {
  const all = testApp({ EARSHOT_HOSTS: "me.example, earshot.test" });
  const dial = async (host: string, origin: string) =>
    (await all.dial("/browser/stream", { Host: host, Origin: origin }))[0];
  for (const host of ["localhost:8080", "10.0.0.5", "me.example"]) {
    assertEquals(await dial(host, "https://me.example"), 200, host);
  }
  const refused = await all.request("/browser/stream", {
    headers: { ...all.handshake(), Host: "10.0.0.5", Origin: "https://you.example" },
  });
  assertEquals(refused.status, 403);
  assertMatch(await refused.text(), /you\.example.*PUBLIC_URL.*EARSHOT_HOSTS/);
  assertEquals(await dial("10.0.0.5", "https://me.example:444"), 403);
  // The operator's routes are for those at this machine, and this visitor is not.
  const seen = { headers: { Host: "localhost", Origin: "https://me.example" } };
  assertEquals((await all.request("/calls", seen)).status, 403);
  all.end();
});

test("localhost is known in each way to write it", async () => {
  const all = testApp();
  for (const host of ["LOCALHOST", "LocalHost:8080", "localhost.", "localhost.:8080"]) {
    const origin = `http://${host.toLowerCase()}`;
    const plain = origin.replace("localhost.", "localhost");
    for (const Origin of [origin, plain]) {
      const [status] = await all.dial("/browser/stream", { Host: host, Origin });
      assertEquals(status, 200, `${host} ${Origin}`);
    }
    assertEquals((await all.request("/calls", { headers: { Host: host } })).status, 200, host);
  }
  const [status] = await all.dial("/browser/stream", { Host: "localhost.example." });
  assertEquals(status, 403);
  all.end();
});

test("over capacity and while draining a browser gets 503 with the reason", async () => {
  const all = testApp({ EARSHOT_MAX_CALLS: "1" });
  const [, socket] = await all.dial("/browser/stream");
  socket!.open();
  const full = await all.request("/browser/stream", { headers: all.handshake() });
  assertEquals([full.status, await full.text()], [503, "No new calls: full"]);
  all.end();
  assertEquals((await all.dial("/browser/stream"))[0], 200);
  all.end();
  void all.deps.registry.drain();
  const draining = await all.request("/browser/stream", { headers: all.handshake() });
  assertEquals([draining.status, await draining.text()], [503, "No new calls: draining"]);
});

test("a place that is kept for a phone is no browser's", async () => {
  const all = testApp({ EARSHOT_MAX_CALLS: "1" });
  await all.post("/twilio/voice", { CallSid: "CA1" });
  assertEquals((await all.dial("/browser/stream"))[0], 503);
});

test("a browser that says bye ends its call and frees its place", async () => {
  const all = testApp({ EARSHOT_MAX_CALLS: "1" });
  const [, socket] = await all.dial("/browser/stream");
  socket!.open().say({ type: "bye" });
  assertEquals(all.deps.registry.calls.size, 0);
  socket!.handlers.close(1000, "");
  assertEquals([all.deps.registry.live, all.deps.registry.closedBecause], [0, null]);
});

test("a handler that breaks closes its own socket and tells the log", async () => {
  const all = testApp();
  const [, socket] = await all.dial("/browser/stream");
  socket!.open();
  const [call] = all.deps.registry.calls.values();
  call!.audio = () => {
    throw new Error("boom");
  };
  socket!.handlers.binary(new Uint8Array(960));
  assertEquals(socket!.closes.map(({ code }) => code), [1011]);
  assert(all.lines.some((line) => line.startsWith("error: A socket's handler failed")));
  all.end();
});
