/**
 * A WebSocket opened by hand, so that each step of the way has a time of its own: the name, TCP, TLS,
 * the upgrade. Ready-made clients show only the sum.
 *
 * @module
 */

import type net from "node:net";
import { dial, type DialOptions, inTime, WireError } from "./dial.ts";
import { FrameReader, maskedFrame } from "./frames.ts";
import { shakeHands } from "./handshake.ts";

/** How long each step took. */
export interface WireTimes {
  readonly nameMs: number;
  readonly tcpMs: number;
  /** Null over plain `ws:`. */
  readonly tlsMs: number | null;
  readonly upgradeMs: number;
}

export interface WireOptions extends DialOptions {
  readonly headers?: Readonly<Record<string, string>>;
}

/** An open WebSocket. */
export interface Wire {
  readonly times: WireTimes;
  readonly addresses: readonly string[];
  /** Addresses that were tried in vain before one answered. */
  readonly deadAddresses: readonly string[];
  readonly tlsVersion: string | null;
  /** The handshake's `Date` header with our own time around it. */
  readonly date:
    | { readonly theirMs: number; readonly sentMs: number; readonly heardMs: number }
    | null;
  send(text: string): void;
  /** The next text message. @throws {WireError} After the timeout, or when the server closes. */
  next(): Promise<string>;
  /** Sends a ping; resolves with the ms until its pong. */
  ping(): Promise<number>;
  close(): void;
}

/** @throws {WireError} Naming the step that failed. */
export async function openWire(url: URL, options: WireOptions): Promise<Wire> {
  const { headers = {}, timeoutMs } = options;
  const { socket, nameMs, tcpMs, tlsMs, ...line } = await dial(url, options);
  try {
    const startMs = performance.now();
    const sentMs = Date.now();
    const { head, rest } = await shakeHands(socket, url, headers, timeoutMs);
    const theirMs = Date.parse(head.get("date") ?? "");
    const { addresses, deadAddresses, tlsVersion } = line;
    return {
      ...converse(socket, rest, timeoutMs),
      times: { nameMs, tcpMs, tlsMs, upgradeMs: performance.now() - startMs },
      addresses,
      deadAddresses,
      tlsVersion,
      date: Number.isNaN(theirMs) ? null : { theirMs, sentMs, heardMs: Date.now() },
    };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** The talk after the upgrade. */
function converse(
  socket: net.Socket,
  rest: Uint8Array,
  timeoutMs: number,
): Pick<Wire, "send" | "next" | "ping" | "close"> {
  const texts: string[] = [];
  let failure: WireError | null = null;
  let awake = () => {};
  let ponged = () => {};
  const fail = (why: string) => {
    failure ??= new WireError("messages", why);
    awake();
  };
  const reader = new FrameReader({
    text: (text) => {
      texts.push(text);
      awake();
    },
    ping: (payload) => socket.write(maskedFrame("pong", payload)),
    pong: () => ponged(),
    close: (code) => fail(`the server closed the WebSocket (${code})`),
    broken: (why) => fail(why),
  });
  socket.on("data", (chunk: Uint8Array) => reader.push(chunk));
  socket.on("close", () => fail("the connection was closed"));
  socket.on("error", (error: Error) => fail(`the connection broke (${error.message})`));
  reader.push(rest);
  socket.resume();
  return {
    send: (text) => void socket.write(maskedFrame("text", new TextEncoder().encode(text))),
    next: () =>
      inTime(
        "messages",
        timeoutMs,
        (async () => {
          while (texts.length === 0) {
            if (failure) throw failure;
            await new Promise<void>((resolve) => awake = resolve);
          }
          return texts.shift()!;
        })(),
      ),
    ping: async () => {
      const startMs = performance.now();
      socket.write(maskedFrame("ping", new Uint8Array(0)));
      await inTime("messages", timeoutMs, new Promise<void>((resolve) => ponged = resolve));
      return performance.now() - startMs;
    },
    close() {
      socket.write(maskedFrame("close", new Uint8Array([1000 >> 8, 1000 & 255])));
      socket.end();
      // A server that never answers the close gets no more patience than this.
      setTimeout(() => socket.destroy(), 1000).unref?.();
    },
  };
}
