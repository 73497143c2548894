/**
 * Client secrets: the short-lived keys that a browser page, or any Realtime client, opens a socket
 * with. Each is an HMAC over its end, so that any machine of the fleet that knows the operator's
 * secret can check what another one has given out; nothing is kept of those that were not used.
 *
 * Source: OpenAI API reference, "Client secrets" (`POST /v1/realtime/client_secrets`): a secret may
 * open several sessions until it ends. Calls of the page are opened with one each.
 *
 * @module
 */

import type { SessionPatch } from "../brain/realtime/session_schema.ts";
import { StreamTokens } from "./stream_tokens.ts";

const PREFIX = "ek_";
const SUBJECT = "client";
/** Secrets with a session of their own, at most 64 KiB each; the oldest forgets its own first. */
const MAX_ATTACHED = 200;

/** Seconds that a secret may live; the least, the most, and what it gets when nothing is asked. */
export const SECRET_SECONDS = { min: 10, max: 7200, default: 600 } as const;

/** A secret, and when it ends: seconds since 1970. */
export interface ClientSecret {
  readonly value: string;
  readonly expiresAt: number;
}

export class ClientSecrets {
  readonly #tokens: StreamTokens;
  readonly #nowMs: () => number;
  readonly #attached = new Map<string, SessionPatch>();

  /**
   * @param secret The operator's own; a random key when there is none.
   * @param nowMs The time of day.
   */
  constructor(secret: string | undefined, nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
    this.#tokens = new StreamTokens(secret, {}, nowMs, "earshot client secret");
  }

  issue(seconds: number = SECRET_SECONDS.default): ClientSecret {
    const expiresAt = Math.floor(this.#nowMs() / 1000) + seconds;
    // To the second that is told, and not a moment longer.
    const value = PREFIX + this.#tokens.issue(SUBJECT, expiresAt * 1000 - this.#nowMs());
    return { value, expiresAt };
  }

  /** Keeps what sessions opened with the secret begin with, on this machine. */
  attach(value: string, session: SessionPatch): void {
    this.#attached.set(value, session);
    for (const oldest of this.#attached.keys()) {
      if (this.#attached.size <= MAX_ATTACHED) return;
      this.#attached.delete(oldest);
    }
  }

  /** What was attached to a secret, if it is still kept. */
  attachedTo(value: string | undefined): SessionPatch | undefined {
    return value === undefined ? undefined : this.#attached.get(value);
  }

  /** What is wrong with a secret, or null; it may be used again. */
  check(value: string | undefined): string | null {
    return this.#tokens.check(bare(value), SUBJECT);
  }

  /** The same, and the secret is used up. */
  redeem(value: string | undefined): string | null {
    return this.#tokens.redeem(bare(value), SUBJECT);
  }
}

function bare(value: string | undefined): string | undefined {
  return value?.startsWith(PREFIX) ? value.slice(PREFIX.length) : value && "malformed";
}
