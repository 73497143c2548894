import { createServer as createHttp } from "node:http";
import net, { type AddressInfo } from "node:net";
import test from "node:test";
import { assert, assertEquals, assertLess } from "@std/assert";
import { WebSocketServer } from "ws";
import { within } from "../../runtime/within.ts";
import { reach } from "./reach.ts";

const soon = (url: string, timeoutMs = 2000) =>
  within(timeoutMs + 1000, reach(url, timeoutMs), (): never => {
    throw new Error(`reach takes longer than the ${timeoutMs} ms that it was given`);
  });

/** A server that answers each upgrade with this status, and notes who asked with what key. */
async function refusing(status: number) {
  const keys: unknown[] = [];
  const server = createHttp();
  server.on("upgrade", (request, socket) => {
    keys.push(request.headers.authorization);
    socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `ws://127.0.0.1:${port}/v1/realtime`, keys, close: () => server.close() };
}

test("reach: an endpoint that opens is reached, and its socket is let go", async () => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  const closed = new Promise<void>((resolve) =>
    server.on("connection", (socket) => socket.on("close", () => resolve()))
  );
  await new Promise<void>((resolve) => server.on("listening", () => resolve()));
  const { port } = server.address() as AddressInfo;
  assertEquals(await soon(`ws://127.0.0.1:${port}`), null);
  await within(2000, closed, (): never => {
    throw new Error("the socket stays");
  });
  server.close();
});

for (const [status, wanted] of [[401, null], [429, null], [500, "http_500"], [503, "http_503"]]) {
  test(`reach: a refusal with ${status} ${wanted ? "is none" : "is an answer"}`, async () => {
    const server = await refusing(Number(status));
    assertEquals(await soon(server.url), wanted);
    assertEquals(server.keys, [undefined], "no key is shown");
    server.close();
  });
}

test("reach: nobody listens there", async () => {
  assertEquals(await soon("ws://127.0.0.1:9/v1/realtime"), "ECONNREFUSED");
});

test("reach: who takes the connection and says nothing is given up in time", async () => {
  const open: net.Socket[] = [];
  const server = net.createServer((socket) => open.push(socket.on("error", () => {})));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const beganMs = performance.now();
  const why = await soon(`ws://127.0.0.1:${port}`, 300);
  assert(why !== null);
  assertLess(performance.now() - beganMs, 1000);
  for (const socket of open) socket.destroy();
  server.close();
});
