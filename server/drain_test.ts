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

const MOVES = {
  EARSHOT_INSTANCE_URL: "http://a.internal:8080",
  EARSHOT_DRAIN_MS: "1000",
  EARSHOT_MOVE_MS: "900",
};

/** How another socket goes on with the call of this one. */
function resumeOf(messages: Record<string, unknown>[]): [callId: string, token: string] {
  const { callId, token } = messages.find(({ type }) => type === "resume")!;
  return [String(callId), String(token)];
}

test("before the deadline the calls that are left are moved, and drain waits until they are fetched", async () => {
  const { deps, dial } = testApp(MOVES);
  const [, socket] = await dial("/browser/stream");
  const { closes } = socket!.open();
  const [callId, token] = resumeOf(socket!.messages);
  const took = timed(drain(deps));
  await wait(300);
  assertEquals(socket!.messages.at(-1), { type: "reconnect" });
  assertEquals(closes[0]!.code, 1012);
  assertEquals(deps.registry.live, 0);
  assert(deps.handovers.canMove);
  const given = await deps.handovers.give(token, callId);
  assert(typeof given !== "string");
  const tookMs = await took;
  assert(tookMs < 900, `it waited ${tookMs} ms, though everything was fetched`);
});

test("what nobody fetches is waited for until the deadline, and no longer", async () => {
  const { deps, dial } = testApp(MOVES);
  const [, socket] = await dial("/browser/stream");
  socket!.open();
  const tookMs = await timed(drain(deps));
  assert(tookMs > 950 && tookMs < 2000, `${tookMs} ms`);
  deps.handovers.close();
});

test("a phone that Twilio can't be asked to move is let go, so that the webhook is asked again", async () => {
  const { deps, dial, lines } = testApp(MOVES);
  deps.registry.reserve("CA1");
  const [, socket] = await dial("/twilio/stream");
  socket!.open().say({
    event: "start",
    streamSid: "MZ1",
    start: {
      accountSid: "AC1",
      callSid: "CA1",
      mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
    },
  });
  // Nobody has told us by which key Twilio could be asked.
  const drained = drain(deps);
  await wait(300);
  assertEquals(socket!.closes, [{ code: 1000, reason: "moved" }]);
  const taken = await deps.handovers.take(deps.handovers.issue("CA1", 0, 60_000), "CA1");
  assert("parcel" in taken && taken.parcel.type === "context");
  await drained;
  assert(lines.some((line) => /^error: A call could not be moved/.test(line)));
  assert(lines.some((line) => /A call ended.*"reason":"moved"/.test(line)));
  deps.handovers.close();
});
