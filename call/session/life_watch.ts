/**
 * A session that is open and dead says nothing. While the brain should say something and doesn't, it is
 * asked for a sign of life, and given up without one.
 *
 * @module
 */

import { UpstreamError } from "../../brain/errors.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { SessionLink } from "./link.ts";

/** A healthy brain says something within this time of the end of a turn, or while it owes an answer. */
const EXPECT_MS = 1000;
/** A session that may be dead has this long for a sign of life. */
const PROBE_MS = 1500;

export class LifeWatch {
  readonly #clock: Clock;
  #link: SessionLink | null = null;
  #expecting = false;
  #cancel: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** From now on it is about this link. */
  watch(link: SessionLink): void {
    this.#link = link;
    this.#listen();
  }

  set expecting(on: boolean) {
    if (this.#expecting === on) return;
    this.#expecting = on;
    if (on) this.#listen();
    else this.#cancel?.();
  }

  suspect(): void {
    const link = this.#link;
    if (!link?.ready) return;
    const { messages } = link;
    link.probe();
    this.#after(PROBE_MS, () => {
      if (link.messages !== messages) return this.#listen();
      link.fail(new UpstreamError("The brain says nothing any more", "silent", true));
    });
  }

  stop(): void {
    this.#link = null;
    this.#cancel?.();
  }

  #listen(): void {
    const link = this.#link;
    this.#cancel?.();
    if (!link?.ready || !this.#expecting) return;
    const { messages } = link;
    this.#after(EXPECT_MS, () => {
      if (link.messages === messages) this.suspect();
      else this.#listen();
    });
  }

  #after(ms: number, fn: () => void): void {
    this.#cancel?.();
    this.#cancel = this.#clock.after(ms, fn);
  }
}
