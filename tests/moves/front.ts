/**
 * What stands in front of a fleet, as Fly's proxy does: one address for all instances. A request goes
 * to the first instance that listens, and to the next one when it answers `fly-replay: elsewhere=true`.
 *
 * Source: Fly docs, "Dynamic Request Routing".
 *
 * @module
 */

import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export interface Front {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Origins of the instances, the preferred one first. */
  instances: string[];
  /** Requests that an instance sent on to another one. */
  replays: number;
  close(): Promise<void>;
}

type Answer = { response: IncomingMessage; socket?: Socket; head?: Buffer };

/** One request to one instance; null when nobody listens there. */
function ask(
  instance: string,
  { method, url, headers }: IncomingMessage,
  body: Buffer,
  replayed: boolean,
): Promise<Answer | null> {
  return new Promise((resolve) => {
    const asked = request(new URL(url!, instance), {
      method,
      agent: false,
      headers: { ...headers, ...(replayed && { "fly-replay-src": "instance=a" }) },
    });
    asked.on("response", (response) => resolve({ response }));
    asked.on("upgrade", (response, socket, head) => resolve({ response, socket, head }));
    asked.on("error", () => resolve(null));
    asked.end(body);
  });
}

export async function startFront(): Promise<Front> {
  const open = new Set<Socket>();

  async function find(from: IncomingMessage, body: Buffer): Promise<Answer | null> {
    let replayed = false;
    for (const instance of front.instances) {
      const answer = await ask(instance, from, body, replayed);
      if (!answer) continue;
      if (!answer.response.headers["fly-replay"]) return answer;
      answer.response.resume();
      replayed = true;
      front.replays++;
    }
    return null;
  }

  async function serve(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const pieces: Uint8Array[] = [];
    for await (const piece of from) pieces.push(piece as Uint8Array);
    const answer = await find(from, Buffer.concat(pieces));
    if (!answer) return void to.writeHead(502).end();
    to.writeHead(answer.response.statusCode!, answer.response.headers);
    answer.response.pipe(to);
  }

  async function upgrade(from: IncomingMessage, client: Socket, head: Buffer): Promise<void> {
    client.on("error", () => {});
    const answer = await find(from, Buffer.alloc(0));
    if (!answer?.socket) {
      client.end(
        `HTTP/1.1 ${answer?.response.statusCode ?? 502} Refused\r\nConnection: close\r\n\r\n`,
      );
      answer?.response.resume();
      return;
    }
    const { response, socket, head: more } = answer;
    const lines = Object.entries(response.headers).map(([name, value]) => `${name}: ${value}`);
    client.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("\r\n")}\r\n\r\n`);
    if (more?.length) client.write(more);
    if (head.length) socket.write(head);
    client.pipe(socket).pipe(client);
    socket.on("error", () => client.destroy());
    socket.on("close", () => client.destroy());
    client.on("close", () => socket.destroy());
  }

  const server = createServer((from, to) => void serve(from, to));
  server.on("upgrade", (from, socket, head) => void upgrade(from, socket as Socket, head));
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.setNoDelay(true);
    socket.on("close", () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const front: Front = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    instances: [],
    replays: 0,
    close() {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return front;
}
