/**
 * The echo brain: the embedded brain that needs no key. It answers speech with that speech and text
 * with that text, over the server side of the OpenAI Realtime protocol.
 *
 * In-process calls reach it through {@linkcode createEchoBrain}; the route `/v1/realtime` gives each
 * socket an {@linkcode EchoSession}.
 *
 * @module
 */

import type { Brain, BrainHandlers, BrainLink } from "../brain.ts";
import { UpstreamError } from "../errors.ts";
import { EchoSession } from "./session.ts";
import { type EchoSettings, resolveEchoSettings } from "./settings.ts";

export type { EchoClock } from "./clock.ts";
export { ECHO_DEFAULTS, type EchoSettings } from "./settings.ts";
export { EchoSession };

/**
 * A link within the process. What the session sends arrives in a later microtask, in order, so that
 * a handler never runs inside a call of its own.
 */
class EchoLink implements BrainLink {
  readonly #handlers: BrainHandlers;
  readonly #session: EchoSession;
  readonly #queue: string[] = [];
  #queuedBytes = 0;
  #scheduled = false;
  #open = true;
  #reported = false;
  #failure: UpstreamError | undefined;

  constructor(settings: EchoSettings, handlers: BrainHandlers) {
    this.#handlers = handlers;
    this.#session = new EchoSession(
      settings,
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
      settings.model,
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

  // The call that listens is broken. It ends; the process and other calls do not.
  #fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#failure ??= new UpstreamError(
      `A handler of the echo brain threw: ${message}`,
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

/**
 * The echo brain for calls of this process.
 *
 * @throws {RangeError} When a setting is out of range.
 */
export function createEchoBrain(settings: Partial<EchoSettings> = {}): Brain {
  const resolved = resolveEchoSettings(settings);
  return {
    name: "echo",
    model: resolved.model,
    connect: (handlers) => new EchoLink(resolved, handlers),
  };
}
