import test from "node:test";
import {
  assert,
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertStringIncludes,
} from "@std/assert";
import { testApp } from "./routes/test_app.ts";
import { ASSETS } from "./web/mod.ts";

test("GET /ready says whether new calls are taken, and the reason when not", async () => {
  const { request, deps } = testApp({ EARSHOT_MAX_CALLS: "1" });
  const open = await request("/ready");
  assertEquals(open.status, 200);
  assertEquals(await open.json(), { ready: true, reason: null, live: 0, capacity: 1 });
  deps.registry.reserve("CA1");
  const full = await request("/ready");
  assertEquals(full.status, 503);
  assertEquals(await full.json(), { ready: false, reason: "full", live: 0, capacity: 1 });
  deps.registry.release("CA1");
  assertEquals((await request("/ready")).status, 200);
  void deps.registry.drain();
  const draining = await request("/ready");
  assertEquals([draining.status, (await draining.json()).reason], [503, "draining"]);
});

test("GET /health is always answered, with what the registry says of new calls", async () => {
  const { request, deps } = testApp({ EARSHOT_MAX_CALLS: "1" });
  const health = async () => {
    const response = await request("/health");
    assertEquals(response.status, 200);
    assertMatch(response.headers.get("content-type")!, /^application\/json/);
    return await response.json();
  };
  const { status, calls, region, latencyMs, uptimeMs, memory } = await health();
  assertEquals([status, calls, region], ["ok", { live: 0, max: 1 }, "local"]);
  assertEquals([latencyMs.count, typeof uptimeMs, memory.rssBytes > 1e6], [0, "number", true]);
  deps.registry.reserve("CA1");
  assertEquals((await health()).status, "full");
  void deps.registry.drain();
  assertEquals((await health()).status, "draining");
});

test("GET /metrics is Prometheus text under its own content type", async () => {
  const { request } = testApp();
  const response = await request("/metrics");
  assertEquals(response.status, 200);
  assertMatch(response.headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
  const text = await response.text();
  assertMatch(text, /^# HELP earshot_\w+ /m);
  assertMatch(text, /^earshot_\S+ \d/m);
});

test("the page and each of its parts are served, and nothing of theirs may come from elsewhere", async () => {
  const { request } = testApp();
  for (const path of ASSETS.keys()) {
    const response = await request(path);
    assertEquals(response.status, 200, path);
    assertStringIncludes(response.headers.get("content-security-policy")!, "default-src 'self'");
    assertEquals(response.headers.get("x-content-type-options"), "nosniff");
    assert((await response.text()).length > 0);
  }
  assertMatch((await request("/")).headers.get("content-type")!, /^text\/html/);
});

test("what is not there is a 404 that names the path, under every route", async () => {
  const { request } = testApp();
  for (
    const path of [
      "/nothing",
      "/twilio",
      "/twilio/nothing",
      "/browser",
      "/v1",
      "/v1/models",
      "/assets/../main.ts",
    ]
  ) {
    const response = await request(path);
    assertEquals(response.status, 404, path);
    assertMatch(await response.text(), /^There is nothing at \//, path);
  }
  for (
    const [method, path] of [["GET", "/twilio/voice"], ["POST", "/twilio/stream"], ["PUT", "/"], [
      "POST",
      "/health",
    ]] as const
  ) {
    assertEquals((await request(path, { method })).status, 404, `${method} ${path}`);
  }
});

test("a route for WebSockets says so to whoever comes without one", async () => {
  const { request, deps, sockets } = testApp();
  for (const path of ["/twilio/stream", "/browser/stream", "/v1/realtime"]) {
    const response = await request(path);
    assertEquals([response.status, await response.text()], [
      426,
      "Upgrade is missing: this is a WebSocket",
    ]);
    assertEquals((await request(path, { headers: { Upgrade: "h2c" } })).status, 426);
  }
  assertEquals([sockets.length, deps.registry.closedBecause], [0, null]);
});

test("a request that only looks like a handshake leaves no place taken", async () => {
  // Without Sec-WebSocket-Key both runtimes refuse to upgrade, and no handler ever runs.
  const all = testApp({ EARSHOT_MAX_CALLS: "2", EARSHOT_REALTIME: "on" });
  all.handshakes = false;
  for (const path of ["/twilio/stream", "/browser/stream", "/v1/realtime"]) {
    for (let i = 0; i < 5; i++) {
      assertEquals((await all.request(path, { headers: all.handshake() })).status, 426);
    }
  }
  assertEquals((await all.request("/ready")).status, 200);
  all.handshakes = true;
  for (const path of ["/twilio/stream", "/browser/stream", "/v1/realtime"]) {
    assertEquals((await all.dial(path))[0], 200, path);
    all.sockets.at(-1)!.handlers.close(1006, "");
  }
  all.end();
});

test("what fails inside is answered 500, and told to the log, not to the caller", async () => {
  const { request, deps, lines } = testApp();
  deps.telemetry.metrics = () => Promise.reject(new Error("secret detail"));
  const response = await request("/metrics");
  assertEquals(response.status, 500);
  const text = await response.text();
  assertEquals(text, "Something went wrong on our side");
  assertNotMatch(text, /secret/);
  assertEquals(lines.filter((line) => line.startsWith("error: A request failed")).length, 1);
});
