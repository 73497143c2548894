/**
 * `X-Twilio-Signature` as Twilio makes it: base64(HMAC-SHA1(auth token, url + parameters)).
 * Source: Twilio, "Webhooks security". Written for the caller's side, apart from the server's
 * checking code, so that one mistake cannot hide in both.
 *
 * @module
 */

import { createHmac } from "node:crypto";

/**
 * Signs a request.
 *
 * @param authToken The account's auth token.
 * @param url Exactly what Twilio was told to call, with scheme and query.
 * @param params Form fields of a POST, in any order; a repeated name counts each distinct value
 *   once, sorted. None for a GET or a WebSocket upgrade.
 */
export function twilioSignature(
  authToken: string,
  url: string,
  params: Iterable<readonly [string, string]> = [],
): string {
  const valuesByName = new Map<string, Set<string>>();
  for (const [name, value] of params) {
    const values = valuesByName.get(name) ?? new Set();
    valuesByName.set(name, values.add(value));
  }
  let data = url;
  for (const name of [...valuesByName.keys()].sort()) {
    for (const value of [...valuesByName.get(name)!].sort()) data += name + value;
  }
  return createHmac("sha1", authToken).update(data, "utf8").digest("base64");
}
