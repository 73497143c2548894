/**
 * The key that a webhook hands to its stream: an HMAC-SHA256 token bound to one CallSid, good for a
 * short time and for one use. Twilio's signature proves who calls, but holds no time and no nonce.
 * Client secrets (`client_secrets.ts`) are made of the same, under another purpose.
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

/** Ours have about 70. */
const MAX_TOKEN_CHARS = 200;

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
   * @param purpose Goes into the key: a token for one purpose is none for another.
   */
  constructor(
    secret: string | undefined,
    settings: Partial<TokenSettings> = {},
    nowMs: () => number = Date.now,
    purpose = "earshot stream token",
  ) {
    this.#settings = { ...TOKEN_DEFAULTS, ...settings };
    this.#nowMs = nowMs;
    this.#key = secret
      ? new Uint8Array(hkdfSync("sha256", secret, "", purpose, 32))
      : randomBytes(32);
  }

  /** A token for this call's stream. */
  issue(callId: string, ttlMs = this.#settings.ttlMs): string {
    const body = `${this.#nowMs() + ttlMs}.${randomBytes(9).toString("base64url")}`;
    return `${body}.${this.#sign(callId, body).toString("base64url")}`;
  }

  /**
   * Takes a token, which is then used up.
   *
   * @returns What is wrong with it, or null.
   */
  redeem(token: string | undefined, callId: string): string | null {
    const wrong = this.check(token, callId);
    if (wrong) return wrong;
    const [until, nonce] = token!.split(".") as [string, string];
    this.#forget(this.#nowMs());
    this.#used.set(nonce, Number(until));
    return null;
  }

  /** What is wrong with a token, or null. It is not used up. */
  check(token: string | undefined, callId: string): string | null {
    if (!token) return "the token is missing";
    const parts = token.split(".");
    if (parts.length !== 3 || token.length > MAX_TOKEN_CHARS) return "the token is malformed";
    const [until, nonce, signature] = parts as [string, string, string];
    const wanted = this.#sign(callId, `${until}.${nonce}`);
    const given = new Uint8Array(wanted.length);
    try {
      given.setFromBase64(signature, { alphabet: "base64url" });
    } catch {
      return "the token is malformed";
    }
    if (!timingSafeEqual(given, wanted)) return "the token is not for this call";
    if (!(Number(until) > this.#nowMs())) return "the token is too old";
    return this.#used.has(nonce) ? "the token was used before" : null;
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
