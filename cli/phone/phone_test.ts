import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { Phone, saidAtMs } from "./phone.ts";
import { connectTwiml, type TestServerOptions, withServer } from "./test_server.ts";

/** Timers of a busy machine; what is exact is proven in playout_test.ts, without any. */
const JITTER_MS = 50;

const tone = (ms: number) =>
  Uint8Array.from({ length: ms * 8 }, (_, i) => i % 2 === 0 ? 0x80 : 0x00);
describe("Phone: the caller's side", () => {
  it("sends connected, start and media with Twilio's field shapes, numbers as strings", () =>
    withServer({}, async (origin, server) => {
      const phone = new Phone({ webhookUrl: `${origin}/voice` });
      assertEquals(await phone.dial(), "streaming");
      const said = await phone.say(tone(100));
      phone.press("5");
      await phone.hangUp();
      const [connected, start, first, ...rest] = server.streams[0]!.messages;
      const streamSid = server.streams[0]!.streamSid;
      assertEquals(connected, { event: "connected", protocol: "Call", version: "1.0.0" });
      assertEquals(start, {
        event: "start",
        sequenceNumber: "1",
        start: {
          accountSid: phone.accountSid,
          streamSid,
          callSid: phone.callSid,
          tracks: ["inbound"],
          mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
          customParameters: { token: "t1" },
        },
        streamSid,
      });
      assertEquals(first, {
        event: "media",
        sequenceNumber: "2",
        media: {
          track: "inbound",
          chunk: "1",
          timestamp: "20",
          payload: tone(20).toBase64(),
        },
        streamSid,
      });
      assertEquals(said.frames, 5);
      assertEquals(rest.at(-1).event, "stop");
      assertEquals(rest.at(-1).stop, { accountSid: phone.accountSid, callSid: phone.callSid });
      const dtmf = rest.find((message) => message.event === "dtmf");
      assertEquals(dtmf.dtmf, { track: "inbound_track", digit: "5" });
      const sequence = [start, first, ...rest].map((message) => Number(message.sequenceNumber));
      assertEquals(sequence, sequence.map((_, i) => i + 1));
      assertEquals((await phone.ended).by, "caller");
    }));

  it("keeps real pace without drift, and sends silence between clips", () =>
    withServer({}, async (origin, server) => {
      const phone = new Phone({ webhookUrl: `${origin}/voice` });
      await phone.dial();
      const said = await phone.say(tone(300));
      assertAlmostEquals(said.lastFrameAtMs - said.firstFrameAtMs, 280, JITTER_MS);
      assertAlmostEquals(saidAtMs(said, 299), said.lastFrameAtMs, JITTER_MS);
      await phone.waitFor(() => phone.stream.framesSent >= 30, 2000, "30 frames");
      await phone.hangUp();
      const media = server.streams[0]!.messages.filter((message) => message.event === "media");
      const silent = media.filter((m) => Uint8Array.fromBase64(m.media.payload)[0] === 0xff);
      assertEquals(media.length - silent.length, 15);
      assert(silent.length >= 15 && media[20].media.timestamp === "420");
    }));

  it("refuses an empty clip, a key that no phone has, and a second dial", () =>
    withServer({}, async (origin) => {
      const phone = new Phone({ webhookUrl: `${origin}/voice`, maxQueuedMs: 100 });
      assertThrows(() => phone.say(tone(20)), Error, "no stream");
      await phone.dial();
      assertThrows(() => phone.say(new Uint8Array()), RangeError, "empty");
      assertThrows(() => phone.say(tone(120)), RangeError, "120 ms");
      assertThrows(() => phone.press("12"), RangeError, '"12"');
      assertThrows(() => phone.dial(), Error, "dialled already");
      await phone.hangUp();
      assertThrows(() => phone.say(tone(20)), Error, "ended");
    }));

  it("hush stops a clip between two frames and says so", () =>
    withServer({}, async (origin) => {
      const phone = new Phone({ webhookUrl: `${origin}/voice` });
      await phone.dial();
      const saying = phone.say(tone(1000));
      await phone.waitFor(() => phone.stream.framesSent >= 3, 1000, "3 frames");
      phone.hush();
      const said = await saying;
      assert(!said.finished && said.frames >= 3 && said.frames < 10, `${said.frames}`);
      await phone.hangUp();
    }));

  it("with silence absent, sends nothing while silent and lets timestamps jump", () =>
    withServer({}, async (origin, server) => {
      const phone = new Phone({ webhookUrl: `${origin}/voice`, silence: "absent" });
      await phone.dial();
      await phone.say(tone(40));
      await new Promise((resolve) => setTimeout(resolve, 120));
      await phone.say(tone(40));
      await phone.hangUp();
      const media = server.streams[0]!.messages.filter((message) => message.event === "media");
      assertEquals(media.map((m) => m.media.chunk), ["1", "2", "3", "4"]);
      const [, second, third] = media.map((m) => Number(m.media.timestamp));
      assert(third! - second! >= 100, `${third} - ${second}`);
    }));
});

describe("Phone: what it plays", () => {
  it("echoes a mark when what came before has been heard, and at once on an empty queue", () =>
    withServer({
      stream: (stream) => {
        stream.mark("at once");
        stream.media(tone(150));
        stream.mark("after 150 ms");
      },
    }, async (origin, server) => {
      const phone = new Phone({ webhookUrl: `${origin}/voice` });
      await phone.dial();
      const heardAtMs = await phone.waitForAudio(2000, 0);
      await phone.waitFor(() => phone.stream.echoes.total === 2, 2000, "2 marks");
      const [atOnce, later] = phone.stream.echoes.toArray();
      assertLess(Math.abs(atOnce!.atMs - heardAtMs), JITTER_MS);
      assertAlmostEquals(later!.atMs - heardAtMs, 150, JITTER_MS);
      assert(!later!.cleared);
      assertAlmostEquals(await phone.waitForSilence(100), heardAtMs + 150, 1);
      const echoed = () => server.streams[0]!.messages.filter((m) => m.event === "mark");
      await phone.waitFor(() => echoed().length === 2, 1000, "2 marks at the server");
      assertEquals(echoed().map((m) => m.mark.name), ["at once", "after 150 ms"]);
      assertEquals(phone.heard(heardAtMs, heardAtMs + 150), tone(150));
      await phone.hangUp();
    }));

  it("clear stops the sound within the frame and echoes waiting marks at once", () =>
    withServer({
      stream: (stream) => {
        stream.media(tone(5000));
        stream.mark("end");
        setTimeout(() => stream.clear(), 100);
      },
    }, async (origin) => {
      const phone = new Phone({ webhookUrl: `${origin}/voice` });
      await phone.dial();
      await phone.waitFor(() => phone.stream.clears.total === 1, 2000, "clear");
      const clearedAtMs = phone.stream.clears.last()!;
      assertEquals(phone.stream.echoes.last()!.cleared, true);
      assertLess(phone.stream.echoes.last()!.atMs - clearedAtMs, 10);
      const silentAtMs = await phone.waitForSilence(50);
      assertLess(Math.abs(silentAtMs - clearedAtMs), 1);
      await phone.hangUp();
    }));

  it("collects what Twilio would refuse, and plays none of it", () =>
    withServer({
      stream: ({ socket, streamSid }) => {
        const good = { event: "media", streamSid, media: { payload: "/w==" } };
        for (
          const bad of [
            "{",
            "[]",
            JSON.stringify({ ...good, event: "medla" }),
            JSON.stringify({ ...good, streamSid: "MZ0" }),
            JSON.stringify({ event: "media", stream_sid: streamSid, media: { payload: "/w==" } }),
            JSON.stringify({ ...good, extra: 1 }),
            JSON.stringify({ ...good, media: { payload: "" } }),
            JSON.stringify({ ...good, media: { payload: "/w=" } }),
            JSON.stringify({ ...good, media: { payload: "_w==" } }),
            JSON.stringify({ ...good, media: { payload: "/w==", track: "outbound" } }),
            JSON.stringify({ event: "mark", streamSid }),
            JSON.stringify({ event: "mark", streamSid, mark: { name: 3 } }),
            JSON.stringify({ event: "clear", streamSid, clear: {} }),
          ]
        ) socket.send(bad);
        socket.send(new Uint8Array([1, 2, 3]));
        socket.send(JSON.stringify(good));
      },
    }, async (origin) => {
      const phone = new Phone({ webhookUrl: `${origin}/voice` });
      await phone.dial();
      await phone.waitFor(() => phone.stream.framesReceived === 1, 2000, "the good message");
      const violations = phone.stream.violations.toArray();
      assertEquals(violations.map((violation) => violation.code), [
        ...Array(13).fill(31951),
        31924,
      ]);
      assertEquals(phone.stream.playout.counts.playedMs, 1 / 8);
      await phone.hangUp();
    }));
});

describe("Phone: how calls end", () => {
  it("runs the TwiML behind <Connect> when the server closes", () =>
    withServer({
      webhook: (_, host) => connectTwiml(host, "<Say>Sorry.</Say><Hangup/>"),
      stream: (stream) => stream.socket.close(1011, "brain gone"),
    }, async (origin, server) => {
      const phone = new Phone({
        webhookUrl: `${origin}/voice`,
        statusCallbackUrl: `${origin}/status`,
      });
      await phone.dial();
      const end = await phone.ended;
      assertEquals(end.by, "server");
      assertEquals(end.said, ["Sorry."]);
      assertEquals([end.stream?.code, end.stream?.reason], [1011, "brain gone"]);
      await phone.waitFor(
        () =>
          server.requests.some((r) => r.path === "/status" && r.form.CallStatus === "completed"),
        1000,
        "the status callback",
      );
    }));

  it("reports a refused webhook, refused upgrade, query in the url, and bad TwiML", async () => {
    const cases: [TestServerOptions["webhook"], number][] = [
      [() => 403, 11200],
      [() => "<Response><Connect>", 12100],
      [
        () => `<Response><Connect><Stream url="ws://127.0.0.1:1/x?a=b"/></Connect></Response>`,
        31920,
      ],
      [() => `<Response><Connect><Stream url="ws://example.com/x"/></Connect></Response>`, 31920],
      [() => `<Response><Connect><Stream url="ws://127.0.0.1:1/x"/></Connect></Response>`, 31901],
    ];
    for (const [webhook, code] of cases) {
      await withServer({ webhook }, async (origin) => {
        const phone = new Phone({ webhookUrl: `${origin}/voice` });
        assertEquals(await phone.dial(), "ended");
        assertEquals([phone.end?.by, phone.end?.error?.code], ["failed", code]);
      });
    }
  });

  it("reports the status with which an upgrade was refused", async () => {
    // A server without WebSockets answers the upgrade like any other request.
    const refusing = createServer((_, response) => response.writeHead(403).end());
    await new Promise<void>((resolve) => refusing.listen(0, "127.0.0.1", resolve));
    const host = `127.0.0.1:${(refusing.address() as AddressInfo).port}`;
    await withServer({ webhook: () => connectTwiml(host, "<Say>Sorry.</Say>") }, async (origin) => {
      const phone = new Phone({ webhookUrl: `${origin}/voice` });
      assertEquals(await phone.dial(), "ended");
      assertEquals([phone.end?.by, phone.end?.error?.code], ["failed", 31920]);
      assertEquals(phone.end?.said, ["Sorry."]);
      assert(/403/.test(phone.end!.error!.detail), phone.end!.error!.detail);
    });
    await new Promise((resolve) => refusing.close(resolve));
  });

  it("hangs up cleanly while the server still thinks about the webhook", () =>
    withServer({}, async (origin) => {
      const phone = new Phone({ webhookUrl: `${origin}/voice` });
      const dialled = phone.dial();
      await phone.hangUp();
      assertEquals(await dialled, "ended");
      assertEquals(phone.end?.by, "caller");
    }));

  it("a wait that fails says what it waited for and what the call was like", () =>
    withServer({}, async (origin) => {
      const phone = new Phone({ webhookUrl: `${origin}/voice` });
      await phone.dial();
      const error = await assertRejects(() => phone.waitForAudio(50));
      assert(/hear sound.*frames sent/.test(error.message), error.message);
      await phone.hangUp();
    }));
});
