/**
 * Sockets that mean harm, against the binary: from pages of others, under names that only lead here,
 * slow, oversize, too many; and a phone call that doesn't notice.
 *
 * `EARSHOT_HALF_OPEN=10000` opens so many, as `deno task attack` does; two processes need as many file
 * descriptors each.
 *
 * @module
 */

import { after, before, describe, it } from "node:test";
import type net from "node:net";
import process from "node:process";
import { assert, assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import { clientSecret } from "../calls/browser.ts";
import { untilNoCalls } from "../calls/live_calls.ts";
import { startServer, type TestServer } from "../server.ts";
import { connect, openSocket, statusOf, upgradeStatus } from "./raw.ts";
import { duringCall } from "./witness.ts";

const SLOW = { timeout: 180_000 };
const HALF_OPEN = Number(process.env.EARSHOT_HALF_OPEN ?? 1000);
/** A connection without a request is closed after 30 s of silence; CI doesn't wait for it. */
const WAITS_FOR_CLOSE = HALF_OPEN > 1000;

const sleep = (ms: number) => new Promise<void>((go) => setTimeout(go, ms));

async function rssBytes(server: TestServer): Promise<number> {
  const health = await (await fetch(`${server.url}/health`)).json();
  return health.memory.rssBytes;
}

describe("sockets that mean harm, the binary", () => {
  let server: TestServer;
  before(async () => {
    server = await startServer("binary");
  });
  after(() => server.stop());

  const keyed = async () => ({ Authorization: `Bearer ${await clientSecret(server.url)}` });

  it("a socket of another page is refused before it is granted, whatever it brings", async () => {
    const others: Record<string, string>[] = [
      { Origin: "https://evil.example" },
      { Origin: "null" },
      { Origin: `http://${server.host}.evil.example` },
      { Origin: "http://localhost:1" },
      { "Sec-Fetch-Site": "cross-site" },
      // Another program of this machine, on another port, is another site's page too.
      { "Sec-Fetch-Site": "same-site" },
    ];
    for (const path of ["/browser/stream", "/v1/realtime", "/twilio/stream"]) {
      for (const other of others) {
        const headers = { ...other, ...await keyed() };
        assertEquals(
          await upgradeStatus(server, path, headers),
          403,
          JSON.stringify([path, other]),
        );
      }
    }
    const own = { Origin: `http://${server.host}`, "Sec-Fetch-Site": "same-origin" };
    assertEquals(await upgradeStatus(server, "/browser/stream", { ...own, ...await keyed() }), 101);
    await untilNoCalls(server);
  });

  it("a name that only leads here (DNS rebinding) opens nothing", async () => {
    const { port } = new URL(server.url);
    for (
      const name of ["evil.example", `evil.example:${port}`, "127.0.0.1.evil.example"]
    ) {
      const rebound = { Host: name, Origin: `http://${name}`, "Sec-Fetch-Site": "same-origin" };
      for (const path of ["/browser/stream", "/v1/realtime"]) {
        const headers = { ...rebound, ...await keyed() };
        assertEquals(await upgradeStatus(server, path, headers), 403, `${path} ${name}`);
      }
      for (const path of ["/calls", "/events"]) {
        assertEquals(await statusOf(server, "GET", path, rebound), 403, `${path} ${name}`);
      }
      const secret = { ...rebound, "Content-Length": "0" };
      assertEquals(await statusOf(server, "POST", "/v1/realtime/client_secrets", secret), 403);
    }
  });

  it("what came through a proxy is not local, though it says Host: localhost", async () => {
    const local = { Host: `localhost:${new URL(server.url).port}` };
    assertEquals(await statusOf(server, "GET", "/calls", local), 200);
    for (const name of ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "CF-Connecting-IP"]) {
      const headers = { ...local, [name]: "203.0.113.9" };
      assertEquals(await statusOf(server, "GET", "/calls", headers), 403, name);
      assertEquals(await statusOf(server, "GET", "/events", headers), 403, name);
      assertEquals(
        await upgradeStatus(server, "/v1/realtime", { ...headers, ...await keyed() }),
        403,
      );
    }
  });

  it(
    "a message that is too large closes its socket unread, and the call doesn't notice",
    SLOW,
    async () => {
      const before = await rssBytes(server);
      await duringCall(server, async () => {
        for (
          const [path, bytes] of [
            ["/v1/realtime", 13_000_000],
            ["/v1/realtime", 1_100_000],
            ["/browser/stream", 300_000],
            ["/twilio/stream", 70_000],
          ] as const
        ) {
          const { socket, closed } = await openSocket(server, path, await keyed());
          socket.on("error", () => {});
          socket.send("x".repeat(bytes));
          const { code } = await closed;
          // Where the runtime itself refuses, it cuts the connection.
          assert(code === 1009 || code === 1006, `${path}: ${code}`);
        }
      });
      assertLess(await rssBytes(server) - before, 100_000_000);
    },
  );

  it("who sends without end is closed, and the call doesn't notice", SLOW, async () => {
    await duringCall(server, async () => {
      for (const path of ["/v1/realtime", "/browser/stream", "/twilio/stream"]) {
        const { socket, closed } = await openSocket(server, path, await keyed());
        socket.on("error", () => {});
        let open = true;
        void closed.then(() => open = false);
        while (open) {
          for (let i = 0; i < 200; i++) socket.send("{}");
          await sleep(5);
        }
        assertEquals((await closed).code, 1008, path);
      }
      const { socket, closed } = await openSocket(server, "/v1/realtime");
      socket.on("error", () => {});
      let open = true;
      void closed.then(() => open = false);
      const append = JSON.stringify({
        type: "input_audio_buffer.append",
        audio: "A".repeat(240_000),
      });
      while (open) {
        socket.send(append);
        await sleep(5);
      }
      assertEquals(await closed, { code: 1008, reason: "more than 262144 bytes a second" });
    });
    await untilNoCalls(server);
  });

  it(
    "requests that come byte by byte, and those that never end, hold up nobody",
    SLOW,
    async () => {
      const sockets: net.Socket[] = [];
      await duringCall(server, async () => {
        const beginnings = [
          "",
          "GET",
          "GET /health HTTP/1.1\r\nHost: a\r\nX-A: ",
          `POST /twilio/voice HTTP/1.1\r\nHost: ${server.host}\r\nContent-Length: 60000\r\n\r\na`,
          `POST /v1/realtime/client_secrets HTTP/1.1\r\nHost: ${server.host}\r\nContent-Length: 60000\r\n\r\n{`,
        ];
        for (let i = 0; i < 200; i++) {
          const socket = await connect(server);
          socket.write(beginnings[i % beginnings.length]!);
          sockets.push(socket);
        }
        for (let drip = 0; drip < 20; drip++) {
          for (const socket of sockets) if (!socket.destroyed) socket.write("a");
          await sleep(100);
        }
        // A head without an end is cut off at 16 KiB or so.
        const endless = await connect(server);
        const ended = new Promise<void>((go) => endless.on("close", () => go()));
        for (let i = 0; i < 40 && !endless.destroyed; i++) {
          endless.write(i === 0 ? "GET / HTTP/1.1\r\nX-A: " : "a".repeat(4096));
          await sleep(5);
        }
        await Promise.race([ended, sleep(5000).then(() => assert(false, "a head without an end"))]);
      });
      for (const socket of sockets) socket.destroy();
    },
  );

  it(`${HALF_OPEN} connections that ask for nothing, or for half of something`, SLOW, async () => {
    const sockets: net.Socket[] = [];
    const before = await rssBytes(server);
    const upgrade = `GET /twilio/stream HTTP/1.1\r\nHost: ${server.host}\r\nUpgrade: websocket\r\n`;
    const slowestMs = await duringCall(server, async () => {
      while (sockets.length < HALF_OPEN) {
        const some = await Promise.all(Array.from({ length: 50 }, () => connect(server)));
        for (const [i, socket] of some.entries()) if (i % 2) socket.write(upgrade);
        sockets.push(...some);
      }
      // All of them stay, and who comes properly is served.
      const ready = await fetch(`${server.url}/ready`);
      assertEquals(ready.status, 200);
      await ready.body?.cancel();
      if (WAITS_FOR_CLOSE) {
        const left = () => sockets.filter(({ destroyed }) => !destroyed).length;
        for (let i = 0; i < 90 && left() > 0; i++) await sleep(1000);
        assertEquals(left(), 0, "the server closes them");
      }
    });
    const grown = await rssBytes(server) - before;
    for (const socket of sockets) socket.destroy();
    console.log(
      `${HALF_OPEN} half-open: the answer took ${slowestMs.toFixed(0)} ms, ` +
        `memory grew by ${(grown / 1e6).toFixed(0)} MB`,
    );
    assertLessOrEqual(grown / HALF_OPEN, 40_000 + 50_000_000 / HALF_OPEN);
    await untilNoCalls(server);
  });

  it("sockets that never say who they are give their places back", SLOW, async () => {
    const small = await startServer("binary", { EARSHOT_MAX_CALLS: "4" });
    try {
      const many = await Promise.all(
        Array.from({ length: 4 }, () => openSocket(small, "/twilio/stream")),
      );
      assertEquals(await upgradeStatus(small, "/twilio/stream"), 503);
      for (const { closed } of many) assertEquals((await closed).code, 1008);
      assertEquals(await upgradeStatus(small, "/twilio/stream"), 101);
    } finally {
      await small.stop();
    }
  });
});
