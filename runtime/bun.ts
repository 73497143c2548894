/**
 * The runtime contract on Bun: `Bun.serve` with one set of socket handlers, and each socket's own
 * handlers parked on its data.
 *
 * @module
 */

import type { Runtime, ServerSocket, SocketHandlers } from "./runtime.ts";

/**
 * What we use of Bun, typed here: the types that Bun ships redefine `URL` and other globals for every
 * file of the project.
 */
interface BunSocket {
  readonly data: SocketData;
  /** Bytes sent, -1 when queued behind backpressure, 0 when dropped. */
  send(data: string | Uint8Array): number;
  cork(write: () => void): void;
  getBufferedAmount(): number;
  ping(): number;
  close(code: number, reason: string): void;
  terminate(): void;
}

interface SocketData {
  readonly handlers: SocketHandlers;
  /** Pings since the last sign of life. */
  unanswered: number;
}

interface BunServer {
  readonly port: number;
  upgrade(request: Request, options: { data: SocketData; headers?: HeadersInit }): boolean;
  /** Null once the peer has gone. */
  requestIP(request: Request): { readonly address: string } | null;
  stop(closeConnections: boolean): Promise<void>;
}

declare const Bun: {
  readonly version: string;
  serve(options: {
    port: number;
    hostname: string;
    idleTimeout: number;
    fetch(request: Request, server: BunServer): Promise<Response | undefined>;
    websocket: {
      idleTimeout: number;
      sendPings: boolean;
      maxPayloadLength: number;
      backpressureLimit: number;
      closeOnBackpressureLimit: boolean;
      perMessageDeflate: boolean;
      open(socket: BunSocket): void;
      message(socket: BunSocket, message: string | Uint8Array<ArrayBuffer>): void;
      pong(socket: BunSocket): void;
      close(socket: BunSocket, code: number, reason: string): void;
    };
  }): BunServer;
};

function portOf(socket: BunSocket): ServerSocket {
  return {
    send: (data) => socket.send(data) !== 0,
    cork: (write) => socket.cork(write),
    bufferedBytes: () => socket.getBufferedAmount(),
    close: (code, reason) => socket.close(code, reason),
  };
}

/** Stands for a host that wasn't named: a name that is nobody's, so that it opens nothing. */
const NO_HOST = "http://host.invalid";

/**
 * Without a host that can be read, Bun's URL is a path alone, or none at all (1.4.5). It gets
 * one, in a copy; Bun upgrades only the request that it gave.
 */
function withUrl(request: Request): Request {
  if (URL.canParse(request.url)) return request;
  return new Request(NO_HOST + request.url.replace(/^https?:\/\/[^/?#]*/i, ""), request);
}

export const runtime: Runtime = {
  name: "bun",
  version: Bun.version,
  serve({ port, hostname, limits }, fetch) {
    const open = new Set<BunSocket>();
    const server = Bun.serve({
      port,
      hostname,
      // Seconds. The live event stream writes each second; anything slower is not ours.
      idleTimeout: 30,
      async fetch(request, server) {
        let upgraded = false;
        const response = await fetch(withUrl(request), {
          remoteAddress: server.requestIP(request)?.address ?? "",
          upgrade(handlers, protocol) {
            upgraded = server.upgrade(request, {
              data: { handlers, unanswered: 0 },
              headers: protocol ? { "Sec-WebSocket-Protocol": protocol } : undefined,
            });
            return new Response(null, { status: upgraded ? 200 : 426 });
          },
        });
        return upgraded ? undefined : response;
      },
      websocket: {
        // Bun counts what we send ourselves as a sign of life, so its timeout ends nothing that we
        // write to (1.4.5). We count pings instead, at the interval that was asked for.
        idleTimeout: 0,
        sendPings: false,
        maxPayloadLength: limits.maxMessageBytes,
        backpressureLimit: limits.maxBufferedBytes,
        closeOnBackpressureLimit: true,
        perMessageDeflate: false,
        open(socket) {
          open.add(socket);
          socket.data.handlers.open(portOf(socket));
        },
        message(socket, message) {
          const { data } = socket;
          data.unanswered = 0;
          if (typeof message === "string") data.handlers.text(message);
          else data.handlers.binary(message);
        },
        pong(socket) {
          socket.data.unanswered = 0;
        },
        close(socket, code, reason) {
          open.delete(socket);
          socket.data.handlers.close(code, reason);
        },
      },
    });
    const pinger = setInterval(() => {
      for (const socket of open) {
        if (socket.data.unanswered++ * limits.pingSeconds >= limits.pongTimeoutSeconds) {
          socket.terminate();
        } else socket.ping();
      }
    }, limits.pingSeconds * 1000);
    return Promise.resolve({
      port: server.port,
      async stop() {
        clearInterval(pinger);
        await server.stop(true);
      },
    });
  },
};
