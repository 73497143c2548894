/**
 * The key that a webhook hands to its stream: an HMAC-SHA256 token bound to one CallSid, good for a
 * short time and for one use. Twilio's signature proves who calls, but holds no time and no nonce.
 *
 * @module
 */

import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";

export interface TokenSettings {
  readonly ttlMs: number;
  /** Tokens that were used and could still be tried again; the oldest are forgotten first. */
  readonly maxUsed: number;
}

export const TOKEN_DEFAULTS: TokenSettings = { ttlMs: 60_000, maxUsed: 100_000 };

export class StreamTokens {
  readonly #key: Uint8Array;
  readonly #settings: TokenSettings;
  readonly #nowMs: () => number;
  /** Nonce to the time when its token ends. */
  readonly #used = new Map<string, number>();

  /**
   * @param secret Twilio's auth token, so that any machine of the fleet can check what another one
   * has signed; a random key when there is none.
   * @param nowMs The time of day.
   */
  constructor(
    secret: string | undefined,
    settings: Partial<TokenSettings> = {},
    nowMs: () => number = Date.now,
  ) {
    this.#settings = { ...TOKEN_DEFAULTS, ...settings };
    this.#nowMs = nowMs;
    this.#key = secret
      ? new Uint8Array(hkdfSync("sha256", secret, "", "earshot stream token", 32))
      : randomBytes(32);
  }

  /** A token for this call's stream. */
  issue(callId: string): string {
    const body = `${this.#nowMs() + this.#settings.ttlMs}.${randomBytes(9).toString("base64url")}`;
    return `${body}.${this.#sign(callId, body).toString("base64url")}`;
  }

  /**
   * Takes a token, which is then used up.
   *
   * @returns What is wrong with it, or null.
   */
  redeem(token: string | undefined, callId: string): string | null {
    if (!token) return "the token is missing";
    const parts = token.split(".");
    if (parts.length !== 3) return "the token is malformed";
    const [until, nonce, signature] = parts as [string, string, string];
    const wanted = this.#sign(callId, `${until}.${nonce}`);
    const given = new Uint8Array(wanted.length);
    try {
      given.setFromBase64(signature, { alphabet: "base64url" });
    } catch {
      return "the token is malformed";
    }
    if (!timingSafeEqual(given, wanted)) return "the token is not for this call";
    const nowMs = this.#nowMs();
    if (!(Number(until) > nowMs)) return "the token is too old";
    if (this.#used.has(nonce)) return "the token was used before";
    this.#forget(nowMs);
    this.#used.set(nonce, Number(until));
    return null;
  }

  #sign(callId: string, body: string) {
    return createHmac("sha256", this.#key).update(`${callId}.${body}`).digest();
  }

  /** Tokens end in the order in which they were issued, near enough, so the oldest are in front. */
  #forget(nowMs: number): void {
    for (const [nonce, untilMs] of this.#used) {
      if (untilMs > nowMs && this.#used.size < this.#settings.maxUsed) return;
      this.#used.delete(nonce);
    }
  }
}
