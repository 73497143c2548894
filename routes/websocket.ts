/**
 * From a request to a socket: what is no request for a WebSocket is refused, and there is a net under
 * each socket, so that what its handlers throw is logged and closes this socket alone. Bun would drop
 * the connection without a word, Deno would raise it to the whole process. Who sends too much, or too
 * often, is closed before anything of it is read.
 *
 * @module
 */

import type { Context, MiddlewareHandler } from "hono";
import { TokenBucket } from "../server/token_bucket.ts";
import type { ServerSocket, SocketHandlers } from "../runtime/runtime.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Bindings } from "./bindings.ts";

/** Answers 426 to everything else. */
export const upgradeOnly: MiddlewareHandler<Bindings> = async (c, next) => {
  if (c.req.header("upgrade")?.toLowerCase() === "websocket") return await next();
  return c.text("Upgrade is missing: this is a WebSocket", 426);
};

/** What one socket may send. */
export interface MessageLimits {
  /** The largest message: bytes, or UTF-16 units of text. */
  readonly maxMessageBytes: number;
  /** Over time; what a network held back comes at once, so ten seconds of it may. */
  readonly maxMessagesPerSecond: number;
}

/** A network that stood still brings all that waited in one piece. */
const BURST_SECONDS = 10;

export interface SocketOptions {
  readonly log: Logger;
  readonly protocol?: string;
  readonly limits: MessageLimits;
  /** Runs when the socket is closed for what it sent. */
  refused(reason: "message_size" | "message_rate"): void;
  /** Runs when there was no handshake after all, so that no handler will. */
  failed(): void;
  /** The call that the socket belongs to, once it is known; for the log. */
  callId?(): string | undefined;
}

/** Joins the request's socket to its handlers. */
export function websocket(
  c: Context<Bindings>,
  handlers: SocketHandlers,
  options: SocketOptions,
): Response {
  const response = c.env.upgrade(guarded(handlers, options), options.protocol);
  if (response.status === 426) options.failed();
  return response;
}

function guarded(handlers: SocketHandlers, options: SocketOptions): SocketHandlers {
  const { log, limits, refused } = options;
  const { maxMessageBytes, maxMessagesPerSecond: rate } = limits;
  const bucket = new TokenBucket(rate, rate * BURST_SECONDS);
  let socket: ServerSocket | null = null;
  let shut = false;
  const failed = (error: unknown) => {
    log.error("A socket's handler failed", { callId: options.callId?.(), error });
    socket?.close(1011, "something went wrong on our side");
  };
  const refuse = (reason: "message_size" | "message_rate", code: number, text: string) => {
    shut = true;
    refused(reason);
    log.warn("A socket was closed for what it sent", { callId: options.callId?.(), reason });
    socket?.close(code, text);
  };
  /** Hot: once a message. What still comes after a refusal is not looked at. */
  const mayPass = (size: number): boolean => {
    if (shut) return false;
    if (size > maxMessageBytes) {
      refuse("message_size", 1009, `message of ${size} bytes is over ${maxMessageBytes}`);
    } else if (!bucket.take()) {
      refuse("message_rate", 1008, `more than ${rate} messages a second`);
    }
    return !shut;
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
      if (!mayPass(text.length)) return;
      try {
        handlers.text(text);
      } catch (error) {
        failed(error);
      }
    },
    binary(bytes) {
      if (!mayPass(bytes.length)) return;
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
