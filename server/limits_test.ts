import test from "node:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Registry, type RegistrySettings } from "./registry.ts";
import { TokenBucket } from "../runtime/token_bucket.ts";
import { testApp } from "../routes/test_app.ts";

function registryAt(settings: Partial<RegistrySettings>) {
  const clock = { nowMs: 0 };
  const all = { maxCalls: 10, reservationMs: 1000, ...settings };
  return { clock, registry: new Registry<object>(all, () => clock.nowMs) };
}

test("a number has its bound of calls, reserved and live, and gets each place back", () => {
  const { registry, clock } = registryAt({ maxCallsPerCaller: 2 });
  const ring = (callId: string, from = "+15550001") =>
    registry.refusal("twilio", from, callId) ?? (registry.reserve(callId, from) ? null : "full");
  assertEquals([ring("CA1"), ring("CA2"), ring("CA3")], [null, null, "caller_limit"]);
  // The webhook may come twice for one call.
  assertEquals(ring("CA2"), null);
  assertEquals(ring("CA4", "+15550002"), null);
  // Who withholds the number shares it with many.
  for (let i = 0; i < 3; i++) assertEquals(ring(`CAx${i}`, ""), null);
  const admission = registry.arrive()!;
  assertEquals(admission.admit("CA1"), true);
  assertEquals(ring("CA3"), "caller_limit");
  admission.release();
  admission.release();
  assertEquals(ring("CA3"), null);
  clock.nowMs = 1000;
  assertEquals(ring("CA5"), null, "reservations end by themselves");
});

test("browsers have a bound of their own, and an address has one", () => {
  const { registry } = registryAt({ maxBrowserCalls: 3, maxCallsPerAddress: 2 });
  const come = (address: string) =>
    registry.refusal("browser", address) ?? registry.arrive("browser", address)!;
  const [first] = [come("192.0.2.1"), come("192.0.2.1")];
  assertEquals(come("192.0.2.1"), "address_limit");
  come("192.0.2.2");
  assertEquals(come("192.0.2.3"), "browsers_full");
  // The phone has what is left.
  for (let i = 0; i < 7; i++) {
    assertEquals(registry.refusal("twilio", ""), null);
    assertEquals(registry.reserve(`CA${i}`), true);
  }
  assertEquals(registry.refusal("twilio", ""), "full");
  (first as { release(): void }).release();
  assertEquals(registry.refusal("browser", "192.0.2.1"), null);
});

test("new calls a second are bounded for each kind apart", () => {
  const { registry, clock } = registryAt({ newCallsPerSecond: 2 });
  const kinds = ["browser", "browser", "browser", "twilio"] as const;
  assertEquals(kinds.map((kind) => registry.refusal(kind, "")), [null, null, "too_fast", null]);
  clock.nowMs = 500;
  assertEquals(registry.refusal("browser", ""), null);
  assertEquals(registry.refusal("browser", ""), "too_fast");
});

test("a bucket gives what was saved, then what comes in, and never more than it holds", () => {
  let nowMs = 0;
  const bucket = new TokenBucket(10, 5, () => nowMs);
  const take = (n: number) => Array.from({ length: n }, () => bucket.take()).filter(Boolean).length;
  assertEquals(take(9), 5);
  nowMs = 300;
  assertEquals(take(9), 3);
  nowMs = 60_000;
  assertEquals(take(9), 5);
});

test("a phone over a limit hears that all lines are busy, and the metrics say which limit", async () => {
  const all = testApp({ EARSHOT_MAX_CALLS_PER_CALLER: "1" });
  const ring = async (CallSid: string, From: string) =>
    await (await all.post("/twilio/voice", { CallSid, From })).text();
  assertStringIncludes(await ring("CA1", "+14155550100"), "<Connect>");
  const busy = await ring("CA2", "+14155550100");
  assertStringIncludes(busy, "all our lines are busy");
  assertStringIncludes(await ring("CA3", "+14155550101"), "<Connect>");
  for (const CallSid of ["CA4", "CA5"]) {
    assertStringIncludes(await ring(CallSid, "+266696687"), "<Connect>");
    assertStringIncludes(await ring(`${CallSid}x`, "anonymous"), "<Connect>");
  }
  const metrics = await all.deps.telemetry.metrics();
  assertStringIncludes(
    metrics,
    'earshot_calls_refused_total{reason="caller_limit",region="local"} 1',
  );
});

test("a crowd on the page leaves the phone its places", async () => {
  const all = testApp({ EARSHOT_MAX_CALLS: "4" });
  const statuses = [];
  for (let i = 0; i < 4; i++) statuses.push((await all.dial("/browser/stream"))[0]);
  assertEquals(statuses, [200, 200, 503, 503]);
  const ring = await all.post("/twilio/voice", { CallSid: "CA1", From: "+14155550100" });
  assertStringIncludes(await ring.text(), "<Connect>");
  all.end();
});

test("a browser's address is the socket's, or what a proxy nearby says; never what a stranger says", async () => {
  const env = { EARSHOT_MAX_CALLS_PER_ADDRESS: "1" };
  const status = async (remote: string, forwarded?: string) => {
    all.remoteAddress = remote;
    return (await all.dial("/browser/stream", forwarded ? { "x-forwarded-for": forwarded } : {}))[
      0
    ];
  };
  let all = testApp(env);
  assertEquals(await status("203.0.113.1", "198.51.100.1"), 200);
  assertEquals(await status("203.0.113.1", "198.51.100.2"), 429);
  all.end();
  all = testApp(env);
  assertEquals(await status("127.0.0.1", "198.51.100.1"), 200);
  assertEquals(await status("127.0.0.1", "198.51.100.2"), 200);
  // A client writes the first entries itself; the last one is the proxy's own.
  assertEquals(await status("127.0.0.1", "198.51.100.9, 198.51.100.2"), 429);
  all.end();
  all = testApp(env);
  assertEquals(await status("2001:db8:1:2::1"), 200);
  assertEquals(await status("2001:db8:1:2:ffff::9"), 429);
  assertEquals(await status("2001:db8:1:3::1"), 200);
  all.end();
});

test("an address is the same in each way that a proxy writes it", async () => {
  const same = [
    ["198.51.100.1", "198.51.100.1:40001", "198.51.100.1:40002", "::ffff:198.51.100.1"],
    ["198.51.100.1", "::FFFF:c633:6401", "[::ffff:198.51.100.1]:443", "0:0:0:0:0:ffff:c633:6401"],
    ["2001:db8:1:2::1", "[2001:db8:1:2::1]", "[2001:DB8:1:2::9]:443", "2001:0db8:0001:2:0:0:0:7"],
  ];
  for (const [first, ...others] of same) {
    const all = testApp({ EARSHOT_MAX_CALLS_PER_ADDRESS: "1" });
    const status = async (forwarded: string) =>
      (await all.dial("/browser/stream", { "x-forwarded-for": forwarded }))[0];
    assertEquals(await status(first!), 200);
    for (const other of others) assertEquals(await status(other), 429, other);
    // Neighbours, each in a network of its own.
    for (const other of ["::ffff:198.51.100.2", "198.51.100.3:40001", "2001:db8:1:3::1"]) {
      assertEquals(await status(other), 200, other);
    }
    all.end();
  }
});

test("a socket that sends too much, or too often, is closed, and nothing of it is read", async () => {
  const all = testApp({ EARSHOT_MESSAGES_PER_SECOND: "100", EARSHOT_REALTIME: "on" });
  const [, fast] = await all.dial("/v1/realtime");
  fast!.open();
  // What came before is answered; ten seconds' worth may come at once.
  for (let i = 0; i < 2000; i++) fast!.handlers.text("{}");
  assertEquals(fast!.closes.length, 1);
  assertEquals(fast!.closes[0]!.code, 1008);
  const answered = fast!.messages.length;
  assertEquals(answered > 900 && answered < 1200, true, String(answered));
  for (
    const [path, size] of [["/v1/realtime", 1_048_577], ["/browser/stream", 262_145], [
      "/twilio/stream",
      65_537,
    ]] as const
  ) {
    const [, large] = await all.dial(path);
    large!.open();
    large!.handlers.text(" ".repeat(size));
    assertEquals(large!.closes.map(({ code }) => code), [1009], path);
  }
  const metrics = await all.deps.telemetry.metrics();
  for (
    const what of ['route="realtime",reason="message_rate"', 'route="twilio",reason="message_size"']
  ) {
    assertStringIncludes(metrics, `earshot_sockets_refused_total{${what}`);
  }
  all.end();
});
