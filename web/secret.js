// @ts-check
/**
 * The key to a call: a short-lived secret that the server gives to its own page, or to whoever has
 * the admin token where one is set.
 *
 * @module
 */

import { adminToken, ApiError, reasonIn } from "./feed.js";

/** The caller is told within this time that the server can't be reached. */
const LIMIT_MS = 10_000;

/** @returns {Promise<string>} Good for one call. */
export async function clientSecret() {
  const token = adminToken.get();
  const answer = await fetch("/v1/realtime/client_secrets", {
    method: "POST",
    cache: "no-store",
    headers: token ? { Authorization: `Bearer ${token}` } : {},
    signal: AbortSignal.timeout(LIMIT_MS),
  }).catch(() => {
    throw new ApiError(0, "The server can't be reached. Is it still running?");
  });
  const text = await answer.text();
  if (!answer.ok) throw new ApiError(answer.status, reasonIn(text));
  return String(JSON.parse(text).value);
}
