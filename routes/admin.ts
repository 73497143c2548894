/**
 * What only the operator should see. With `EARSHOT_ADMIN_TOKEN` set, a request brings it
 * as `Authorization: Bearer`; without it, requests of this very machine alone are answered.
 *
 * @module
 */

import type { Context, MiddlewareHandler } from "hono";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Config } from "../config.ts";
import type { Bindings } from "./bindings.ts";
import { notFromHere } from "./origin.ts";

const OPEN_HOW = "set EARSHOT_ADMIN_TOKEN, and send it as Authorization: Bearer";

/** Answers 401 or 403 to everyone else. */
export function adminOnly(config: Config): MiddlewareHandler<Bindings> {
  const isAdmin = adminCheck(config);
  return async function adminOnly(c, next) {
    c.header("Cache-Control", "no-store");
    if (config.EARSHOT_ADMIN_TOKEN !== undefined) {
      const given = bearerOf(c);
      if (!isAdmin(given)) {
        c.header("WWW-Authenticate", "Bearer");
        const wrong = given === undefined ? "is missing" : "is wrong";
        return c.text(`The admin token ${wrong}: send EARSHOT_ADMIN_TOKEN as a bearer token`, 401);
      }
    } else {
      const wrong = notFromHere(c, config);
      if (wrong) return c.text(`Not shown ${wrong}: ${OPEN_HOW}`, 403);
    }
    await next();
  };
}

/** What the request brings as `Authorization: Bearer`. */
export function bearerOf(c: Context): string | undefined {
  return /^Bearer +(.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
}

/**
 * Tells the admin token; without one set, nothing is it. Compares in a time that tells nothing, neither
 * of the letters nor of the length.
 */
export function adminCheck(config: Config): (given: string | undefined) => boolean {
  const secret = config.EARSHOT_ADMIN_TOKEN;
  if (secret === undefined) return () => false;
  const key = randomBytes(32);
  const digest = (text: string) => createHmac("sha256", key).update(text).digest();
  const wanted = digest(secret);
  return (given) => given !== undefined && timingSafeEqual(digest(given), wanted);
}
