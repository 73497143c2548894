// @ts-check
/**
 * What the Calls and Health views know of the server: requests with the admin token, and one live
 * stream of events for both. Where the server has no `/events`, or the token for it is missing,
 * `/health` is asked instead, which needs none.
 *
 * @module
 */

import { EventReader } from "./sse.js";

const TOKEN_KEY = "earshot-admin-token";
const POLL_MS = 2000;
const RETRY_MIN_MS = 1000;
const RETRY_MAX_MS = 10_000;

/** An answer that is not 200; status 0 when there was none at all. */
export class ApiError extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const MAX_REASON_CHARACTERS = 200;

/**
 * What an answer that is no success says: servers put it in one of a few JSON fields, or in plain
 * text.
 *
 * @param {string} text
 */
export function reasonIn(text) {
  let reason = text;
  try {
    const json = JSON.parse(text);
    const said = json.reason ?? json.error?.message ?? json.error ?? json.message;
    if (typeof said === "string") reason = said;
  } catch {
    // Plain text.
  }
  return reason.slice(0, MAX_REASON_CHARACTERS);
}

/** The token lives as long as the tab, and is sent to this server only. */
export const adminToken = {
  get: () => sessionStorage.getItem(TOKEN_KEY) ?? "",
  /** @param {string} token Empty forgets it. */
  set(token) {
    if (token === "") sessionStorage.removeItem(TOKEN_KEY);
    else sessionStorage.setItem(TOKEN_KEY, token);
    feed.restart();
  },
};

/** @param {string} path @param {AbortSignal} [signal] */
async function request(path, signal) {
  const token = adminToken.get();
  /** @type {Record<string, string>} */
  const headers = token === "" ? {} : { authorization: `Bearer ${token}` };
  let answer;
  try {
    answer = await fetch(path, { headers, signal, cache: "no-store" });
  } catch (error) {
    throw new ApiError(0, String(error));
  }
  if (!answer.ok) throw new ApiError(answer.status, reasonIn(await answer.text()));
  return answer;
}

/** @param {string} path @returns {Promise<any>} @throws {ApiError} */
export async function getJson(path) {
  const answer = await request(path);
  try {
    return await answer.json();
  } catch {
    throw new ApiError(answer.status, `${path} did not answer with JSON`);
  }
}

/**
 * @typedef {"live" | "polling" | "lost"} FeedState `polling` when `/events` is closed to us.
 */

class Feed {
  /** @type {Map<string, Set<(data: any) => void>>} */
  #listeners = new Map();
  /** @type {AbortController | null} */
  #running = null;
  #wanted = false;
  #open = false;

  constructor() {
    // A hidden tab needs no news each second; it catches up when it is seen again.
    document.addEventListener("visibilitychange", () => this.restart());
  }

  /**
   * @param {"health" | "call" | "turn" | "state" | "poll"} event `poll` comes instead of `call` and
   *   `turn` where there is no stream: time to ask again.
   * @param {(data: any) => void} then
   */
  on(event, then) {
    const set = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, set.add(then));
  }

  /** Runs from the first view that needs it until the page closes. */
  start() {
    if (this.#wanted) return;
    this.#wanted = true;
    this.restart();
  }

  /** The server showed its calls without a token, so its events may be open too. */
  needsNoToken() {
    if (this.#open) return;
    this.#open = true;
    this.restart();
  }

  /** Begins anew, as with another token. */
  restart() {
    this.#running?.abort();
    this.#running = null;
    if (!this.#wanted || document.hidden) return;
    this.#running = new AbortController();
    const { signal } = this.#running;
    if (this.#open || adminToken.get() !== "") this.#run(signal);
    else this.#poll(signal);
  }

  /** @param {string} event @param {any} data */
  #emit(event, data) {
    for (const listener of this.#listeners.get(event) ?? []) listener(data);
  }

  /** @param {AbortSignal} signal */
  async #run(signal) {
    let retryMs = RETRY_MIN_MS;
    while (!signal.aborted) {
      try {
        await this.#follow(signal, () => retryMs = RETRY_MIN_MS);
      } catch (error) {
        if (signal.aborted) return;
        const status = error instanceof ApiError ? error.status : 0;
        if (status >= 400 && status < 500) return this.#poll(signal);
      }
      if (signal.aborted) return;
      this.#emit("state", "lost");
      await pause(retryMs, signal);
      retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
    }
  }

  /** @param {AbortSignal} signal @param {() => void} onOpen */
  async #follow(signal, onOpen) {
    const answer = await request("/events", signal);
    onOpen();
    this.#emit("state", "live");
    const reader = new EventReader((event, data) => this.#emit(event, JSON.parse(data)));
    const text = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    while (text) {
      const { value, done } = await text.read();
      if (done) return;
      reader.push(value);
    }
  }

  /** @param {AbortSignal} signal */
  async #poll(signal) {
    while (!signal.aborted) {
      try {
        const health = await getJson("/health");
        if (signal.aborted) return;
        this.#emit("state", "polling");
        this.#emit("health", health);
        this.#emit("poll", null);
      } catch {
        this.#emit("state", "lost");
      }
      await pause(POLL_MS, signal);
    }
  }
}

export const feed = new Feed();

/** @param {number} ms @param {AbortSignal} signal @returns {Promise<void>} */
function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
