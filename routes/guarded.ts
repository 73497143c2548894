/**
 * A net under each socket: what its handlers throw is logged and closes this socket alone. Bun
 * would drop the connection without a word, Deno would raise it to the whole process.
 *
 * @module
 */

import type { ServerSocket, SocketHandlers } from "../runtime/runtime.ts";
import type { Logger } from "../telemetry/log.ts";

export function guarded(handlers: SocketHandlers, log: Logger): SocketHandlers {
  let socket: ServerSocket | null = null;
  const failed = (error: unknown) => {
    log.error("A socket's handler failed", { error });
    socket?.close(1011, "something went wrong on our side");
  };
  return {
    open(opened) {
      socket = opened;
      try {
        handlers.open(opened);
      } catch (error) {
        failed(error);
      }
    },
    text(text) {
      try {
        handlers.text(text);
      } catch (error) {
        failed(error);
      }
    },
    binary(bytes) {
      try {
        handlers.binary(bytes);
      } catch (error) {
        failed(error);
      }
    },
    close(code, reason) {
      try {
        handlers.close(code, reason);
      } catch (error) {
        failed(error);
      }
    },
  };
}
