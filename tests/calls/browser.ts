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
  readonly #socket: WebSocket;
  readonly #ready: Promise<void>;

  constructor(url: string, headers: Record<string, string> = {}) {
    this.#socket = new WebSocket(url, { headers, perMessageDeflate: false });
    this.#ready = new Promise((resolve, reject) => {
      this.#socket.on("open", () => resolve());
      this.#socket.on("error", reject);
    });
    this.#ready.catch(() => {});
    this.#socket.on("message", (data, isBinary) => {
      if (isBinary) this.audioBytes += (data as Uint8Array).byteLength;
      else {
        const message = JSON.parse(String(data)) as Record<string, unknown>;
        // A page echoes marks when they are heard; this one has no ears.
        if (message.type === "mark") this.send(message);
        else this.news.push(message);
      }
    });
    this.#socket.on("close", (code, reason) => this.closed = { code, reason: String(reason) });
  }

  opened(): Promise<void> {
    return this.#ready;
  }

  send(message: Record<string, unknown> | string): void {
    this.#socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  sendAudio(pcm: Uint8Array): void {
    this.#socket.send(pcm);
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
    this.#socket.close(1000);
  }
}
