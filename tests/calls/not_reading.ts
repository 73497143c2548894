/**
 * Peers that don't read, over real sockets that are paused: a phone and a browser who take no sound,
 * a brain that takes no frames, listeners at `/events`. What waits for them is bounded, they are let
 * go with a reason, and a call beside them keeps its timing.
 *
 * @module
 */

import net from "node:net";
import { describe, it } from "node:test";
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { WebSocket } from "ws";
import { pcm16ToMulaw } from "../../media/mulaw.ts";
import { answer, begin, finish, startScriptedBrain } from "../scripted_brain.ts";
import { startServer, type Target, type TestServer } from "../server.ts";
import { tone } from "./audio.ts";
import { BrowserClient, clientSecret } from "./browser.ts";

const sleep = (ms: number) => new Promise<void>((go) => setTimeout(go, ms));
const STREAM_SID = `MZ${"0".repeat(32)}`, CALL_SID = `CA${"7".repeat(32)}`;
/** As the leg bears it (`legs/read_watch.ts`), and as long again for the audio to begin. */
const STALLED_WITHIN_MS = 30_000;

/** A socket whose kernel alone takes what comes: nobody reads it. */
async function deafSocket(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  socket.on("error", () => {});
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  socket.pause();
  return socket;
}

/** Sends what `frame` makes each 20 ms, until it is told to stop. */
function speak(socket: WebSocket, frame: (n: number) => string | Uint8Array): () => void {
  let n = 0;
  const timer = setInterval(() => {
    if (socket.readyState === WebSocket.OPEN) socket.send(frame(n++));
  }, 20);
  return () => clearInterval(timer);
}

async function deafPhone(server: TestServer): Promise<() => void> {
  const socket = await deafSocket(`ws://${server.host}/twilio/stream`);
  const say = (message: object) => socket.send(JSON.stringify(message));
  say({ event: "connected", protocol: "Call", version: "1.0.0" });
  say({
    event: "start",
    sequenceNumber: "1",
    start: {
      accountSid: `AC${"1".repeat(32)}`,
      streamSid: STREAM_SID,
      callSid: CALL_SID,
      tracks: ["inbound"],
      mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
      customParameters: {},
    },
    streamSid: STREAM_SID,
  });
  const payload = new Uint8Array(160).fill(0xff).toBase64();
  const stop = speak(socket, (n) =>
    JSON.stringify({
      event: "media",
      sequenceNumber: String(n + 2),
      media: { track: "inbound", chunk: String(n + 1), timestamp: String(n * 20), payload },
      streamSid: STREAM_SID,
    }));
  return () => {
    stop();
    socket.terminate();
  };
}

async function deafBrowser(server: TestServer, framesEach20Ms = 1): Promise<() => void> {
  const secret = await clientSecret(server.url);
  const socket = await deafSocket(`ws://${server.host}/browser/stream?rate=24000&token=${secret}`);
  const frame = new Uint8Array(960);
  const stops = Array.from({ length: framesEach20Ms }, () => speak(socket, () => frame));
  return () => {
    for (const stop of stops) stop();
    socket.terminate();
  };
}

/** A listener of `/events` who asks, and never reads. */
async function deafListener(server: TestServer): Promise<net.Socket> {
  const [host, port] = server.host.split(":");
  const socket = net.connect(Number(port), host);
  socket.on("error", () => {});
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  socket.pause();
  socket.write("GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  return socket;
}

/** A caller beside the others: how long the sound of each answer takes, in ms. */
async function askInTurns(server: TestServer, times: number): Promise<number[]> {
  const caller = new BrowserClient(`ws://${server.host}/browser/stream`);
  await caller.opened();
  await caller.until(({ type }) => type === "ready");
  await sleep(1000);
  const tookMs: number[] = [];
  for (let i = 0; i < times; i++) {
    const before = caller.audioBytes;
    const askedAtMs = performance.now();
    caller.send({ type: "text", text: "What time is it?" });
    while (caller.audioBytes === before) {
      assertLess(performance.now() - askedAtMs, 5000, `question ${i} has no answer`);
      await sleep(2);
    }
    tookMs.push(performance.now() - askedAtMs);
    await sleep(900);
  }
  assertEquals(caller.closed, null);
  caller.close();
  return tookMs;
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** The neighbour is not made to wait: the median is that of a quiet server, the worst not audible. */
function assertOnTime(tookMs: readonly number[], target: Target): void {
  console.log(
    `  beside peers that don't read, on ${target}: answers after ${median(tookMs).toFixed(0)} ms, ${
      Math.max(...tookMs).toFixed(0)
    } at most`,
  );
  assertLess(median(tookMs), 300);
  assertLess(Math.max(...tookMs), 2000);
}

interface DoneCall {
  readonly kind: string;
  readonly state: string;
  readonly endReason?: string;
}

async function callsOf(server: TestServer): Promise<DoneCall[]> {
  const { calls } = await (await fetch(`${server.url}/calls`)).json();
  return calls;
}

async function metricsOf(server: TestServer): Promise<string> {
  return await (await fetch(`${server.url}/metrics`)).text();
}

const rssOf = async (server: TestServer): Promise<number> =>
  (await (await fetch(`${server.url}/health`)).json()).memory.rssBytes;

export function notReadingSuite(target: Target): void {
  describe(`peers that don't read on ${target}`, () => {
    it("a phone and a browser who take no sound are let go, and listeners slow nobody", async () => {
      let answers = 0;
      const brain = await startScriptedBrain({
        onEvent(event, session) {
          if (event.type !== "response.create") return;
          const n = ++answers;
          // The first two callers get a minute at once, as a talkative model gives it.
          if (brain.sessions.indexOf(session) >= 2) {
            return answer(session, n, tone(300, 440, pcm16ToMulaw));
          }
          begin(session, n);
          for (let i = 0; i < 60; i++) {
            session.audio(`resp_${n}`, `item_${n}`, tone(1000, 440, pcm16ToMulaw));
          }
          finish(session, n);
        },
        // µ-law on both sides, whatever the leg would rather have.
        session: (asked) => ({
          ...asked,
          audio: {
            input: { format: { type: "audio/pcmu" }, turn_detection: { type: "server_vad" } },
            output: { format: { type: "audio/pcmu" } },
          },
        }),
      });
      const server = await startServer(target, { OPENAI_REALTIME_URL: brain.url });
      const leaves: (() => void)[] = [];
      try {
        leaves.push(await deafPhone(server), await deafBrowser(server));
        await sleep(500);
        for (let i = 0; i < 5; i++) {
          const listener = await deafListener(server);
          leaves.push(() => listener.destroy());
        }
        assertOnTime(await askInTurns(server, 15), target);
        const deadlineMs = performance.now() + STALLED_WITHIN_MS;
        let ends: string[] = [];
        while (ends.length < 2) {
          const calls = await callsOf(server);
          ends = calls.filter(({ endReason }) => endReason === "caller_stalled")
            .map(({ kind }) => kind).sort();
          assertLess(performance.now(), deadlineMs, `not let go: ${JSON.stringify(calls)}`);
          await sleep(200);
        }
        assertEquals(ends, ["browser", "twilio"]);
        const metrics = await metricsOf(server);
        for (const kind of ends) {
          const series = `earshot_calls_ended_total{kind="${kind}",reason="caller_stalled"`;
          assert(metrics.includes(series), series);
        }
        // Their places are free again.
        assertEquals((await (await fetch(`${server.url}/ready`)).json()).live, 0);
      } finally {
        for (const leave of leaves) leave();
        await server.stop();
        await brain.close();
      }
    });

    it("a brain that takes no frames: five wait, the rest is dropped and counted", async () => {
      const brain = await startScriptedBrain({
        onSession(_session, socket) {
          // The first caller's brain hears nothing more, once its session stands.
          if (brain.sessions.length === 1) setTimeout(() => socket.pause(), 500);
        },
        onEvent(event, session) {
          if (event.type === "response.create") {
            answer(session, session.events.length, tone(300, 440, pcm16ToMulaw));
          }
        },
      });
      const server = await startServer(target, { OPENAI_REALTIME_URL: brain.url });
      // Twenty voices at once: the kernel's megabytes are full in seconds.
      const leave = await deafBrowser(server, 20);
      try {
        await sleep(300);
        const before = await rssOf(server);
        assertOnTime(await askInTurns(server, 10), target);
        const dropped = /^earshot_frames_dropped_total\{[^}]*\} (\d+)/m.exec(
          await metricsOf(server),
        );
        assertGreater(Number(dropped?.[1]), 100);
        const grownMb = (await rssOf(server) - before) / 1e6;
        assertLess(grownMb, 60);
      } finally {
        leave();
        await server.stop();
        await brain.close();
      }
    });
  });
}
