/**
 * The HTTP side of Twilio: form-encoded POSTs signed like the real ones, to where a test wants them
 * to go rather than where the public name points.
 *
 * @module
 */

import { twilioSignature } from "./signature.ts";

/** Where requests really go, and how they are signed. */
export interface Wire {
  /** Signs when there is one. */
  readonly authToken?: string | undefined;
  /** Origin that stands in for the public one, `http://127.0.0.1:8080`; the signature keeps the public. */
  readonly connectTo?: string | ((url: string) => string) | undefined;
  /** How long the server may take to answer. */
  readonly timeoutMs: number;
}

/** An answer, read to its end. */
export interface WebhookAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Twilio fetches no TwiML larger than this. */
const MAX_BODY_CHARS = 64 * 1024;

/** Posts a form as Twilio does. Rejects when the server cannot be reached or takes too long. */
export async function postForm(
  url: string,
  fields: Readonly<Record<string, string>>,
  wire: Wire,
): Promise<WebhookAnswer> {
  const headers: Record<string, string> = {
    "content-type": "application/x-www-form-urlencoded; charset=utf-8",
    "user-agent": "TwilioProxy/1.1",
    accept: "*/*",
  };
  if (wire.authToken !== undefined) {
    headers["x-twilio-signature"] = twilioSignature(wire.authToken, url, Object.entries(fields));
  }
  const response = await fetch(redirectOrigin(url, wire.connectTo), {
    method: "POST",
    headers,
    body: new URLSearchParams(fields).toString(),
    signal: AbortSignal.timeout(wire.timeoutMs),
    redirect: "manual",
  });
  const body = await response.text();
  if (body.length > MAX_BODY_CHARS) {
    throw new RangeError(`The answer has ${body.length} characters, Twilio takes 65536`);
  }
  return { status: response.status, contentType: response.headers.get("content-type") ?? "", body };
}

/** The same path and query at another origin. `ws:` and `wss:` follow `http:` and `https:`. */
export function redirectOrigin(url: string, connectTo: Wire["connectTo"]): string {
  if (connectTo === undefined) return url;
  const target = new URL(url);
  const to = new URL(typeof connectTo === "string" ? connectTo : connectTo(url));
  const secure = to.protocol === "https:" || to.protocol === "wss:";
  const socket = target.protocol === "ws:" || target.protocol === "wss:";
  const scheme = `${socket ? "ws" : "http"}${secure ? "s" : ""}:`;
  return `${scheme}//${to.host}${target.pathname}${target.search}`;
}

/** A Twilio identifier: two letters and 32 hexadecimal digits. */
export function newSid(prefix: "AC" | "CA" | "MZ"): string {
  return prefix + crypto.randomUUID().replaceAll("-", "");
}
