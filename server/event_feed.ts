/**
 * What happens on this machine, passed on to whoever listens: `health` each second, `call` when one
 * begins, ends or gets a turn, and `turn`. Each event is written once, whoever listens; nothing is
 * done when nobody does.
 *
 * @module
 */

import type { CallNews, History } from "./history.ts";

export interface EventFeedSettings {
  readonly maxListeners: number;
  readonly healthEveryMs: number;
  /** Events that wait for a listener who reads slowly; the next one drops the listener. */
  readonly maxWaiting: number;
  /** The same for their characters: one event has about a thousand. */
  readonly maxWaitingChars: number;
}

const EVENT_FEED_DEFAULTS: EventFeedSettings = {
  maxListeners: 20,
  healthEveryMs: 1000,
  // At 150 calls about a quarter of a minute. The texts are shared by all who wait for them.
  maxWaiting: 1000,
  maxWaitingChars: 262_144,
};

/** One open `GET /events`. */
export interface Listener {
  /** The next event as text, or null when there will be none. */
  next(): Promise<string | null>;
  /** Runs once when the feed drops the listener, so that its response can be ended. */
  dropped: () => void;
  /** Idempotent. */
  leave(): void;
}

/** Passes what happens on to its listeners. */
export class EventFeed {
  readonly #history: Pick<History, "watch">;
  readonly #health: () => unknown;
  readonly #settings: EventFeedSettings;
  readonly #listeners = new Set<Queue>();
  #timer: ReturnType<typeof setInterval> | null = null;
  #unwatch: () => void = () => {};
  #closed = false;

  constructor(
    history: Pick<History, "watch">,
    health: () => unknown,
    settings: Partial<EventFeedSettings> = {},
  ) {
    this.#history = history;
    this.#health = health;
    this.#settings = { ...EVENT_FEED_DEFAULTS, ...settings };
  }

  get maxListeners(): number {
    return this.#settings.maxListeners;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** A new listener, who hears of the health at once; null when there is no room. */
  listen(): Listener | null {
    if (this.#closed || this.#listeners.size >= this.#settings.maxListeners) return null;
    const queue = new Queue(this.#settings, () => this.#gone(queue));
    this.#listeners.add(queue);
    if (this.#listeners.size === 1) this.#start();
    queue.push(eventText("health", this.#health()));
    return queue;
  }

  /** Ends every stream, so that the server can stop. */
  close(): void {
    this.#closed = true;
    for (const queue of [...this.#listeners]) queue.drop();
  }

  #start(): void {
    this.#unwatch = this.#history.watch((news) => this.#publish(news.type, dataOf(news)));
    this.#timer = setInterval(
      () => this.#publish("health", this.#health()),
      this.#settings.healthEveryMs,
    );
  }

  #gone(queue: Queue): void {
    if (!this.#listeners.delete(queue) || this.#listeners.size > 0) return;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#unwatch();
  }

  #publish(event: string, data: unknown): void {
    const text = eventText(event, data);
    for (const queue of this.#listeners) queue.push(text);
  }
}

function dataOf(news: CallNews): unknown {
  return news.type === "call" ? news.call : { callId: news.callId, turn: news.turn };
}

/** JSON has no line breaks of its own, so one `data:` line is enough. */
export function eventText(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

class Queue implements Listener {
  dropped: () => void = () => {};
  readonly #settings: EventFeedSettings;
  readonly #gone: () => void;
  #waiting: string[] = [];
  #waitingChars = 0;
  #wake: (() => void) | null = null;
  #left = false;

  constructor(settings: EventFeedSettings, gone: () => void) {
    this.#settings = settings;
    this.#gone = gone;
  }

  push(text: string): void {
    const { maxWaiting, maxWaitingChars } = this.#settings;
    this.#waitingChars += text.length;
    if (this.#waiting.length >= maxWaiting || this.#waitingChars > maxWaitingChars) {
      return this.drop();
    }
    this.#waiting.push(text);
    this.#wake?.();
  }

  /** All that waits, as one text: a burst costs one write. */
  async next(): Promise<string | null> {
    if (this.#waiting.length === 0 && !this.#left) {
      await new Promise<void>((resolve) => this.#wake = resolve);
      this.#wake = null;
    }
    if (this.#left) return null;
    this.#waitingChars = 0;
    return this.#waiting.splice(0).join("");
  }

  drop(): void {
    if (this.#left) return;
    this.leave();
    this.dropped();
  }

  leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#waiting = [];
    this.#wake?.();
    this.#gone();
  }
}
