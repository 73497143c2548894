/**
 * Live sockets of the binary under fire: generated messages to each of the four, opened again whenever
 * the server has had enough. Afterwards a call is answered as ever, and the log holds no error of ours.
 *
 * @module
 */

import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import { within } from "../../runtime/within.ts";
import { clientSecret } from "../calls/browser.ts";
import { duringCall } from "../attacks/witness.ts";
import { seeded } from "../random.ts";
import { startServer, type Target, type TestServer } from "../server.ts";
import * as generate from "./generate.ts";

/** What became of one socket. */
export interface SocketOutcome {
  readonly name: string;
  readonly messages: number;
  /** How often it was opened. */
  readonly opened: number;
  readonly seconds: number;
  /** Memory of the server after a tenth of the messages, and after all of them. */
  readonly rssBeganBytes: number;
  readonly rssEndedBytes: number;
}

/** Sockets of one kind at a time. */
const LANES = 8;
const PATIENCE_MS = 30_000;
const MAX_BUFFERED_BYTES = 512 * 1024;
/** The limits on rates would spare the parsers. */
const OPEN = {
  EARSHOT_MESSAGES_PER_SECOND: "100000",
  EARSHOT_BYTES_PER_SECOND: "1073741824",
  EARSHOT_NEW_CALLS_PER_SECOND: "10000",
  EARSHOT_REALTIME: "on",
};

const sleep = (ms: number) => new Promise<void>((go) => setTimeout(go, ms));

async function rssOf(server: TestServer): Promise<number> {
  const health = await within(5000, fetch(`${server.url}/health`), () => {
    throw new Error("/health does not answer any more");
  });
  return (await health.json()).memory.rssBytes;
}

/** Sends, in small pieces so that a close is noticed, while the socket takes it. Resolves with how many it took. */
async function pour(socket: WebSocket, most: number, next: () => string): Promise<number> {
  let sent = 0;
  while (sent < most && socket.readyState === WebSocket.OPEN) {
    for (let i = 0; i < 20 && sent < most; i++, sent++) socket.send(next());
    do await sleep(1); while (
      socket.bufferedAmount > MAX_BUFFERED_BYTES && socket.readyState === WebSocket.OPEN
    );
  }
  return sent;
}

function opened(url: string, key: string): Promise<WebSocket> {
  const protocols = key ? ["realtime", `openai-insecure-api-key.${key}`] : [];
  const socket = new WebSocket(url, protocols, { perMessageDeflate: false });
  socket.on("message", () => {});
  return within(
    PATIENCE_MS,
    new Promise<WebSocket>((go, fail) => {
      socket.on("open", () => go(socket));
      socket.on("error", fail);
    }),
    () => {
      throw new Error(`${url} does not open any more`);
    },
  );
}

const ROADS = [
  {
    name: "/twilio/stream",
    good: generate.TWILIO,
    first: () => JSON.stringify(generate.TWILIO[1]),
  },
  { name: "/browser/stream", good: generate.BROWSER, first: () => "" },
  { name: "/v1/realtime", good: generate.CLIENT, first: () => "" },
] as const;

/**
 * Sends `count` messages to each socket of a server, and `count` from its brain.
 *
 * @throws {Error} When the server broke, or logged an error of its own.
 */
export async function* fuzzSockets(target: Target, count: number): AsyncGenerator<SocketOutcome> {
  const random = seeded(16);
  const server = await startServer(target, OPEN);
  try {
    for (const { name, good, first } of ROADS) {
      yield await outcome(name, server, count, async (left) => {
        const key = name === "/twilio/stream" ? "" : await clientSecret(server.url);
        const socket = await opened(`ws://${server.host}${name}`, key);
        if (first()) socket.send(first());
        const sent = await pour(socket, left, () => generate.message(random, good));
        socket.terminate();
        return sent;
      });
    }
    await duringCall(server, () => Promise.resolve());
    judge(server);
  } finally {
    await server.stop();
  }
  yield await fuzzBrain(target, count, random);
}

/** The other way round: a brain that says anything at all. */
async function fuzzBrain(target: Target, count: number, random: generate.Random) {
  const brain = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  const links: WebSocket[] = [];
  brain.on("connection", (link) => {
    link.on("error", () => {});
    link.on("message", (data) => {
      const text = String(data);
      if (!text.includes('"session.update"')) return;
      const { session } = JSON.parse(text);
      link.send(JSON.stringify({ type: "session.updated", session }));
      links.push(link);
    });
    link.send(JSON.stringify(generate.BRAIN[0]));
  });
  await new Promise<void>((go) => brain.on("listening", () => go()));
  const { port } = brain.address() as AddressInfo;
  const server = await startServer(target, {
    ...OPEN,
    OPENAI_REALTIME_URL: `ws://127.0.0.1:${port}/v1/realtime`,
  });
  try {
    const result = await outcome("a brain's link", server, count, async (left) => {
      const key = await clientSecret(server.url);
      const page = await opened(`ws://${server.host}/browser/stream`, key);
      for (let i = 0; i < 500 && links.length === 0 && page.readyState === WebSocket.OPEN; i++) {
        await sleep(10);
      }
      let sent = 0;
      // A session that was lost is replaced while the call lives.
      while (links.length > 0 && sent < left) {
        const link = links.shift()!;
        sent += await pour(link, left - sent, () => generate.message(random, generate.BRAIN));
        for (let i = 0; i < 20 && links.length === 0 && page.readyState === WebSocket.OPEN; i++) {
          await sleep(10);
        }
      }
      page.terminate();
      return sent;
    });
    judge(server);
    return result;
  } finally {
    await server.stop();
    for (const client of brain.clients) client.terminate();
    await new Promise<void>((go) => brain.close(() => go()));
  }
}

/** @param round Opens a socket, sends at most so many messages, and tells how many. */
async function outcome(
  name: string,
  server: TestServer,
  count: number,
  round: (left: number) => Promise<number>,
): Promise<SocketOutcome> {
  const beganMs = performance.now();
  let messages = 0, rounds = 0, idle = 0, rssBeganBytes = 0;
  const lane = async () => {
    while (messages < count) {
      const sent = await round(Math.ceil((count - messages) / LANES));
      messages += sent;
      rounds++;
      idle = sent === 0 ? idle + 1 : 0;
      if (idle > 50) throw new Error(`${name} takes nothing any more`);
      if (rssBeganBytes === 0 && messages >= count / 10) rssBeganBytes = await rssOf(server);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const rssEndedBytes = await rssOf(server);
  const seconds = (performance.now() - beganMs) / 1000;
  return { name, messages, opened: rounds, seconds, rssBeganBytes, rssEndedBytes };
}

/** What a log holds after an attack: refusals, and no failures of our own. */
function judge(server: TestServer): void {
  const ours = /Something slipped through|handler failed|A request failed|watcher of a call failed/;
  const line = server.output().split("\n").find((one) => ours.test(one));
  if (line) throw new Error(`The server logged: ${line}`);
}
