/**
 * The client for OpenAI's Realtime API and for endpoints that speak the same protocol, over npm
 * `ws`: it keeps Nagle off in both runtimes (Deno's own client leaves it on, which doubles the delay
 * of 20 ms frames on an 80 ms path) and tells the HTTP status of a refused upgrade.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import WebSocket from "ws";
import type { Brain, BrainHandlers, BrainLink } from "./brain.ts";
import { UpstreamError } from "./errors.ts";

export interface OpenAiSettings {
  /** `wss://api.openai.com/v1/realtime`, or a compatible endpoint. Its own query is kept. */
  readonly url: string;
  readonly model: string;
  /** Goes into the `Authorization` header. Local endpoints may need none. */
  readonly apiKey?: string;
  readonly connectTimeoutMs: number;
  /** Time between pings; the link counts as dead after `pongTimeoutMs` without an answer. */
  readonly pingMs: number;
  readonly pongTimeoutMs: number;
  readonly maxMessageBytes: number;
  /** Messages kept while the link is still opening; past it, `send` answers false. */
  readonly maxPendingMessages: number;
  /** Bytes that may wait for a slow brain; past it, `send` answers false. */
  readonly maxBufferedBytes: number;
}

export const OPENAI_DEFAULTS = {
  url: "wss://api.openai.com/v1/realtime",
  connectTimeoutMs: 10_000,
  pingMs: 5_000,
  pongTimeoutMs: 20_000,
  maxMessageBytes: 16 * 1024 * 1024,
  maxPendingMessages: 500,
  maxBufferedBytes: 1024 * 1024,
} as const;

/** A brain behind a WebSocket. */
export function createOpenAiBrain(
  settings: Partial<OpenAiSettings> & { model: string },
): Brain {
  const full: OpenAiSettings = { ...OPENAI_DEFAULTS, ...settings };
  return { name: "openai", model: full.model, connect: (handlers) => connect(full, handlers) };
}

/** The status of a refused upgrade as an error that says what to do next. */
export function refusedUpgrade(status: number, body: string): UpstreamError {
  let code = `http_${status}`;
  try {
    const error = JSON.parse(body)?.error;
    if (typeof error?.code === "string") code = error.code;
  } catch {
    // Not JSON: the status says enough.
  }
  const retryable = status === 408 || status === 429 || status >= 500;
  return new UpstreamError(
    `The brain refused the connection (HTTP ${status})`,
    code,
    retryable,
    status,
  );
}

/** 1000 is a normal end; 1001, 1006, 1011 to 1013 are weather; the rest are verdicts. */
export function closedEarly(code: number, reason: string): UpstreamError {
  const retryable = [1001, 1005, 1006, 1011, 1012, 1013].includes(code);
  const said = reason ? `: ${reason.slice(0, 100)}` : "";
  return new UpstreamError(
    `The brain closed the link (${code}${said})`,
    `closed_${code}`,
    retryable,
  );
}

function connect(settings: OpenAiSettings, handlers: BrainHandlers): BrainLink {
  let pending: string[] = [];
  let closed = false;
  let closing = false;
  let pinger: ReturnType<typeof setInterval> | undefined;
  let lastSignMs = 0;

  const finish = (error?: UpstreamError) => {
    if (closed) return;
    closed = true;
    clearInterval(pinger);
    pending = [];
    handlers.closed(closing ? undefined : error);
  };

  const url = new URL(settings.url);
  url.searchParams.set("model", settings.model);
  const socket = new WebSocket(url.href, {
    headers: settings.apiKey ? { Authorization: `Bearer ${settings.apiKey}` } : {},
    perMessageDeflate: false,
    handshakeTimeout: settings.connectTimeoutMs,
    maxPayload: settings.maxMessageBytes,
  });
  // Bun's `ws` knows no handshakeTimeout, so the deadline is also kept here.
  const deadline = setTimeout(() => {
    finish(
      new UpstreamError(
        `The brain did not answer within ${settings.connectTimeoutMs} ms`,
        "connect_timeout",
        true,
      ),
    );
    socket.terminate();
  }, settings.connectTimeoutMs);

  socket.on("open", () => {
    clearTimeout(deadline);
    if (closing) return socket.close(1000);
    lastSignMs = performance.now();
    for (const text of pending) socket.send(text);
    pending = [];
    pinger = setInterval(() => {
      if (performance.now() - lastSignMs > settings.pongTimeoutMs) {
        finish(new UpstreamError("The brain stopped answering pings", "ping_timeout", true));
        socket.terminate();
      } else socket.ping();
    }, settings.pingMs);
  });
  socket.on("pong", () => lastSignMs = performance.now());
  socket.on("message", (data: Buffer | string, isBinary: boolean) => {
    if (closed || isBinary) return;
    lastSignMs = performance.now();
    handlers.message(typeof data === "string" ? data : data.toString("utf8"));
  });
  socket.on("unexpected-response", (_request: unknown, response: IncomingMessage) => {
    clearTimeout(deadline);
    let body = "";
    response.setEncoding("utf8");
    response.on("data", (piece: string) => {
      if (body.length < 4096) body += piece;
    });
    const done = () => {
      finish(refusedUpgrade(response.statusCode ?? 0, body));
      socket.terminate();
    };
    response.on("end", done);
    response.on("error", done);
  });
  socket.on("error", (error: Error) => {
    clearTimeout(deadline);
    finish(
      new UpstreamError(`The brain can't be reached: ${error.message}`, "connect_failed", true),
    );
  });
  socket.on("close", (code: number, reason: Buffer) => {
    clearTimeout(deadline);
    finish(code === 1000 ? undefined : closedEarly(code, reason.toString()));
  });

  return {
    send(text) {
      if (closed || closing) return false;
      if (socket.readyState === WebSocket.CONNECTING) {
        if (pending.length >= settings.maxPendingMessages) return false;
        pending.push(text);
        return true;
      }
      if (
        socket.readyState !== WebSocket.OPEN || socket.bufferedAmount > settings.maxBufferedBytes
      ) return false;
      socket.send(text);
      return true;
    },
    bufferedBytes: () => socket.bufferedAmount,
    close() {
      if (closing || closed) return;
      closing = true;
      clearTimeout(deadline);
      if (socket.readyState === WebSocket.CONNECTING) {
        socket.terminate();
        finish();
      } else socket.close(1000);
    },
  };
}
