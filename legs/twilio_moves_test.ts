import test from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { within } from "../runtime/within.ts";
import type { LegHandlers } from "./leg.ts";
import { base64, frame, media, Rig, SID, START } from "./test_twilio.ts";
import { FakeCall, FakeSocket } from "./test_wire.ts";
import { TwilioLeg } from "./twilio.ts";

const ACCOUNT = { accountSid: "AC0123456789abcdef0123456789abcdef", authToken: "the-token" };
const STOP = { event: "stop", sequenceNumber: "9", streamSid: SID, stop: {} };

/** Twilio's API, which answers each update with `status`. */
async function withApi(
  status: number,
  use: (account: typeof ACCOUNT & { apiUrl: string }, bodies: string[]) => Promise<void>,
): Promise<void> {
  const bodies: string[] = [];
  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => body += piece);
    request.on("end", () => {
      bodies.push(body);
      response.writeHead(status, { Connection: "close" }).end("{}");
    });
  });
  await new Promise<void>((go) => server.listen(0, "127.0.0.1", () => go()));
  try {
    const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await use({ ...ACCOUNT, apiUrl }, bodies);
  } finally {
    server.close();
  }
}

test("TwilioLeg.move gives Twilio the TwiML of the next stream, and this one ends as moved", async () => {
  await withApi(200, async (account, bodies) => {
    const rig = Rig.started();
    rig.account = account;
    await rig.leg.move("the token");
    const form = Object.fromEntries(new URLSearchParams(bodies[0]));
    assertEquals(form, { Twiml: "<Response>CA1 the token</Response>" });
    assertEquals(rig.call.ends, []);
    rig.say(STOP);
    assertEquals(rig.call.ends, ["moved"]);
  });
});

test("TwilioLeg.move that Twilio refuses, or for which we have no key, changes nothing", async () => {
  const rig = Rig.started();
  await assertRejects(() => rig.leg.move("t"), Error, "TWILIO_AUTH_TOKEN is not set");
  await withApi(404, async (account) => {
    rig.account = account;
    await assertRejects(() => rig.leg.move("t"), Error, "did not redirect call CA1: HTTP 404");
  });
  rig.say(STOP);
  assertEquals(rig.call.ends, ["caller"]);
});

test("TwilioLeg.move whose answer is lost is not asked for again once the stream has ended", async () => {
  await withApi(503, async (account, bodies) => {
    const rig = Rig.started();
    rig.account = account;
    const moved = rig.leg.move("the token");
    await within(2000, until(() => bodies.length === 1), () => assert(false, "it asked nobody"));
    rig.say(STOP);
    await moved;
    assertEquals([rig.call.ends, bodies.length], [["moved"], 1]);
  });
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((go) => setTimeout(go, 5));
}

/** A leg whose call is begun when the test says so. */
function later() {
  const { promise, resolve, reject } = Promise.withResolvers<LegHandlers | string>();
  const socket = new FakeSocket();
  const tokens: (string | undefined)[] = [];
  const leg = new TwilioLeg(
    ({ resumeToken }) => (tokens.push(resumeToken), promise),
    () => {},
    { framesIn: 0, framesSlowPath: 0 },
    { refuses: () => null, account: () => null, handOver: () => "", onwards: () => "" },
  );
  leg.open(socket);
  const start = structuredClone(START);
  Object.assign(start.start.customParameters, { resume: "r" });
  leg.text(JSON.stringify(start));
  return { leg, socket, resolve, reject, tokens };
}

const soon = () => new Promise((go) => setTimeout(go, 0));

test("TwilioLeg: what is said while a call that goes on is looked up is not lost", async () => {
  const { leg, resolve, tokens } = later();
  const call = new FakeCall();
  leg.text(media(0, base64(1)));
  leg.text(media(20, base64(2)));
  leg.text(JSON.stringify({ event: "dtmf", streamSid: SID, dtmf: { track: "i", digit: "5" } }));
  assertEquals(call.frames.length, 0);
  resolve(call);
  await soon();
  leg.text(media(40, base64(3)));
  assertEquals(call.frames, [frame(1), frame(2), frame(3)]);
  assertEquals([call.digits, tokens], [["5"], ["r"]]);
  leg.close();
  assertEquals(call.ends, ["lost"]);
});

test("TwilioLeg: of what waits too long the oldest goes", async () => {
  const { leg, resolve } = later();
  const call = new FakeCall();
  for (let i = 0; i < 600; i++) leg.text(media(i * 20, base64(i % 256)));
  resolve(call);
  await soon();
  assertEquals(call.frames.length, 500);
  assertEquals(call.frames[0], frame(100));
  leg.close();
});

test("TwilioLeg: a call that is refused, or can't be begun, closes the stream with the reason", async () => {
  for (const fails of [false, true]) {
    const { leg, socket, resolve, reject } = later();
    if (fails) reject(new Error("broken"));
    else resolve("not this one");
    await soon();
    const reason = fails ? "Error: broken" : "not this one";
    assertEquals(socket.closes, [{ code: 1008, reason }]);
    leg.close();
  }
});

test("TwilioLeg: a call that is begun when the stream has gone is told so", async () => {
  const { leg, resolve } = later();
  const call = new FakeCall();
  leg.close();
  resolve(call);
  await soon();
  assertEquals(call.ends, ["lost"]);
});
