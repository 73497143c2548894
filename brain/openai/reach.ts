/**
 * Whether an endpoint answers at all: the upgrade that each call begins with, without a key, so that
 * it costs nothing. A refusal is an answer.
 *
 * @module
 */

import WebSocket from "ws";

/**
 * @param url As in `OPENAI_REALTIME_URL`.
 * @returns Null when it answered, else why not: `http_503`, `ECONNREFUSED`, `timeout`.
 */
export function reach(url: string, timeoutMs: number): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  let socket: WebSocket;
  try {
    socket = new WebSocket(url, { perMessageDeflate: false });
  } catch (error) {
    return Promise.resolve((error as Error).name);
  }
  // A proxy that has nobody behind it says 502 to 504; a server that is lost itself, another 5xx.
  socket.on("unexpected-response", (_request, { statusCode = 0 }) => {
    resolve(statusCode >= 500 ? `http_${statusCode}` : null);
    socket.terminate();
  });
  socket.on("open", () => {
    resolve(null);
    socket.terminate();
  });
  socket.on("error", (error: Error & { code?: string }) => resolve(error.code ?? error.name));
  const timer = setTimeout(() => {
    resolve("timeout");
    socket.terminate();
  }, timeoutMs);
  return promise.finally(() => clearTimeout(timer));
}
