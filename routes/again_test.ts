import test from "node:test";
import { assert, assertEquals, assertMatch, assertNotEquals, assertNotMatch } from "@std/assert";
import { getExpectedTwilioSignature } from "twilio/lib/webhooks/webhooks.js";
import { type TestApp, testApp, type TestSocket } from "./test_app.ts";

const AUTH_TOKEN = "0123456789abcdef0123456789abcdef";
const PUBLIC_URL = "https://voice.example.com";
const ENV = {
  TWILIO_AUTH_TOKEN: AUTH_TOKEN,
  PUBLIC_URL,
  TWILIO_API_URL: "http://127.0.0.1:1",
};

/** Posts a form to one of our URLs, as Twilio does. */
async function post(all: TestApp, url: string, callId = "CA1", headers = {}): Promise<string> {
  const form = { CallSid: callId, AccountSid: "AC1", To: "+15550199" };
  const signature = getExpectedTwilioSignature(AUTH_TOKEN, url, form);
  const { pathname, search } = new URL(url);
  const response = await all.post(pathname + search, form, {
    "X-Twilio-Signature": signature,
    ...headers,
  });
  const twiml = await response.text();
  assertEquals(response.status, 200, twiml);
  return twiml;
}

const againOf = (twiml: string) =>
  /<Redirect method="POST">([^<]+)<\/Redirect>/.exec(twiml)![1]!.replaceAll("&amp;", "&");

const parametersOf = (twiml: string) =>
  Object.fromEntries(
    [...twiml.matchAll(/<Parameter name="(\w+)" value="([^"]+)"\/>/g)].map(([, k, v]) => [k, v]),
  ) as Record<string, string>;

/** A stream that says `start` with what the TwiML has given it. */
async function stream(
  all: TestApp,
  parameters: Record<string, string>,
  callId = "CA1",
): Promise<TestSocket> {
  const url = "wss://voice.example.com/twilio/stream";
  const signature = getExpectedTwilioSignature(AUTH_TOKEN, url, {});
  const [status, socket] = await all.dial("/twilio/stream", { "X-Twilio-Signature": signature });
  assertEquals(status, 200);
  socket!.open().say({
    event: "start",
    streamSid: "MZ1",
    start: {
      accountSid: "AC1",
      callSid: callId,
      mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
      customParameters: parameters,
    },
  });
  // A call that goes on is looked up first.
  await new Promise((go) => setTimeout(go, 5));
  return socket!;
}

/** What we told Twilio at the webhook, and a call by it. */
async function begun(all: TestApp): Promise<{ twiml: string; socket: TestSocket }> {
  const twiml = await post(all, `${PUBLIC_URL}/twilio/voice`);
  return { twiml, socket: await stream(all, parametersOf(twiml)) };
}

const wentOn = (all: TestApp) => all.lines.filter((line) => line.includes("A call goes on here"));

test("a stream that breaks is asked for again, and the call goes on with what was known", async () => {
  const all = testApp(ENV);
  const { twiml, socket } = await begun(all);
  assertMatch(againOf(twiml), /^https:\/\/voice\.example\.com\/twilio\/voice\/again\?n=1&resume=/);
  const call = all.deps.registry.calls.get("CA1")!;
  const { startedAtMs } = call;
  socket.handlers.close(1006, "");
  assertEquals([call.endReason, all.deps.registry.live], ["caller_lost", 0]);
  const again = await post(all, againOf(twiml));
  assertMatch(againOf(again), /again\?n=2&resume=/);
  assertNotEquals(againOf(again), againOf(twiml));
  assertEquals(parametersOf(again).to, "+15550199");
  await stream(all, parametersOf(again));
  assertMatch(wentOn(all)[0]!, /"known":true/);
  assertEquals(all.deps.registry.calls.get("CA1")!.startedAtMs, startedAtMs);
  all.end();
});

test("a call of which nothing is known goes on all the same", async () => {
  const all = testApp(ENV);
  const { twiml } = await begun(testApp(ENV));
  const again = await post(all, againOf(twiml));
  await stream(all, parametersOf(again));
  assertMatch(wentOn(all)[0]!, /"known":false/);
  all.end();
});

test("a call that ended on purpose is hung up, and one that the brain ended hears why", async () => {
  for (const [reason, wanted] of [["draining", /<Response><Hangup\/>/]] as const) {
    const all = testApp(ENV);
    const { twiml } = await begun(all);
    all.deps.registry.calls.get("CA1")!.end(reason);
    assertMatch(await post(all, againOf(twiml)), wanted);
    all.end();
  }
  const all = testApp(ENV);
  const { twiml, socket } = await begun(all);
  socket.handlers.close(1006, "");
  all.deps.handovers.keep("CA1", { type: "ended", reason: "brain_failed" });
  assertMatch(await post(all, againOf(twiml)), /<Say>Sorry, the connection was lost/);
  all.end();
});

test("a stream that was stopped was not hung up when the webhook is asked again: the call goes on", async () => {
  const all = testApp(ENV);
  const { twiml, socket } = await begun(all);
  const call = all.deps.registry.calls.get("CA1")!;
  socket.say({ event: "stop", streamSid: "MZ1" });
  assertEquals([call.endReason, all.deps.registry.live], ["caller_hung_up", 0]);
  const again = await post(all, againOf(twiml));
  assertMatch(again, /<Connect>/);
  await stream(all, parametersOf(again));
  assertMatch(wentOn(all)[0]!, /"known":true/);
  all.end();
});

test("a call comes back a few times, and then no more", async () => {
  const all = testApp(ENV);
  let { twiml } = await begun(all);
  let returns = 0;
  while (/<Connect>/.test(twiml) && returns < 20) {
    for (const socket of all.sockets) socket.handlers.close(1006, "");
    twiml = await post(all, againOf(twiml));
    if (/<Connect>/.test(twiml)) await stream(all, parametersOf(twiml)), returns++;
  }
  assertEquals(returns, 5);
  assertMatch(twiml, /<Say>Sorry, the connection was lost.*<Hangup\/>/);
  all.end();
});

test("who was not told by us doesn't come back: a count, a token or a call that was changed", async () => {
  const all = testApp(ENV);
  const { twiml, socket } = await begun(all);
  socket.handlers.close(1006, "");
  const again = againOf(twiml);
  const { pathname, search } = new URL(again);
  const form = { CallSid: "CA1" };
  const signature = getExpectedTwilioSignature(AUTH_TOKEN, again, form);
  const changed = search.replace("n=1", "n=0");
  const other = await all.post(pathname + changed, form, { "X-Twilio-Signature": signature });
  assertEquals(other.status, 403);
  for (const n of ["6", "", "abc", "-1e999x"]) {
    assertNotMatch(await post(all, again.replace("n=1", `n=${n}`)), /<Connect>/, n);
  }
  // Twilio's own signature, and still no token of ours.
  assertNotMatch(await post(all, again, "CA2"), /<Connect>/);
  assertNotMatch(await post(all, again.replace(/resume=.*/, "resume=x.y")), /<Connect>/);
  assertMatch(await post(all, again), /<Connect>/);
  assertNotMatch(await post(all, again), /<Connect>/, "a second time");
  all.end();
});

test("a stream whose resume token is forged, of another call, or used is closed with the reason", async () => {
  const all = testApp(ENV);
  const { twiml, socket } = await begun(all);
  socket.handlers.close(1006, "");
  const { tokens, handovers } = all.deps;
  const used = parametersOf(await post(all, againOf(twiml))).resume!;
  await stream(all, { token: tokens.issue("CA1"), resume: used });
  for (
    const [resume, reason] of [
      ["x", /malformed/],
      [handovers.issue("CA2", 0, 60_000), /not for this call/],
      [handovers.issue("CA3", 0, -1), /too old/],
      [used, /not for this call/],
    ] as const
  ) {
    const refused = await stream(all, { token: tokens.issue("CA3"), resume }, "CA3");
    assertEquals(refused.closes[0]!.code, 1008);
    assertMatch(refused.closes[0]!.reason, reason);
  }
  for (const open of all.sockets) open.handlers.close(1006, "");
  const replayed = await stream(all, { token: tokens.issue("CA1"), resume: used });
  assertMatch(replayed.closes[0]!.reason, /used before/);
  assertEquals(all.deps.registry.live, 0);
  all.end();
});

test("a stream that is gone before its call was found leaves the call to whoever comes next", async () => {
  const all = testApp(ENV);
  const { twiml, socket } = await begun(all);
  socket.handlers.close(1006, "");
  const again = await post(all, againOf(twiml));
  const short = stream(all, parametersOf(again));
  all.sockets.at(-1)?.handlers.close(1006, "");
  await short;
  assertEquals(all.deps.registry.live, 0);
  await stream(all, parametersOf(await post(all, againOf(again))));
  assertMatch(wentOn(all).at(-1)!, /"known":true/);
  all.end();
});

test("on Fly a machine that goes sends callers to another one, once; elsewhere they hear that it is full", async () => {
  for (const onFly of [true, false]) {
    const all = testApp({ ...ENV, ...(onFly && { FLY_REGION: "iad" }) });
    void all.deps.registry.drain();
    const url = `${PUBLIC_URL}/twilio/voice`;
    const form = { CallSid: "CA1" };
    const signature = getExpectedTwilioSignature(AUTH_TOKEN, url, form);
    const headers = { "X-Twilio-Signature": signature };
    const [plain, replayed] = [
      await all.post("/twilio/voice", form, headers),
      await all.post("/twilio/voice", form, { ...headers, "fly-replay-src": "instance=a" }),
    ];
    assertEquals(plain.headers.get("fly-replay"), onFly ? "elsewhere=true" : null);
    assertEquals(await plain.text() === "", onFly);
    assertEquals(replayed.headers.get("fly-replay"), null);
    assertMatch(await replayed.text(), /all our lines are busy/);
    const dialled = await all.request("/twilio/stream", {
      headers: {
        Upgrade: "websocket",
        "X-Twilio-Signature": getExpectedTwilioSignature(
          AUTH_TOKEN,
          "wss://voice.example.com/twilio/stream",
          {},
        ),
      },
    });
    assertEquals(dialled.status, onFly ? 200 : 503);
    assert(all.sockets.length === 0);
  }
});
