/**
 * Requests that name no host, on the runtime that this test runs on, Deno or Bun.
 *
 * @module
 */

import net from "node:net";
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import type { Runtime } from "./runtime.ts";
import { within } from "./within.ts";

const { runtime }: { runtime: Runtime } = "Bun" in globalThis
  ? await import("./bun.ts")
  : await import("./deno.ts");

const LIMITS = {
  maxMessageBytes: 1 << 20,
  pingSeconds: 1,
  pongTimeoutSeconds: 2,
  maxBufferedBytes: 1 << 20,
};

/** What the server answers to these bytes. */
async function answer(port: number, request: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const peer = net.connect(port, "127.0.0.1", () => peer.write(request));
  peer.on("error", () => {});
  peer.on("data", (bytes) => resolve(String(bytes)));
  try {
    return await within(2000, promise, () => {
      throw new Error(`No answer to ${JSON.stringify(request)}`);
    });
  } finally {
    peer.destroy();
  }
}

test("a request without a host, or with a broken one, has a URL with its whole path", async () => {
  const server = await runtime.serve(
    { port: 0, hostname: "127.0.0.1", limits: LIMITS },
    async (request) => {
      const { pathname, search } = new URL(request.url);
      return new Response(`${request.method} ${pathname}${search} ${await request.text()}`);
    },
  );
  const body = "Content-Length: 3\r\n\r\na=b";
  // Deno refuses broken hosts by itself.
  const hosts = "Bun" in globalThis ? ["Host: a b\r\n", "Host: [\r\n"] : [];
  try {
    const requests = [
      ["GET /ready HTTP/1.0\r\n\r\n", "GET /ready "],
      ["GET /12345678/health?x=/y HTTP/1.0\r\n\r\n", "GET /12345678/health?x=/y "],
      ["GET //a/ready HTTP/1.0\r\n\r\n", "GET //a/ready "],
      [`POST /moves HTTP/1.0\r\n${body}`, "POST /moves a=b"],
      ...hosts.map((host) => [`POST /moves HTTP/1.1\r\n${host}${body}`, "POST /moves a=b"]),
    ];
    for (const [request, read] of requests) {
      assertEquals((await answer(server.port, request!)).split("\r\n\r\n")[1], read, request);
    }
  } finally {
    await server.stop();
  }
});
