/**
 * What only the operator should see. With `EARSHOT_ADMIN_TOKEN` set, a request brings it
 * as `Authorization: Bearer`; without it, requests to this machine's own name alone are answered.
 *
 * @module
 */

import type { Context, MiddlewareHandler } from "hono";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Config } from "../config.ts";
import type { Bindings } from "./bindings.ts";

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** What proxies add: a request that was forwarded does not come from this machine. */
const FORWARDED = ["forwarded", "x-forwarded-for", "via", "fly-client-ip"];

const OPEN_HOW = "set EARSHOT_ADMIN_TOKEN, and send it as Authorization: Bearer";

/** Answers 401 or 403 to everyone else. */
export function adminOnly(config: Config): MiddlewareHandler<Bindings> {
  const token = config.EARSHOT_ADMIN_TOKEN;
  const isToken = token === undefined ? null : sameAs(token);
  return async function adminOnly(c, next) {
    c.header("Cache-Control", "no-store");
    if (isToken) {
      const given = /^Bearer +(.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
      if (given === undefined || !isToken(given)) {
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

/** Compares in a time that tells nothing, neither of the letters nor of the length. */
function sameAs(secret: string): (given: string) => boolean {
  const key = randomBytes(32);
  const digest = (text: string) => createHmac("sha256", key).update(text).digest();
  const wanted = digest(secret);
  return (given) => timingSafeEqual(digest(given), wanted);
}

/** Why a request without a token is not the operator's own, or null. */
function notFromHere(c: Context, config: Config): string | null {
  if (config.FLY_REGION) return "on Fly";
  // A name of somebody else's that leads here (DNS rebinding) is still in the Host header.
  if (!LOOPBACK.test(c.req.header("host") ?? new URL(c.req.url).host)) return "beyond localhost";
  if (FORWARDED.some((name) => c.req.header(name) !== undefined)) return "through a proxy";
  // Pages of others can't read the answer, but each of their requests would hold a listener.
  const site = c.req.header("sec-fetch-site");
  if (site === "cross-site" || site === "same-site") return "to pages of others";
  return null;
}
