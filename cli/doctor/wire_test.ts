/**
 * The hand-made WebSocket against `ws`, a client and server that others wrote, on plain TCP and TLS.
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import net, { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import fc from "fast-check";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type WebSocket, WebSocketServer } from "ws";
import { WireError } from "./dial.ts";
import { FrameReader, maskedFrame } from "./frames.ts";
import { openWire, type WireOptions } from "./wire.ts";

async function listen(server: Server | net.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function serve(onSocket: (socket: WebSocket) => void, http: Server = createServer()) {
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
  sockets.on("connection", onSocket);
  const port = await listen(http);
  return {
    port,
    stop() {
      for (const socket of sockets.clients) socket.terminate();
      http.close();
      http.closeAllConnections?.();
    },
  };
}

async function failureOf(url: string, options: Partial<WireOptions> = {}): Promise<WireError> {
  const opening = openWire(new URL(url), { timeoutMs: 1000, ...options });
  return await assertRejects(() => opening, WireError) as WireError;
}

test("texts of every length go there and back, and pings are answered", async () => {
  const server = await serve((socket) => {
    socket.on("message", (data) => socket.send(String(data)));
  });
  const wire = await openWire(new URL(`ws://127.0.0.1:${server.port}/a?b=c`), { timeoutMs: 2000 });
  for (const length of [0, 1, 125, 126, 65_535, 65_536, 300_000]) {
    const text = "é".repeat(length / 2) + "x".repeat(length % 2);
    wire.send(text);
    assertEquals((await wire.next()).length, text.length);
  }
  assert(await wire.ping() < 500);
  const { nameMs, tcpMs, tlsMs, upgradeMs } = wire.times;
  assert([nameMs, tcpMs, upgradeMs].every((ms) => ms >= 0 && ms < 1000));
  assertEquals([tlsMs, wire.tlsVersion, wire.addresses], [null, null, ["127.0.0.1"]]);
  wire.close();
  server.stop();
});

test("what comes in one packet with the handshake is read, and what comes in pieces", async () => {
  const server = await serve((socket) => {
    socket.send("first");
    socket.send("in ", { fin: false });
    socket.send("two frames", { fin: true });
    socket.ping();
  });
  const wire = await openWire(new URL(`ws://127.0.0.1:${server.port}`), { timeoutMs: 2000 });
  assertEquals([await wire.next(), await wire.next()], ["first", "in two frames"]);
  wire.close();
  server.stop();
});

test("over TLS it names the version and the time, and trusts nobody it should not", async () => {
  const folder = mkdtempSync(join(tmpdir(), "earshot-wire-"));
  const file = (name: string) => join(folder, name);
  // deno-fmt-ignore
  execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", file("key"), "-out", file("cert"), "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"], { stdio: "pipe" });
  const cert = readFileSync(file("cert"), "utf8");
  const key = readFileSync(file("key"), "utf8");
  rmSync(folder, { recursive: true });
  const https = createSecureServer({ cert, key }) as unknown as Server;
  const server = await serve((socket) => socket.send("hello"), https);
  const url = `wss://127.0.0.1:${server.port}/`;
  const wire = await openWire(new URL(url), { timeoutMs: 2000, ca: cert });
  assertEquals(await wire.next(), "hello");
  assert(wire.times.tlsMs! > 0);
  assertEquals(wire.tlsVersion, "TLSv1.3");
  wire.close();
  const error = await failureOf(url);
  assertEquals(error.stage, "TLS");
  server.stop();
});

test("a refusal tells its status and the API's code", async () => {
  const body = JSON.stringify({ error: { code: "invalid_api_key", message: "sk-… is wrong" } });
  const http = createServer();
  http.on("upgrade", (_request, socket) => {
    socket.end(`HTTP/1.1 401 No\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  });
  const url = `ws://127.0.0.1:${await listen(http)}/`;
  const { stage, status, code, message } = await failureOf(url);
  assertEquals([stage, status, code], ["upgrade", 401, "invalid_api_key"]);
  assertEquals(message, "the upgrade was answered with 401");
  http.close();
});

test("each step that fails is named: no address, nobody there, silence, no HTTP", async () => {
  assertEquals((await failureOf("ws://no-such-host.invalid/")).stage, "name");
  const silent = net.createServer((socket) => void socket.on("error", () => {}));
  const port = await listen(silent);
  const { stage, message } = await failureOf(`ws://127.0.0.1:${port}/`, { timeoutMs: 50 });
  assertEquals([stage, message], ["upgrade", "no answer within 50 ms"]);
  silent.close();
  assertEquals((await failureOf(`ws://127.0.0.1:${port}/`)).stage, "TCP");
  const ssh = net.createServer((socket) => void socket.end("SSH-2.0-x\r\n\r\n"));
  const other = await failureOf(`ws://127.0.0.1:${await listen(ssh)}/`);
  assertEquals(other.message, "the server's answer is not HTTP/1.1");
  ssh.close();
});

test("a server that closes ends the wait for its next message", async () => {
  const server = await serve((socket) => socket.close(1013));
  const wire = await openWire(new URL(`ws://127.0.0.1:${server.port}`), { timeoutMs: 2000 });
  const error = await assertRejects(() => wire.next(), WireError) as WireError;
  assertEquals([error.stage, error.message], [
    "messages",
    "the server closed the WebSocket (1013)",
  ]);
  server.stop();
});

test("a key with a line break smuggles no header in", async () => {
  const server = await serve(() => {});
  const url = `ws://127.0.0.1:${server.port}`;
  const error = await failureOf(url, { headers: { Authorization: "Bearer a\r\nX-Evil: 1" } });
  assertEquals(error.stage, "upgrade");
  server.stop();
});

test("frames cut anywhere give the same messages", () => {
  const unmasked = (frame: Uint8Array) => {
    // A server's frame of the same payload: the mask's four bytes and its bit left out.
    const wide = (frame[1]! & 0x7f) === 126 ? 2 : 0;
    const mask = frame.slice(2 + wide, 6 + wide);
    const payload = frame.slice(6 + wide).map((byte, i) => byte ^ mask[i & 3]!);
    return [frame[0]!, frame[1]! & 0x7f, ...frame.slice(2, 2 + wide), ...payload];
  };
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 200 }), { maxLength: 5 }),
      fc.integer({ min: 1, max: 40 }),
      (texts, step) => {
        const bytes = Uint8Array.from(
          texts.flatMap((text) => unmasked(maskedFrame("text", new TextEncoder().encode(text)))),
        );
        const heard: string[] = [];
        const none = () => {};
        const reader = new FrameReader({
          text: (text) => heard.push(text),
          ping: none,
          pong: none,
          close: none,
          broken: none,
        });
        for (let at = 0; at < bytes.length; at += step) reader.push(bytes.slice(at, at + step));
        assertEquals(heard, texts.map((text) => text.toWellFormed()));
      },
    ),
    { numRuns: 200 },
  );
});

test("a message that would fill the memory is not read", () => {
  const problems: string[] = [];
  const none = () => {};
  const reader = new FrameReader({
    text: none,
    ping: none,
    pong: none,
    close: none,
    broken: (why) => problems.push(why),
  });
  reader.push(Uint8Array.of(0x81, 127, 0, 0, 0, 1, 0, 0, 0, 0));
  assertEquals(problems, ["a message is larger than 1048576 bytes"]);
});
