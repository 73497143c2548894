/**
 * The WebSocket handshake of a client, and what a server says that refuses it.
 *
 * Source: RFC 6455, section 4.1.
 *
 * @module
 */

import { createHash, randomBytes } from "node:crypto";
import type net from "node:net";
import { inTime, WireError } from "./dial.ts";
import { joined } from "./frames.ts";

const MAX_HEAD_BYTES = 16 * 1024;
const MAX_BODY_BYTES = 4096;
/** RFC 6455, 1.3. */
const HANDSHAKE_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/**
 * Asks for the upgrade and reads the answer's head.
 *
 * @returns The head's fields, by their names in small letters, and the bytes that came behind it.
 * @throws {WireError} With the status and the API's code when the upgrade is refused.
 */
export async function shakeHands(
  socket: net.Socket,
  url: URL,
  headers: Readonly<Record<string, string>>,
  timeoutMs: number,
): Promise<{ head: Map<string, string>; rest: Uint8Array }> {
  if (/[\r\n]/.test(Object.values(headers).join(""))) {
    throw new WireError("upgrade", "a header would hold a line break: look at the key");
  }
  const key = randomBytes(16).toString("base64");
  const lines = [
    `GET ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${key}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.write(lines.join("\r\n") + "\r\n\r\n");
  const { status, head, rest } = await inTime("upgrade", timeoutMs, readHead(socket));
  if (status !== 101) {
    const body = await readBody(socket, rest, head);
    throw new WireError("upgrade", `the upgrade was answered with ${status}`, status, codeIn(body));
  }
  const wanted = createHash("sha1").update(key + HANDSHAKE_GUID).digest("base64");
  if (head.get("sec-websocket-accept") !== wanted) {
    throw new WireError("upgrade", "the upgrade was answered with a wrong Sec-WebSocket-Accept");
  }
  return { head, rest };
}

function readHead(
  socket: net.Socket,
): Promise<{ status: number; head: Map<string, string>; rest: Uint8Array }> {
  return new Promise((resolve, reject) => {
    let bytes = new Uint8Array(0);
    const done = () => {
      socket.off("data", read).off("close", gone).off("error", gone);
      socket.pause();
    };
    const gone = (error?: unknown) => {
      done();
      const why = error instanceof Error ? ` (${error.message})` : "";
      reject(new WireError("upgrade", `the server closed the connection without an answer${why}`));
    };
    const read = (chunk: Uint8Array) => {
      bytes = joined(bytes, chunk);
      const text = new TextDecoder("latin1").decode(bytes);
      const end = text.indexOf("\r\n\r\n");
      if (end < 0 && bytes.length <= MAX_HEAD_BYTES) return;
      done();
      const [first = "", ...rest] = text.slice(0, end).split("\r\n");
      const status = /^HTTP\/1\.1 (\d{3})/.exec(first)?.[1];
      if (end < 0 || !status) {
        return reject(new WireError("upgrade", "the server's answer is not HTTP/1.1"));
      }
      const head = new Map(rest.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }));
      resolve({ status: Number(status), head, rest: bytes.slice(end + 4) });
    };
    socket.on("data", read).on("close", gone).on("error", gone);
    socket.resume();
  });
}

/** What a refusal says, as far as it comes within half a second. */
function readBody(
  socket: net.Socket,
  rest: Uint8Array,
  head: ReadonlyMap<string, string>,
): Promise<string> {
  const wanted = Math.min(MAX_BODY_BYTES, Number(head.get("content-length") ?? MAX_BODY_BYTES));
  let bytes = rest;
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      resolve(new TextDecoder().decode(bytes.subarray(0, MAX_BODY_BYTES)));
    };
    const timer = setTimeout(finish, 500);
    if (bytes.length >= wanted) return finish();
    socket.on("data", (chunk: Uint8Array) => {
      bytes = joined(bytes, chunk);
      if (bytes.length >= wanted) finish();
    });
    socket.on("close", finish).on("error", finish);
    socket.resume();
  });
}

function codeIn(body: string): string | undefined {
  try {
    const code = JSON.parse(body.slice(body.indexOf("{"), body.lastIndexOf("}") + 1)).error?.code;
    return typeof code === "string" && /^[\w.-]{1,64}$/.test(code) ? code : undefined;
  } catch {
    return undefined;
  }
}
