/**
 * What earshot needs of a JavaScript runtime: an HTTP server whose requests can become WebSockets.
 * `deno.ts` and `bun.ts` export the same `runtime`, and `main.ts` picks one.
 *
 * @module
 */

/** Settings of every WebSocket that the server accepts. */
export interface SocketLimits {
  /** The largest message in bytes; a larger one ends the socket with 1009. */
  readonly maxMessageBytes: number;
  /** Seconds between pings. */
  readonly pingSeconds: number;
  /** Seconds without any sign of life after which the socket is closed. */
  readonly pongTimeoutSeconds: number;
  /** Bytes that may wait for a peer who does not read; beyond them the socket is closed. */
  readonly maxBufferedBytes: number;
}

/** The server's side of one WebSocket. */
export interface ServerSocket {
  /** Queues a text or binary message. False when it was dropped: closed, or over the limit. */
  send(data: string | Uint8Array<ArrayBuffer>): boolean;
  /** Runs `write` with its sends gathered into as few packets as the runtime can. */
  cork(write: () => void): void;
  /** Bytes accepted by `send` that the kernel has not taken yet. */
  bufferedBytes(): number;
  /** Starts the closing handshake. Idempotent. */
  close(code: number, reason: string): void;
}

/** What a route does with a socket. `close` is the last call, made once. */
export interface SocketHandlers {
  open(socket: ServerSocket): void;
  text(text: string): void;
  /** `bytes` are good until the handler returns. */
  binary(bytes: Uint8Array<ArrayBuffer>): void;
  close(code: number, reason: string): void;
}

/**
 * Turns the request at hand into a WebSocket; the response must be returned as it is. A request that
 * is no handshake is answered with 426, and then none of the handlers ever runs.
 */
export type Upgrade = (handlers: SocketHandlers, subprotocol?: string) => Response;

/** What the app receives with each request, as Hono's bindings. */
export interface RequestContext {
  readonly upgrade: Upgrade;
  /** The peer's IP address, as the socket knows it; empty when the runtime can't tell. */
  readonly remoteAddress: string;
}

/** Answers one request. */
export type Fetch = (request: Request, context: RequestContext) => Response | Promise<Response>;

/** A listening server. */
export interface Server {
  readonly port: number;
  /** Stops listening and closes what is still open. */
  stop(): Promise<void>;
}

/** One JavaScript runtime. */
export interface Runtime {
  readonly name: "deno" | "bun";
  readonly version: string;
  serve(
    options: { port: number; hostname: string; limits: SocketLimits },
    fetch: Fetch,
  ): Promise<Server>;
}
