/**
 * The runtime contract on Deno: `Deno.serve` and `Deno.upgradeWebSocket`.
 *
 * Declared differences from Bun: pings go out every half of the pong timeout (the only setting
 * that Deno has), and the largest message is checked here, after the runtime has received it.
 *
 * @module
 */

import type { Runtime, ServerSocket, SocketHandlers, SocketLimits } from "./runtime.ts";

function upgradeDeno(
  request: Request,
  handlers: SocketHandlers,
  limits: SocketLimits,
  protocol?: string,
): Response {
  const { socket, response } = Deno.upgradeWebSocket(request, {
    idleTimeout: limits.pongTimeoutSeconds,
    protocol,
  });
  socket.binaryType = "arraybuffer";
  const port: ServerSocket = {
    send(data) {
      if (socket.readyState !== WebSocket.OPEN) return false;
      if (socket.bufferedAmount > limits.maxBufferedBytes) {
        socket.close(1008, "the peer reads too slowly");
        return false;
      }
      socket.send(data);
      return true;
    },
    cork: (write) => write(),
    bufferedBytes: () => socket.bufferedAmount,
    close(code, reason) {
      if (socket.readyState <= WebSocket.OPEN) socket.close(code, reason);
    },
  };
  let closed = false;
  const closeOnce = (code: number, reason: string) => {
    if (closed) return;
    closed = true;
    handlers.close(code, reason);
  };
  socket.onopen = () => handlers.open(port);
  socket.onmessage = ({ data }) => {
    const size = typeof data === "string" ? data.length : data.byteLength;
    if (size > limits.maxMessageBytes) {
      port.close(1009, `message of ${size} bytes is over ${limits.maxMessageBytes}`);
    } else if (typeof data === "string") handlers.text(data);
    else handlers.binary(new Uint8Array(data));
  };
  // Deno reports a broken connection as an error and a close with code 0; 1006 is what the
  // WebSocket standard (RFC 6455, 7.1.5) calls it.
  socket.onerror = () => {};
  socket.onclose = ({ code, reason }) => closeOnce(code === 0 ? 1006 : code, reason);
  return response;
}

export const runtime: Runtime = {
  name: "deno",
  version: Deno.version.deno,
  serve({ port, hostname, limits }, fetch) {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    try {
      const server = Deno.serve(
        { port, hostname, onListen: ({ port }) => resolve(port) },
        (request) =>
          fetch(request, {
            upgrade: (handlers, protocol) => upgradeDeno(request, handlers, limits, protocol),
          }),
      );
      return promise.then((port) => ({ port, stop: () => server.shutdown() }));
    } catch (error) {
      reject(error);
      return promise as Promise<never>;
    }
  },
};
