/**
 * A Realtime server as a brain of this process: calls reach it without a socket.
 *
 * @module
 */

import type { Brain, BrainHandlers, BrainLink } from "../brain.ts";
import { UpstreamError } from "../errors.ts";
import type { RealtimeServer } from "./server.ts";
import type { RealtimeSession } from "./session.ts";

/**
 * A link within the process. What the session sends arrives in a later microtask, in order, so that
 * a handler never runs inside a call of its own.
 */
class EmbeddedLink implements BrainLink {
  readonly #handlers: BrainHandlers;
  readonly #session: RealtimeSession;
  readonly #queue: string[] = [];
  #queuedBytes = 0;
  #scheduled = false;
  #open = true;
  #reported = false;
  #failure: UpstreamError | undefined;

  constructor(server: RealtimeServer, handlers: BrainHandlers) {
    this.#handlers = handlers;
    this.#session = server.open(
      (text) => {
        this.#queue.push(text);
        this.#queuedBytes += text.length;
        this.#schedule();
      },
      (code, reason) => {
        this.#failure = new UpstreamError(reason, `closed_${code}`, true);
        this.#open = false;
        this.#schedule();
      },
      server.model,
    );
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    // Emptied in place: what a handler brings about joins the end, and `close` empties the rest.
    for (let at = 0; at < this.#queue.length; at++) {
      try {
        this.#handlers.message(this.#queue[at]!);
      } catch (error) {
        this.#fail(error);
      }
    }
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    if (!this.#open) this.#report();
  }

  // A handler that throws ends its own call; the process and other calls go on.
  #fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#failure ??= new UpstreamError(
      `A handler of the embedded brain threw: ${message}`,
      "handler_failed",
      false,
    );
    this.close();
  }

  #report(): void {
    if (this.#reported) return;
    this.#reported = true;
    this.#handlers.closed(this.#failure);
  }

  send(text: string): boolean {
    if (!this.#open) return false;
    this.#session.receive(text);
    return true;
  }

  bufferedBytes(): number {
    return this.#queuedBytes;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#session.end();
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.#schedule();
  }
}

/** The brain behind `server`, for calls of this process. */
export function createEmbeddedBrain(name: Brain["name"], server: RealtimeServer): Brain {
  return { name, model: server.model, connect: (handlers) => new EmbeddedLink(server, handlers) };
}
