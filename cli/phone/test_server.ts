/**
 * The smallest server that a phone can call, for the phone's own tests: it answers the webhook with
 * the TwiML it is given and hands each stream to a script.
 *
 * @module
 */

import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

/** A stream as the server sees it. */
export interface ServerStream {
  readonly socket: WebSocket;
  readonly headers: IncomingHttpHeaders;
  readonly path: string;
  /** All messages so far, parsed. */
  // deno-lint-ignore no-explicit-any
  readonly messages: any[];
  streamSid: string;
  media(bytes: Uint8Array): void;
  mark(name: string): void;
  clear(): void;
}

/** A request to the webhook or a status callback. */
export interface ServerRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly form: Record<string, string>;
}

/** What the server does. */
export interface TestServerOptions {
  /** The answer to a POST: TwiML, or a status. `host` is the server's own `127.0.0.1:port`. */
  webhook(request: ServerRequest, host: string): string | number;
  /** Runs when `start` has arrived. */
  stream?(stream: ServerStream): void;
}

/** The running server. */
export interface TestServer {
  readonly origin: string;
  readonly host: string;
  readonly requests: ServerRequest[];
  readonly streams: ServerStream[];
  close(): Promise<void>;
}

export async function startTestServer(options: TestServerOptions): Promise<TestServer> {
  const requests: ServerRequest[] = [];
  const streams: ServerStream[] = [];
  let host = "";
  const server = createServer((request, response) => {
    const chunks: Uint8Array[] = [];
    request.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    request.on("end", () => {
      const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
      const seen = { path: request.url ?? "", headers: request.headers, form };
      requests.push(seen);
      const answer = options.webhook(seen, host);
      if (typeof answer === "number") return response.writeHead(answer).end();
      response.writeHead(200, { "content-type": "text/xml" }).end(answer);
    });
  });
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on("connection", (socket, request) => {
    const stream: ServerStream = {
      socket,
      headers: request.headers,
      path: request.url ?? "",
      messages: [],
      streamSid: "",
      media: (bytes) => send({ event: "media", media: { payload: bytes.toBase64() } }),
      mark: (name) => send({ event: "mark", mark: { name } }),
      clear: () => send({ event: "clear" }),
    };
    const send = (message: Record<string, unknown>) =>
      socket.send(JSON.stringify({ streamSid: stream.streamSid, ...message }));
    streams.push(stream);
    socket.on("message", (data) => {
      const message = JSON.parse(String(data));
      stream.messages.push(message);
      if (message.event !== "start") return;
      stream.streamSid = message.streamSid;
      options.stream?.(stream);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin: `http://${host}`,
    host,
    requests,
    streams,
    close: () =>
      new Promise((resolve) => {
        for (const stream of streams) stream.socket.terminate();
        sockets.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** TwiML that connects to the server's own stream, with one parameter, and then goes on. */
export function connectTwiml(host: string, after = "", callback = "", scheme = "ws"): string {
  const status = callback && ` statusCallback="${callback}"`;
  return `<Response><Connect><Stream url="${scheme}://${host}/stream"${status}>` +
    `<Parameter name="token" value="t1"/></Stream></Connect>${after}</Response>`;
}

/** Runs `body` against a server that connects every call, unless told otherwise, and closes it. */
export async function withServer(
  options: Partial<TestServerOptions>,
  body: (origin: string, server: TestServer) => Promise<void>,
): Promise<void> {
  const server = await startTestServer({ webhook: (_, host) => connectTwiml(host), ...options });
  try {
    await body(server.origin, server);
  } finally {
    await server.close();
  }
}
