/**
 * Servers that a brain's link is tried against: a real one, and one whose wire is in the test's hand.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import net from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

/** The port that a server of either kind listens on. */
export function portOf(server: net.Server | WebSocketServer): number {
  return (server.address() as net.AddressInfo).port;
}

/** Runs `use` beside a server that is torn down at the end, with all of its sockets. */
export async function withServer<S extends net.Server>(
  server: S,
  use: (url: string) => Promise<void>,
): Promise<void> {
  const sockets = new Set<net.Socket>();
  server.on("connection", (socket: net.Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  await new Promise<void>((go) => server.listen(0, "127.0.0.1", () => go()));
  try {
    await use(`ws://127.0.0.1:${portOf(server)}/v1/realtime`);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

/** A real WebSocket server, from npm `ws`. */
export async function withWebSockets(
  connected: (socket: WebSocket, request: IncomingMessage) => void,
  use: (url: string) => Promise<void>,
): Promise<void> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  server.on("connection", connected);
  await new Promise<void>((go) => server.on("listening", () => go()));
  try {
    await use(`ws://127.0.0.1:${portOf(server)}/v1/realtime`);
  } finally {
    for (const client of server.clients) client.terminate();
    server.close();
  }
}

/** A peer by hand: says yes to the upgrade, and then does what `then` does with the bare wire. */
export function byHand(then: (socket: net.Socket, head: string) => void): net.Server {
  return net.createServer((socket) => {
    let head = "";
    const read = (bytes: Buffer) => {
      head += bytes.toString("latin1");
      if (!head.includes("\r\n\r\n")) return;
      socket.off("data", read);
      const key = /^sec-websocket-key: (.*)\r$/im.exec(head)?.[1];
      const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
          `Sec-WebSocket-Accept: ${accept.digest("base64")}\r\n\r\n`,
      );
      then(socket, head);
    };
    socket.on("data", read);
  });
}
