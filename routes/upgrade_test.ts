/**
 * The routes for WebSockets on the runtime that this test runs on, Deno or Bun, with peers whose wire
 * is in the test's hand.
 */

import { after, before, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import net from "node:net";
import { within } from "../runtime/within.ts";
import type { Runtime, Server } from "../runtime/runtime.ts";
import { createApp } from "../app.ts";
import { testApp } from "./test_app.ts";

const { deps } = testApp({ EARSHOT_MAX_CALLS: "2", EARSHOT_MAX_BROWSER_CALLS: "2" });
let server: Server;

before(async () => {
  const { runtime }: { runtime: Runtime } = "Bun" in globalThis
    ? await import("../runtime/bun.ts")
    : await import("../runtime/deno.ts");
  const app = createApp(deps);
  server = await runtime.serve(
    {
      port: 0,
      hostname: "127.0.0.1",
      limits: {
        maxMessageBytes: 1024 * 1024,
        pingSeconds: 1,
        pongTimeoutSeconds: 1,
        maxBufferedBytes: 1024 * 1024,
      },
    },
    (request, context) => app.fetch(request, context as unknown as Record<string, unknown>),
  );
});

after(async () => await server.stop());

const url = (path: string) => `http://127.0.0.1:${server.port}${path}`;

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const endMs = performance.now() + 2500; !await holds();) {
    if (performance.now() > endMs) throw new Error(`Waited in vain for: ${what}`);
    await new Promise((go) => setTimeout(go, 10));
  }
}

/** What one waits for comes within 2.5 s, or the test fails instead of hanging. */
const soon = <T>(what: string, work: Promise<T>): Promise<T> =>
  within(2500, work, () => {
    throw new Error(`Waited in vain for: ${what}`);
  });

/** The next event of this name; a socket that fails or closes instead is an error. */
function next<K extends keyof WebSocketEventMap>(
  socket: WebSocket,
  name: K,
): Promise<WebSocketEventMap[K]> {
  return soon(
    name,
    new Promise((go, fail) => {
      socket.addEventListener(name, go, { once: true });
      if (name === "close") return;
      socket.addEventListener("close", ({ code }) => fail(new Error(`closed: ${code}`)), {
        once: true,
      });
    }),
  );
}

const ready = async () => {
  const { status, body } = await fetch(url("/ready"));
  await body?.cancel();
  return status === 200;
};

/** Sends a request's head, byte for byte. */
function dialRaw(path: string, lines: readonly string[]): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(server.port, "127.0.0.1", () => {
      socket.write([`GET ${path} HTTP/1.1`, "Host: localhost", ...lines, "", ""].join("\r\n"));
      resolve(socket);
    });
    socket.on("error", reject);
  });
}

const UPGRADE = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"];
const KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
const page = () => `/browser/stream?token=${deps.secrets.issue().value}`;
const ROUTES = [page, () => "/twilio/stream", () => "/v1/realtime"];

test("half a handshake is answered 426 and takes no place", async () => {
  for (const path of ROUTES) {
    for (let i = 0; i < 3; i++) {
      const socket = await dialRaw(path(), UPGRADE);
      const answer = await soon(
        "an answer",
        new Promise<string>((go) => socket.once("data", (d) => go(String(d)))),
      );
      assertEquals(answer.split("\r\n")[0], "HTTP/1.1 426 Upgrade Required", path());
      socket.destroy();
    }
  }
  assert(await ready());
  const session = new WebSocket(url("/v1/realtime").replace("http", "ws"));
  await next(session, "open");
  session.close();
  await next(session, "close");
});

test("a peer that goes before its upgrade is done gives its place back", async () => {
  for (const path of ROUTES) {
    for (let i = 0; i < 2; i++) {
      const socket = await dialRaw(path(), [...UPGRADE, KEY]);
      socket.on("error", () => {});
      socket.resetAndDestroy();
    }
  }
  // A dead peer's request may reach the server late: what counts is that both places come back.
  await until("two calls at once", async () => {
    const sockets = [1, 2].map(() => new WebSocket(url(page()).replace("http", "ws")));
    const begun = await Promise.allSettled(sockets.map((socket) => next(socket, "message")));
    const both = begun.every(({ status }) => status === "fulfilled");
    if (both) assertEquals(deps.registry.live, 2);
    await Promise.all(sockets.map((socket) => {
      if (socket.readyState === WebSocket.CLOSED) return;
      socket.close();
      return next(socket, "close");
    }));
    return both;
  });
  await until("free places", () => deps.registry.live === 0);
});

test("a peer whose nonsense is longer than a close frame is closed, and the server goes on", async () => {
  const socket = new WebSocket(url("/twilio/stream").replace("http", "ws"));
  await next(socket, "open");
  const closed = next(socket, "close");
  for (let i = 0; i < 100; i++) socket.send(JSON.stringify({ event: "語".repeat(200) }));
  const { code, reason } = await closed;
  assertEquals(code, 1008);
  assert(new TextEncoder().encode(reason).length <= 123);
  assert(reason.startsWith("100 broken messages"), reason);
  assert(await ready());
});
