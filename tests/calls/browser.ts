/**
 * A browser without a page: the wire of `/browser/stream`, for whole-call tests.
 *
 * @module
 */

import { WebSocket } from "ws";

export class BrowserClient {
  readonly news: Record<string, unknown>[] = [];
  /** PCM16 bytes that came. */
  audioBytes = 0;
  closed: { code: number; reason: string } | null = null;
  #socket: WebSocket | null = null;
  readonly #ready: Promise<void>;

  constructor(url: string, headers: Record<string, string> = {}) {
    this.#ready = this.#open(url, headers);
    this.#ready.catch(() => {});
  }

  async #open(url: string, headers: Record<string, string>): Promise<void> {
    const protocols = ["realtime", `openai-insecure-api-key.${await clientSecret(url)}`];
    const socket = this.#socket = new WebSocket(url, protocols, {
      headers,
      perMessageDeflate: false,
    });
    socket.on("message", (data, isBinary) => {
      if (isBinary) this.audioBytes += (data as Uint8Array).byteLength;
      else {
        const message = JSON.parse(String(data)) as Record<string, unknown>;
        // A page echoes marks when they are heard; this one has no ears.
        if (message.type === "mark") this.send(message);
        else this.news.push(message);
      }
    });
    socket.on("close", (code, reason) => this.closed = { code, reason: String(reason) });
    await new Promise<void>((resolve, reject) => {
      socket.on("open", () => resolve());
      socket.on("error", reject);
    });
  }

  opened(): Promise<void> {
    return this.#ready;
  }

  send(message: Record<string, unknown> | string): void {
    this.#socket?.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  sendAudio(pcm: Uint8Array): void {
    this.#socket?.send(pcm);
  }

  /** Resolves with the first news that fits, past or to come. */
  async until(
    fits: (news: Record<string, unknown>) => boolean,
    timeoutMs = 5000,
  ): Promise<Record<string, unknown>> {
    const deadlineMs = performance.now() + timeoutMs;
    for (;;) {
      const found = this.news.find(fits);
      if (found) return found;
      if (performance.now() > deadlineMs) {
        throw new Error(
          `Not within ${timeoutMs} ms; news: ${JSON.stringify(this.news).slice(0, 800)}`,
        );
      }
      await new Promise((go) => setTimeout(go, 10));
    }
  }

  close(): void {
    this.#socket?.close(1000);
  }
}

/**
 * A client secret of the server that a WebSocket's URL belongs to.
 *
 * @param headers What proves who asks, where that is needed.
 */
export async function clientSecret(
  url: string,
  headers: Record<string, string> = {},
): Promise<string> {
  const at = new URL("/v1/realtime/client_secrets", url);
  at.protocol = at.protocol.replace("ws", "http");
  const answer = await fetch(at, { method: "POST", headers });
  const { value } = await answer.json();
  if (typeof value !== "string") throw new Error(`No client secret: ${answer.status}`);
  return value;
}
