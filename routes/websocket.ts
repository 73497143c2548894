/**
 * From a request to a socket: what is no request for a WebSocket is refused, and there is a net under
 * each socket, so that what its handlers throw is logged and closes this socket alone. Bun would drop
 * the connection without a word, Deno would raise it to the whole process.
 *
 * @module
 */

import type { Context, MiddlewareHandler } from "hono";
import type { ServerSocket, SocketHandlers } from "../runtime/runtime.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Bindings } from "./bindings.ts";

/** Answers 426 to everything else. */
export const upgradeOnly: MiddlewareHandler<Bindings> = async (c, next) => {
  if (c.req.header("upgrade")?.toLowerCase() === "websocket") return await next();
  return c.text("Upgrade is missing: this is a WebSocket", 426);
};

export interface SocketOptions {
  readonly log: Logger;
  readonly protocol?: string;
  /** Runs when there was no handshake after all, so that no handler will. */
  failed(): void;
}

/** Joins the request's socket to its handlers. */
export function websocket(
  c: Context<Bindings>,
  handlers: SocketHandlers,
  { log, protocol, failed }: SocketOptions,
): Response {
  const response = c.env.upgrade(guarded(handlers, log), protocol);
  if (response.status === 426) failed();
  return response;
}

function guarded(handlers: SocketHandlers, log: Logger): SocketHandlers {
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
