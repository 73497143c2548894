/**
 * One GET, timed, with an answer of bounded size and a failure in plain words.
 *
 * @module
 */

import type { ClockReading } from "./finding.ts";

export interface Answer {
  readonly status: number;
  readonly ms: number;
  /** The body as JSON; null when it is none. */
  readonly json: unknown;
}

export interface AskOptions {
  readonly timeoutMs: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Takes what the answer's `Date` says. */
  readonly clocks?: ClockReading[];
}

/** An account's numbers, 1000 of them, are well below. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/**
 * Asks, and follows no redirect: what is meant for one host goes to no other.
 *
 * @throws {Error} Saying why there is no answer.
 */
export async function ask(url: URL, options: AskOptions): Promise<Answer> {
  const { timeoutMs, headers, clocks } = options;
  const sentMs = Date.now();
  const startMs = performance.now();
  try {
    const response = await fetch(url, {
      headers,
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const ms = performance.now() - startMs;
    const theirMs = Date.parse(response.headers.get("date") ?? "");
    if (!Number.isNaN(theirMs)) {
      clocks?.push({ host: url.hostname, theirMs, sentMs, heardMs: Date.now() });
    }
    return { status: response.status, ms, json: await readJson(response) };
  } catch (error) {
    const { name, code, cause } = error as Error & { code?: string; cause?: { code?: string } };
    if (name === "TimeoutError") throw new Error(`no answer within ${timeoutMs} ms`);
    throw new Error(`no connection (${code ?? cause?.code ?? name})`);
  }
}

async function readJson(response: Response): Promise<unknown> {
  let text = "";
  let bytes = 0;
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) break;
    text += decoder.decode(chunk, { stream: true });
  }
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
