/**
 * What a stream brings along that goes on with a call: a token that is signed, bound to one call, good
 * for a while and for one use. It names the instance that knows the call, so nobody can make us ask
 * an address that is not ours.
 *
 * @module
 */

import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";

/** What a good token says. */
export interface Ticket {
  readonly callId: string;
  readonly untilMs: number;
  /** When the call began, by the wall clock: its limits go on counting. */
  readonly startedAtMs: number;
  readonly nonce: string;
  /** Where the instance that knows the call is reached by the others; empty when it isn't. */
  readonly address: string;
}

/** TwiML's `<Parameter>` takes fewer than 500 characters, its name included. */
const MAX_TOKEN_CHARACTERS = 480;

const SHAPE = /^[\w-]{1,400}\.[\w-]{43}$/;

export class ResumeTokens {
  readonly #key: Uint8Array;
  readonly #nowMs: () => number;

  /**
   * @param secret What all instances share.
   * @param nowMs The time of day.
   */
  constructor(secret: string, nowMs: () => number = Date.now) {
    this.#key = new Uint8Array(hkdfSync("sha256", secret, "", "earshot resume token", 32));
    this.#nowMs = nowMs;
  }

  /** A token for one return of this call. */
  issue(
    callId: string,
    { address, startedAtMs, ttlMs }: { address: string; startedAtMs: number; ttlMs: number },
  ): string {
    const nonce = randomBytes(9).toString("base64url");
    const said = [this.#nowMs() + ttlMs, startedAtMs, nonce, address];
    const body = Buffer.from(JSON.stringify(said)).toString("base64url");
    return `${body}.${this.#sign(callId, body).toString("base64url")}`;
  }

  /** @returns What the token says, or in words what is wrong with it. */
  read(token: string | undefined, callId: string): Ticket | string {
    if (!token) return "the resume token is missing";
    if (token.length > MAX_TOKEN_CHARACTERS || !SHAPE.test(token)) {
      return "the resume token is malformed";
    }
    const [body, signature] = token.split(".") as [string, string];
    const given = Buffer.from(signature, "base64url");
    const wanted = this.#sign(callId, body);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
      return "the resume token is not for this call";
    }
    // We have signed it, so it has our shape.
    const said = JSON.parse(Buffer.from(body, "base64url").toString());
    const [untilMs, startedAtMs, nonce, address] = said as [number, number, string, string];
    if (!(untilMs > this.#nowMs())) return "the resume token is too old";
    return { callId, untilMs, startedAtMs, nonce, address };
  }

  #sign(callId: string, body: string) {
    return createHmac("sha256", this.#key).update(`${callId}.${body}`).digest();
  }
}
