/**
 * From a request to a socket: what is no request for a WebSocket is refused, and there is a net under
 * each socket, so that what its handlers throw is logged and closes this socket alone. Bun would drop
 * the connection without a word, Deno would raise it to the whole process. Who sends too much, or too
 * often, is closed before anything of it is read.
 *
 * @module
 */

import type { Context, MiddlewareHandler } from "hono";
import type { Config } from "../config.ts";
import { TokenBucket } from "../runtime/token_bucket.ts";
import type { ServerSocket, SocketHandlers } from "../runtime/runtime.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Bindings } from "./bindings.ts";

/** Answers 426 to everything else. */
export const upgradeOnly: MiddlewareHandler<Bindings> = async (c, next) => {
  if (c.req.header("upgrade")?.toLowerCase() === "websocket") return await next();
  return c.text("Upgrade is missing: this is a WebSocket", 426);
};

/** What one socket may send. */
interface MessageLimits {
  /** The largest message: bytes, or UTF-16 units of text. */
  readonly maxMessageBytes: number;
  /** Over time; what a network held back comes at once, so ten seconds of it may. */
  readonly maxMessagesPerSecond: number;
  readonly maxBytesPerSecond: number;
}

/** The limits of a route's sockets, from the settings and the largest message that it has use for. */
export function messageLimits(config: Config, maxMessageBytes = Infinity): MessageLimits {
  return {
    maxMessageBytes: Math.min(maxMessageBytes, config.EARSHOT_MAX_MESSAGE_BYTES),
    maxMessagesPerSecond: config.EARSHOT_MESSAGES_PER_SECOND,
    maxBytesPerSecond: config.EARSHOT_BYTES_PER_SECOND,
  };
}

/** A network that stood still brings all that waited in one piece. */
const BURST_SECONDS = 10;

/** What a socket may be closed for. */
type SendingRefusal = "message_size" | "message_rate" | "byte_rate";

export interface SocketOptions {
  readonly log: Logger;
  readonly protocol?: string;
  readonly limits: MessageLimits;
  /** Runs when the socket is closed for what it sent. */
  refused(reason: SendingRefusal): void;
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
  const { maxMessageBytes, maxMessagesPerSecond, maxBytesPerSecond } = limits;
  const messages = new TokenBucket(maxMessagesPerSecond, maxMessagesPerSecond * BURST_SECONDS);
  const bytes = new TokenBucket(maxBytesPerSecond, maxBytesPerSecond * BURST_SECONDS);
  let socket: ServerSocket | null = null;
  let shut = false;
  const failed = (error: unknown) => {
    log.error("A socket's handler failed", { callId: options.callId?.(), error });
    socket?.close(1011, "something went wrong on our side");
  };
  const refuse = (reason: SendingRefusal, code: number, text: string) => {
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
    } else if (!messages.take()) {
      refuse("message_rate", 1008, `more than ${maxMessagesPerSecond} messages a second`);
    } else if (!bytes.take(size)) {
      refuse("byte_rate", 1008, `more than ${maxBytesPerSecond} bytes a second`);
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
