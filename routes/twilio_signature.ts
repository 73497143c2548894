/**
 * Twilio's request signature: base64(HMAC-SHA1(auth token, URL + sorted parameters)).
 *
 * Source: Twilio docs, "Webhooks security". The `twilio` SDK's own functions are the oracle of the
 * tests.
 *
 * @module
 */

import { createHmac, timingSafeEqual } from "node:crypto";

/**
 * Signs a request as Twilio does.
 *
 * @param url Exactly what Twilio was told to call, with scheme and query.
 * @param params The form's fields in any order; of a repeated one, each distinct value counts once.
 */
export function signRequest(authToken: string, url: string, params: URLSearchParams): string {
  let data = url;
  for (const name of [...new Set(params.keys())].sort()) {
    for (const value of [...new Set(params.getAll(name))].sort()) data += name + value;
  }
  return createHmac("sha1", authToken).update(data, "utf8").digest("base64");
}

/** Scheme and user, host, port, and what follows: by hand, since `URL` hides a default port. */
const PARTS = /^([a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?)(\[[^\]/?#]*\]|[^:/?#]*)(:[^/?#]*)?(.*)$/is;

/**
 * The forms in which Twilio may have written the same URL: without its port, and with it. As the SDK
 * does, the standard port is :443 for https and :80 for everything else, a wss: URL included.
 */
function spellings(url: string): string[] {
  const parts = PARTS.exec(url);
  if (!parts) return [url];
  const [, head, host, port, rest] = parts as unknown as [string, string, string, string?, string?];
  const standard = /^https:/i.test(head) ? ":443" : ":80";
  return [`${head}${host}${rest}`, `${head}${host}${port || standard}${rest}`];
}

/**
 * Checks the signature of a webhook or of a stream's upgrade.
 *
 * @param signature The header `X-Twilio-Signature`.
 */
export function isSignedByTwilio(
  authToken: string,
  signature: string | undefined,
  url: string,
  params: URLSearchParams = new URLSearchParams(),
): boolean {
  if (!signature) return false;
  const given = new TextEncoder().encode(signature);
  return spellings(url).some((spelling) => {
    const wanted = new TextEncoder().encode(signRequest(authToken, spelling, params));
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  });
}
