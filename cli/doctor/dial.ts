/**
 * The first steps of a connection, each with a time of its own: the name, TCP, TLS.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import net from "node:net";
import tls from "node:tls";
import { within } from "../../runtime/within.ts";

/** A step of the way that a connection takes. */
export type Stage = "name" | "TCP" | "TLS" | "upgrade" | "messages";

/** Where a connection failed, and what the server said if it did. */
export class WireError extends Error {
  override readonly name = "WireError";
  constructor(
    readonly stage: Stage,
    message: string,
    readonly status?: number,
    /** The API's own code, such as `invalid_api_key`. */
    readonly code?: string,
  ) {
    super(message);
  }

  /** With the host, in words for people. */
  at(host: string): string {
    const code = this.code ? ` (${this.code})` : "";
    return this.stage === "name" ? this.message : `${host}, ${this.stage}: ${this.message}${code}`;
  }
}

/** A connection that stands. */
export interface Line {
  readonly socket: net.Socket;
  readonly addresses: readonly string[];
  /** Addresses that were tried in vain before one answered. */
  readonly deadAddresses: readonly string[];
  readonly tlsVersion: string | null;
  readonly nameMs: number;
  readonly tcpMs: number;
  /** Null without TLS. */
  readonly tlsMs: number | null;
}

export interface DialOptions {
  /** For each step. */
  readonly timeoutMs: number;
  /** A CA to trust in place of the usual ones, for tests. */
  readonly ca?: string;
}

/**
 * Connects to the host of a URL: with TLS for `https:` and `wss:`, without for the others.
 *
 * @throws {WireError} Naming the step that failed.
 */
export async function dial(url: URL, { timeoutMs, ca }: DialOptions): Promise<Line> {
  const secure = url.protocol === "wss:" || url.protocol === "https:";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const startMs = performance.now();
  const addresses = await inTime("name", timeoutMs, resolveName(host));
  const nameMs = performance.now() - startMs;
  const port = Number(url.port) || (secure ? 443 : 80);
  const { tcpMs, ...tcp } = await dialFirst(addresses, port, timeoutMs);
  const line = { addresses, nameMs, tcpMs, deadAddresses: tcp.deadAddresses };
  if (!secure) return { ...line, socket: tcp.socket, tlsVersion: null, tlsMs: null };
  const tlsStartMs = performance.now();
  try {
    const socket = await startTls(tcp.socket, host, timeoutMs, ca);
    const tlsMs = performance.now() - tlsStartMs;
    return { ...line, socket, tlsVersion: socket.getProtocol?.() ?? null, tlsMs };
  } catch (error) {
    tcp.socket.destroy();
    throw error;
  }
}

async function resolveName(host: string): Promise<string[]> {
  if (net.isIP(host)) return [host];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    const { code } = error as { code?: string };
    throw new WireError("name", `${host} has no address (${code ?? "lookup failed"})`);
  }
}

/** Tries one address after the other, as a client without parallel attempts would. */
async function dialFirst(
  addresses: readonly string[],
  port: number,
  timeoutMs: number,
): Promise<{ socket: net.Socket; deadAddresses: string[]; tcpMs: number }> {
  const deadAddresses: string[] = [];
  let last: unknown = new WireError("TCP", "there is no address to connect to");
  for (const address of addresses) {
    const startMs = performance.now();
    const socket = net.connect({ host: address, port });
    try {
      await inTime("TCP", timeoutMs, happened(socket, "connect", "TCP"));
      socket.setNoDelay(true);
      return { socket, deadAddresses, tcpMs: performance.now() - startMs };
    } catch (error) {
      socket.destroy();
      deadAddresses.push(address);
      last = error;
    }
  }
  throw last;
}

async function startTls(
  plain: net.Socket,
  host: string,
  timeoutMs: number,
  ca?: string,
): Promise<tls.TLSSocket> {
  const socket = tls.connect({
    socket: plain,
    servername: net.isIP(host) ? undefined : host,
    ALPNProtocols: ["http/1.1"],
    ca,
  });
  await inTime("TLS", timeoutMs, happened(socket, "secureConnect", "TLS"));
  return socket;
}

function happened(socket: net.Socket, event: string, stage: Stage): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error & { code?: string }) =>
      reject(new WireError(stage, error.code ?? error.message));
    socket.once("error", failed);
    socket.once("close", () => reject(new WireError(stage, "the connection was closed")));
    socket.once(event, () => {
      socket.off("error", failed);
      // From here on nobody may be listening: a late error must not end the process.
      socket.on("error", () => {});
      resolve();
    });
  });
}

/** Bounds one step in time. */
export function inTime<T>(stage: Stage, timeoutMs: number, work: Promise<T>): Promise<T> {
  return within(timeoutMs, work, () => {
    throw new WireError(stage, `no answer within ${timeoutMs} ms`);
  });
}
