/**
 * Attackers' sockets: requests byte for byte, and WebSockets with any header.
 *
 * @module
 */

import net from "node:net";
import { WebSocket } from "ws";
import { within } from "../../runtime/within.ts";
import type { TestServer } from "../server.ts";

/** Whatever a test waits for comes within this time, or the test fails. */
const LIMIT_MS = 15_000;

const inTime = <T>(what: string, work: Promise<T>): Promise<T> =>
  within(LIMIT_MS, work, () => {
    throw new Error(`Waited in vain for ${what}`);
  });

/** A plain TCP connection; what it sends is up to the test. */
export function connect(server: TestServer): Promise<net.Socket> {
  const [host, port] = server.host.split(":") as [string, string];
  return inTime(
    "a connection",
    new Promise((go, fail) => {
      const socket = net.connect(Number(port), host, () => {
        // Attackers' sockets are cut at any time.
        socket.off("error", fail).on("error", () => {});
        go(socket);
      });
      socket.on("error", fail);
    }),
  );
}

/** Sends a request's head, and reads the status of what comes back. */
export async function statusOf(
  server: TestServer,
  method: string,
  path: string,
  headers: Record<string, string>,
): Promise<number> {
  const socket = await connect(server);
  const lines = Object.entries({ Host: server.host, ...headers }).map(([k, v]) => `${k}: ${v}`);
  socket.write([`${method} ${path} HTTP/1.1`, ...lines, "", ""].join("\r\n"));
  try {
    const head = await inTime(
      `an answer to ${path}`,
      new Promise<string>((go, fail) => {
        socket.once("data", (data) => go(String(data)));
        socket.once("close", () => fail(new Error(`${path} was cut off`)));
      }),
    );
    return Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);
  } finally {
    socket.destroy();
  }
}

/** The status that a WebSocket's handshake gets; 101 is one that was granted. */
export function upgradeStatus(
  server: TestServer,
  path: string,
  headers: Record<string, string> = {},
): Promise<number> {
  return statusOf(server, "GET", path, {
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  });
}

/** An open WebSocket, and how it will be closed. */
export interface OpenSocket {
  readonly socket: WebSocket;
  readonly closed: Promise<{ code: number; reason: string }>;
}

export async function openSocket(
  server: TestServer,
  path: string,
  headers: Record<string, string> = {},
  protocols: string[] = [],
): Promise<OpenSocket> {
  const url = `ws://${server.host}${path}`;
  const socket = new WebSocket(url, protocols, { headers, perMessageDeflate: false });
  const closed = inTime(
    `the end of ${path}`,
    new Promise<{ code: number; reason: string }>((go) =>
      socket.on("close", (code, reason) => go({ code, reason: String(reason) }))
    ),
  );
  closed.catch(() => {});
  await inTime(
    `a socket at ${path}`,
    new Promise<void>((go, fail) => {
      socket.on("open", () => go());
      socket.on("error", fail);
    }),
  );
  return { socket, closed };
}
