/**
 * Sockets of peers that don't read, on the runtime that this test runs on, Deno or Bun.
 *
 * @module
 */

import net from "node:net";
import { test } from "node:test";
import { assert, assertLess } from "@std/assert";
import type { Runtime, ServerSocket } from "./runtime.ts";
import { within } from "./within.ts";

const { runtime }: { runtime: Runtime } = "Bun" in globalThis
  ? await import("./bun.ts")
  : await import("./deno.ts");

const UPGRADE = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/** A server whose one socket is in the test's hand, and a peer that is silent and never reads. */
async function deaf(maxBufferedBytes: number) {
  const opened = Promise.withResolvers<ServerSocket>();
  const closed = Promise.withResolvers<number>();
  const limits = {
    maxMessageBytes: 1 << 20,
    pingSeconds: 1,
    pongTimeoutSeconds: 2,
    maxBufferedBytes,
  };
  const server = await runtime.serve(
    { port: 0, hostname: "127.0.0.1", limits },
    (_request, { upgrade }) =>
      upgrade({
        open: (socket) => opened.resolve(socket),
        text() {},
        binary() {},
        close: (code) => closed.resolve(code),
      }),
  );
  const peer = net.connect(server.port, "127.0.0.1");
  peer.on("error", () => {});
  peer.pause();
  peer.write(UPGRADE);
  const late = (what: string) => (): never => {
    throw new Error(`Waited in vain for: ${what}`);
  };
  return {
    socket: await within(2000, opened.promise, late("the upgrade")),
    closed: () => within(5000, closed.promise, late("the close")),
    async end() {
      peer.destroy();
      await server.stop();
    },
  };
}

test("a socket that we close is closed soon, though its peer never reads that it was", async () => {
  const { socket, closed, end } = await deaf(1 << 20);
  // Deno's close waits behind what the kernel doesn't take.
  const piece = new Uint8Array(10_000);
  for (let sent = 0; sent < 8_000_000 && socket.bufferedBytes() < 500_000; sent += piece.length) {
    socket.send(piece);
    if (sent % 200_000 === 0) await new Promise((go) => setTimeout(go, 1));
  }
  socket.close(1008, "takes nothing");
  await closed();
  await end();
});

test("what waits for a peer who never reads is bounded, and past the bound it is closed", async () => {
  const { socket, closed, end } = await deaf(200_000);
  const piece = new Uint8Array(10_000);
  let taken = true, most = 0;
  for (let sent = 0; taken && sent < 20_000_000; sent += piece.length) {
    taken = socket.send(piece);
    most = Math.max(most, socket.bufferedBytes());
    if (sent % 200_000 === 0) await new Promise((go) => setTimeout(go, 1));
  }
  assert(!taken, "everything was taken");
  // One message may go over it.
  assertLess(most, 250_000);
  await closed();
  await end();
});

test("a peer that is gone without a word is closed, also while it is written to", async () => {
  const { socket, closed, end } = await deaf(1 << 20);
  // Whoever counts what is sent as a sign of life never finds out.
  const writing = setInterval(() => socket.send("still here?"), 100);
  try {
    await closed();
  } finally {
    clearInterval(writing);
    await end();
  }
});
