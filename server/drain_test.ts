import test from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { drain } from "./drain.ts";
import { testApp } from "../routes/test_app.ts";

/** How long it took. */
async function timed(work: Promise<void>): Promise<number> {
  const beganMs = performance.now();
  await work;
  return performance.now() - beganMs;
}

const wait = (ms: number) => new Promise((go) => setTimeout(go, ms));

test("drain with nobody on the line takes the time of the closing handshakes", async () => {
  const { deps } = testApp();
  const tookMs = await timed(drain(deps));
  assert(tookMs > 200 && tookMs < 1500, `${tookMs} ms`);
  assertEquals(deps.registry.draining, true);
});

test("drain lets a call end by itself, takes nobody new meanwhile, and then doesn't wait", async () => {
  const { deps, dial, request } = testApp({ EARSHOT_DRAIN_MS: "60000" });
  const [, socket] = await dial("/browser/stream");
  socket!.open();
  let done = false;
  const took = timed(drain(deps).then(() => void (done = true)));
  await wait(100);
  assertEquals([done, deps.registry.live, socket!.closes], [false, 1, []]);
  assertEquals((await dial("/browser/stream"))[0], 503);
  assertEquals((await request("/ready")).status, 503);
  assertEquals((await (await request("/health")).json()).status, "draining");
  assertMatch(await deps.telemetry.metrics(), /^earshot_draining(\{.*\})? 1$/m);
  socket!.say({ type: "bye" });
  socket!.handlers.close(1000, "");
  const tookMs = await took;
  assert(tookMs < 1500, `${tookMs} ms`);
});

test("at the deadline the calls that are left are ended, and they are told why", async () => {
  const { deps, dial, lines } = testApp({ EARSHOT_DRAIN_MS: "100" });
  const sockets = [];
  for (let i = 0; i < 3; i++) {
    const [, socket] = await dial("/browser/stream");
    sockets.push(socket!.open());
  }
  const tookMs = await timed(drain(deps));
  assert(tookMs >= 100 && tookMs < 2000, `${tookMs} ms`);
  assertEquals(deps.registry.calls.size, 0);
  for (const { messages, closes } of sockets) {
    assertEquals(messages.at(-1), { type: "bye", reason: "draining" });
    assertEquals(closes[0], { code: 1000, reason: "draining" });
  }
  assert(lines.some((line) => line.startsWith("warn: The deadline has come")));
});

test("a caller with a reservation is still admitted, and drain waits for them", async () => {
  const { deps, post, dial } = testApp({ EARSHOT_DRAIN_MS: "60000" });
  await post("/twilio/voice", { CallSid: "CA1" });
  let done = false;
  const took = timed(drain(deps).then(() => void (done = true)));
  const [status, socket] = await dial("/twilio/stream");
  assertEquals(status, 200);
  socket!.open().say({
    event: "start",
    streamSid: "MZ1",
    start: {
      accountSid: "AC1",
      callSid: "CA1",
      mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
    },
  });
  await wait(400);
  assertEquals([done, deps.registry.live], [false, 1]);
  socket!.say({ event: "stop", streamSid: "MZ1" });
  socket!.handlers.close(1000, "");
  assert(await took < 2000);
});
