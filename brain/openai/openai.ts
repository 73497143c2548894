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
import type { Brain, BrainHandlers, BrainLink } from "../brain.ts";
import { UpstreamError } from "../errors.ts";

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

/** 1000 is a normal end; 1001, 1006, 1011 to 1013 are transient; the rest are permanent. */
export function closedEarly(code: number, reason: string): UpstreamError {
  const retryable = [1001, 1005, 1006, 1011, 1012, 1013].includes(code);
  const said = reason ? `: ${reason.slice(0, 100)}` : "";
  return new UpstreamError(
    `The brain closed the link (${code}${said})`,
    `closed_${code}`,
    retryable,
  );
}

/** Begins to dial. Throws where Node would: an unusable URL, a key that no header can hold. */
function dial({ url, model, apiKey, maxMessageBytes }: OpenAiSettings): WebSocket {
  const target = new URL(url);
  target.searchParams.set("model", model);
  return new WebSocket(target.href, {
    headers: apiKey ? { Authorization: `Bearer ${apiKey}` } : {},
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
  });
}

function connect(settings: OpenAiSettings, handlers: BrainHandlers): BrainLink {
  let pending: string[] = [];
  let opened = false;
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

  let socket: WebSocket;
  try {
    socket = dial(settings);
  } catch {
    // The runtime's words may quote the URL or the header, so they are left out.
    const error = new UpstreamError("The brain's URL or key can't be used", "bad_settings", false);
    queueMicrotask(() => finish(error));
    return { send: () => false, bufferedBytes: () => 0, close: () => void (closing = true) };
  }
  /** What a refused upgrade is told by, once its status is known. */
  let refused: (() => UpstreamError) | undefined;
  // `ws` has a handshakeTimeout of its own, but it reports as any failure and forgets the status.
  const deadline = setTimeout(() => {
    finish(
      refused?.() ?? new UpstreamError(
        `The brain did not answer within ${settings.connectTimeoutMs} ms`,
        "connect_timeout",
        true,
      ),
    );
    socket.terminate();
  }, settings.connectTimeoutMs);

  socket.on("open", () => {
    clearTimeout(deadline);
    opened = true;
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
  // Not `on("message")`: that brings text as a Buffer, which costs a copy each way on Bun.
  socket.onmessage = ({ data }) => {
    if (closed || typeof data !== "string") return;
    lastSignMs = performance.now();
    try {
      handlers.message(data);
    } catch (error) {
      // The call that listens is broken. It ends; the process and other calls do not.
      const { name } = error as Error;
      finish(new UpstreamError(`A handler of the brain threw ${name}`, "handler_failed", false));
      socket.terminate();
    }
  };
  socket.on("unexpected-response", (_request: unknown, response: IncomingMessage) => {
    let body = "";
    refused = () => refusedUpgrade(response.statusCode ?? 0, body);
    response.setEncoding("utf8");
    response.on("data", (piece: string) => {
      if (body.length < 4096) body += piece;
    });
    const done = () => {
      clearTimeout(deadline);
      finish(refused!());
      socket.terminate();
    };
    response.on("end", done);
    response.on("error", done);
  });
  socket.on("error", (error: Error & { code?: string }) => {
    clearTimeout(deadline);
    // What is too long for us once is so again; the rest is the network.
    const retryable = error.code !== "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH";
    finish(
      opened
        ? new UpstreamError(
          `The link to the brain broke: ${error.message}`,
          "link_broken",
          retryable,
        )
        : new UpstreamError(`The brain can't be reached: ${error.message}`, "connect_failed", true),
    );
  });
  socket.on("close", (code: number, reason: Buffer) => {
    clearTimeout(deadline);
    finish(code === 1000 ? undefined : closedEarly(code, reason.toString()));
  });

  return {
    send(text) {
      if (closed || closing) return false;
      // Not by the socket's state, which may turn before "open" has let the pending ones out.
      if (!opened) {
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
