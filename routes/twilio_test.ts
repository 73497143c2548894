import test from "node:test";
import {
  assert,
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertStringIncludes,
} from "@std/assert";
import { getExpectedTwilioSignature } from "twilio/lib/webhooks/webhooks.js";
import { ORIGIN, type TestApp, testApp, type TestSocket } from "./test_app.ts";

const AUTH_TOKEN = "0123456789abcdef0123456789abcdef";
const PUBLIC_URL = "https://voice.example.com";
const FORM = { CallSid: "CA1", AccountSid: "AC1", From: "+15550100", To: "+15550199" };

/** A form that Twilio would have posted to `url`. */
function signed(all: TestApp, path: string, form: Record<string, string>, url: string) {
  const signature = getExpectedTwilioSignature(AUTH_TOKEN, url, form);
  return all.post(path, form, { "X-Twilio-Signature": signature });
}

/** The upgrade that Twilio would ask for at the URL of the TwiML. */
function dialSigned(all: TestApp, url = "wss://voice.example.com/twilio/stream") {
  const signature = getExpectedTwilioSignature(AUTH_TOKEN, url, {});
  return all.dial("/twilio/stream", { "X-Twilio-Signature": signature });
}

function tokenOf(twiml: string): string {
  return /<Parameter name="token" value="([^"]+)"\/>/.exec(twiml)![1]!;
}

function start(callSid: string, token?: string): object {
  return {
    event: "start",
    sequenceNumber: "1",
    streamSid: `MZ${callSid}`,
    start: {
      accountSid: "AC1",
      streamSid: `MZ${callSid}`,
      callSid,
      tracks: ["inbound"],
      mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
      customParameters: token ? { token } : {},
    },
  };
}

/** A socket that has opened and named its call. */
function begun(socket: TestSocket | undefined, callSid: string, token?: string): TestSocket {
  assert(socket, "no socket");
  socket.open().say({ event: "connected", protocol: "Call", version: "1.0.0" });
  socket.say(start(callSid, token));
  return socket;
}

test("POST /twilio/voice without an auth token answers anyone, with TwiML for the request's own URL", async () => {
  const all = testApp();
  const response = await all.post("/twilio/voice", FORM);
  assertEquals(response.status, 200);
  assertMatch(response.headers.get("content-type")!, /^text\/xml/);
  const twiml = await response.text();
  assertStringIncludes(twiml, '<Stream url="ws://earshot.test/twilio/stream"');
  assertStringIncludes(twiml, 'statusCallback="http://earshot.test/twilio/status"');
  assertEquals(all.deps.registry.closedBecause, null);
});

test("POST /twilio/voice with PUBLIC_URL sends Twilio to where it was told, never to the Host header", async () => {
  const all = testApp({ PUBLIC_URL });
  const twiml = await (await all.post("/twilio/voice?a=1", FORM)).text();
  assertStringIncludes(twiml, '<Stream url="wss://voice.example.com/twilio/stream" ');
  assertStringIncludes(twiml, 'statusCallback="https://voice.example.com/twilio/status"');
});

test("POST /twilio/voice: with an auth token only what Twilio signed is answered", async () => {
  const all = testApp({ TWILIO_AUTH_TOKEN: AUTH_TOKEN, PUBLIC_URL });
  const url = `${PUBLIC_URL}/twilio/voice`;
  assertEquals((await signed(all, "/twilio/voice", FORM, url)).status, 200);
  assertEquals((await signed(all, "/twilio/voice?x=1", FORM, `${url}?x=1`)).status, 200);
  const refused: [what: string, answer: Promise<Response>][] = [
    ["no signature", all.post("/twilio/voice", FORM)],
    ["a wrong one", all.post("/twilio/voice", FORM, { "X-Twilio-Signature": "AAAA" })],
    ["another URL", signed(all, "/twilio/voice", FORM, `${ORIGIN}/twilio/voice`)],
    ["another query", signed(all, "/twilio/voice?x=2", FORM, `${url}?x=1`)],
  ];
  const signature = getExpectedTwilioSignature(AUTH_TOKEN, url, FORM);
  const other = { ...FORM, CallSid: "CA2" };
  refused.push([
    "another form",
    all.post("/twilio/voice", other, { "X-Twilio-Signature": signature }),
  ]);
  for (const [what, answer] of refused) {
    const response = await answer;
    assertEquals(response.status, 403, what);
    assertNotMatch(await response.text(), /<Stream|token/);
  }
  assertEquals(all.lines.filter((line) => line.includes("without a valid signature")).length, 5);
});

test("POST /twilio/voice without a CallSid is a 400 that says so", async () => {
  const all = testApp();
  for (const form of [{}, { CallSid: "" }, { callsid: "CA1" }]) {
    const response = await all.post("/twilio/voice", form as Record<string, string>);
    assertEquals([response.status, await response.text()], [
      400,
      "CallSid is missing from the form",
    ]);
  }
});

test("a form that is too large is refused, whether its length is told or not", async () => {
  const all = testApp();
  const body = `CallSid=CA1&x=${"y".repeat(70_000)}`;
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  for (const path of ["/twilio/voice", "/twilio/status"]) {
    const told = await all.request(path, {
      method: "POST",
      body,
      headers: { ...headers, "Content-Length": String(body.length) },
    });
    assertEquals(told.status, 413);
    const stream = new Response(body).body!;
    const init = { method: "POST", body: stream, headers, duplex: "half" } as RequestInit;
    assertEquals((await all.request(path, init)).status, 413);
  }
  assertEquals(all.deps.registry.closedBecause, null);
});

test("over capacity a caller hears politely that the lines are busy, and that is counted", async () => {
  const all = testApp({ EARSHOT_MAX_CALLS: "1" });
  assertStringIncludes(await (await all.post("/twilio/voice", FORM)).text(), "<Stream");
  const response = await all.post("/twilio/voice", { ...FORM, CallSid: "CA2" });
  assertEquals(response.status, 200);
  const twiml = await response.text();
  assertMatch(twiml, /<Say>Sorry, all our lines are busy.*<Hangup\/>/);
  assertNotMatch(twiml, /<Stream/);
  assertMatch(
    await all.deps.telemetry.metrics(),
    /earshot_calls_refused_total\{[^}]*reason="full"[^}]*\} 1/,
  );
  // Twilio repeats a webhook when it got no answer in time: that is the same call.
  assertStringIncludes(await (await all.post("/twilio/voice", FORM)).text(), "<Stream");
});

test("while draining a new caller hears the same, and a new socket gets 503", async () => {
  const all = testApp();
  void all.deps.registry.drain();
  assertMatch(await (await all.post("/twilio/voice", FORM)).text(), /all our lines are busy/);
  const [status] = await all.dial("/twilio/stream");
  assertEquals(status, 503);
});

test("POST /twilio/status gives back the place of a call that ended before its stream came", async () => {
  const all = testApp({ EARSHOT_MAX_CALLS: "1" });
  await all.post("/twilio/voice", FORM);
  assertEquals(
    (await all.post("/twilio/status", { CallSid: "CA1", CallStatus: "ringing" })).status,
    204,
  );
  assertEquals(all.deps.registry.closedBecause, "full");
  assertEquals(
    (await all.post("/twilio/status", { CallSid: "CA1", CallStatus: "no-answer" })).status,
    204,
  );
  assertEquals(all.deps.registry.closedBecause, null);
});

test("POST /twilio/status wants a signature too, and tells the log of stream errors", async () => {
  const all = testApp({ TWILIO_AUTH_TOKEN: AUTH_TOKEN, PUBLIC_URL });
  const form = { CallSid: "CA1", StreamEvent: "stream-error", StreamError: "31951" };
  assertEquals((await all.post("/twilio/status", form)).status, 403);
  const url = `${PUBLIC_URL}/twilio/status`;
  assertEquals((await signed(all, "/twilio/status", form, url)).status, 204);
  assertEquals(all.lines.filter((line) => line.includes('"code":"31951"')).length, 1);
});

test("GET /twilio/stream: with an auth token only an upgrade that Twilio signed is granted", async () => {
  const all = testApp({ TWILIO_AUTH_TOKEN: AUTH_TOKEN, PUBLIC_URL });
  const url = "wss://voice.example.com/twilio/stream";
  for (const spelling of [url, `${url}/`]) {
    assertEquals((await dialSigned(all, spelling))[0], 200, spelling);
  }
  for (const spelling of [`https${url.slice(3)}`, "wss://earshot.test/twilio/stream", `${url}//`]) {
    assertEquals((await dialSigned(all, spelling))[0], 403, spelling);
  }
  assertEquals((await all.dial("/twilio/stream"))[0], 403);
  // Twilio sends no query, so whoever does is not Twilio.
  const signature = getExpectedTwilioSignature(AUTH_TOKEN, `${url}?x=1`, {});
  const headers = { "X-Twilio-Signature": signature };
  assertEquals((await all.dial("/twilio/stream?x=1", headers))[0], 403);
  assertEquals(all.sockets.length, 2);
  all.end();
});

test("a call from webhook to hang-up: its place, its token, its end", async () => {
  const all = testApp({ TWILIO_AUTH_TOKEN: AUTH_TOKEN, PUBLIC_URL, EARSHOT_MAX_CALLS: "1" });
  const url = `${PUBLIC_URL}/twilio/voice`;
  const twiml = await (await signed(all, "/twilio/voice", FORM, url)).text();
  const socket = begun((await dialSigned(all))[1], "CA1", tokenOf(twiml));
  const { registry } = all.deps;
  assertEquals([socket.closes, registry.live, [...registry.calls.keys()]], [[], 1, ["CA1"]]);
  assertEquals((await all.request("/ready")).status, 503);
  socket.say({ event: "stop", streamSid: "MZCA1" });
  socket.handlers.close(1000, "");
  assertEquals([registry.live, registry.calls.size], [0, 0]);
  assertEquals((await all.request("/ready")).status, 200);
});

test("a stream without the token of its call is closed, and its place is free again", async () => {
  const all = testApp({ TWILIO_AUTH_TOKEN: AUTH_TOKEN, PUBLIC_URL, EARSHOT_MAX_CALLS: "1" });
  const { registry, tokens } = all.deps;
  const used = tokens.issue("CA1");
  assertEquals(tokens.redeem(used, "CA1"), null);
  const cases: [token: string | undefined, reason: string][] = [
    [undefined, "the token is missing"],
    ["1.2.3", "the token is malformed"],
    [tokens.issue("CA2"), "the token is not for this call"],
    [used, "the token was used before"],
  ];
  for (const [token, reason] of cases) {
    const socket = begun((await dialSigned(all))[1], "CA1", token);
    assertEquals(socket.closes, [{ code: 1008, reason }]);
    assertEquals(registry.live, 0);
    socket.handlers.close(1008, "");
    assertEquals(registry.closedBecause, null);
  }
  // What was refused told the log why, without the token.
  const told = all.lines.filter((line) => line.includes("A stream was refused"));
  assertEquals([told.length, told.some((line) => line.includes(used))], [4, false]);
});

test("a second stream of a live call is refused, and the first one goes on", async () => {
  const all = testApp();
  const first = begun((await all.dial("/twilio/stream"))[1], "CA1");
  const second = begun((await all.dial("/twilio/stream"))[1], "CA1");
  assertEquals([first.closes, second.closes], [
    [],
    [{ code: 1008, reason: "this call has a stream already" }],
  ]);
  second.handlers.close(1008, "");
  assertEquals([all.deps.registry.live, [...all.deps.registry.calls.keys()]], [1, ["CA1"]]);
  all.end();
  // A phone call leaves its place when the phone is hung up.
  await new Promise((go) => setTimeout(go, 5));
  assertEquals(all.deps.registry.live, 0);
});

test("a stream that nobody has a reservation is refused when all places are reserved", async () => {
  const all = testApp({ EARSHOT_MAX_CALLS: "1" });
  await all.post("/twilio/voice", FORM);
  const stranger = begun((await all.dial("/twilio/stream"))[1], "CA9");
  assertEquals(stranger.closes, [{ code: 1008, reason: "no new calls: full" }]);
  stranger.handlers.close(1008, "");
  const guest = begun((await all.dial("/twilio/stream"))[1], "CA1");
  assertEquals(guest.closes, []);
  all.end();
});

test("a socket that goes before it says who it is gives its place back", async () => {
  const all = testApp({ EARSHOT_MAX_CALLS: "1" });
  const [, socket] = await all.dial("/twilio/stream");
  assertEquals((await all.dial("/twilio/stream"))[0], 503);
  socket!.handlers.close(1006, "");
  assertEquals((await all.dial("/twilio/stream"))[0], 200);
  all.end();
});
