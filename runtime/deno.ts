/**
 * The runtime contract on Deno: `Deno.serve` and `Deno.upgradeWebSocket`.
 *
 * Declared differences from Bun: pings go out every half of the pong timeout (the only setting
 * that Deno has), and the largest message is checked here, after the runtime has received it.
 *
 * @module
 */

import type { Runtime, ServerSocket, SocketHandlers, SocketLimits } from "./runtime.ts";
import { within } from "./within.ts";

const STOP_TIMEOUT_MS = 1000;

/** A close frame has room for 123 bytes of reason (RFC 6455, 5.5); Deno throws where Bun cuts. */
function fitting(reason: string): string {
  const bytes = new TextEncoder().encode(reason);
  // As a stream, so that a character cut in two is left out.
  return new TextDecoder().decode(bytes.subarray(0, 123), { stream: true });
}

function upgradeDeno(
  request: Request,
  handlers: SocketHandlers,
  limits: SocketLimits,
  protocol?: string,
): Response {
  let upgraded: Deno.WebSocketUpgrade;
  try {
    upgraded = Deno.upgradeWebSocket(request, { idleTimeout: limits.pongTimeoutSeconds });
  } catch {
    return new Response(null, { status: 426 });
  }
  const { socket, response } = upgraded;
  // Not by its own option: Deno 2.9.6 looks for ", " between the offered ones, and `ws` writes ",".
  if (protocol) response.headers.set("Sec-WebSocket-Protocol", protocol);
  socket.binaryType = "arraybuffer";
  const port: ServerSocket = {
    send(data) {
      if (socket.readyState !== WebSocket.OPEN) return false;
      if (socket.bufferedAmount > limits.maxBufferedBytes) {
        port.close(1008, "the peer reads too slowly");
        return false;
      }
      socket.send(data);
      return true;
    },
    cork: (write) => write(),
    bufferedBytes: () => socket.bufferedAmount,
    close(code, reason) {
      if (socket.readyState > WebSocket.OPEN) return;
      socket.close(code, fitting(reason));
      // Deno waits for ever for the answer of a peer that doesn't read (2.9.6).
      unanswered = setTimeout(() => closeOnce(1006, ""), limits.pongTimeoutSeconds * 1000);
    },
  };
  let closed = false;
  let unanswered: ReturnType<typeof setTimeout> | undefined;
  const closeOnce = (code: number, reason: string) => {
    if (closed) return;
    closed = true;
    clearTimeout(unanswered);
    handlers.close(code, reason);
  };
  // Of a peer that goes before the upgrade is done Deno 2.9.6 tells nothing at all.
  const tooLate = setTimeout(() => closeOnce(1006, ""), limits.pongTimeoutSeconds * 1000);
  socket.onopen = () => {
    clearTimeout(tooLate);
    if (closed) return socket.close(1008, "the upgrade took too long");
    handlers.open(port);
  };
  socket.onmessage = ({ data }) => {
    if (closed) return;
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
        (request, { remoteAddr }) =>
          fetch(request, {
            remoteAddress: remoteAddr.hostname,
            upgrade: (handlers, protocol) => upgradeDeno(request, handlers, limits, protocol),
          }),
      );
      // It waits for ever for a peer that went before its upgrade was done (Deno 2.9.6).
      const stop = () => within(STOP_TIMEOUT_MS, server.shutdown(), () => {});
      return promise.then((port) => ({ port, stop }));
    } catch (error) {
      reject(error);
      return promise as Promise<never>;
    }
  },
};
