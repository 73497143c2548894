/**
 * Asks another instance for what it knows of a call. The address comes out of a token that we have
 * signed, never from outside.
 *
 * @module
 */

import { MAX_PARCEL_BYTES } from "./parcel.ts";

/** An instance that is gone may not even refuse the connection; the caller waits meanwhile. */
const FETCH_TIMEOUT_MS = 1000;

/** The other instance says that the token is no good. */
export class TokenRefused extends Error {
  override readonly name = "TokenRefused";
}

/**
 * @returns The sealed parcel.
 * @throws {TokenRefused} In the other instance's words.
 * @throws {Error} When it can't be reached in time, or answers anything else.
 */
export async function fetchParcel(
  address: string,
  token: string,
  callId: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(new URL("/moves", address), {
    method: "POST",
    body: new URLSearchParams({ token, callId }),
    redirect: "error",
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  });
  if (response.status === 403) throw new TokenRefused((await response.text()).slice(0, 100));
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw new Error(`The instance answered HTTP ${response.status}`);
  }
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body) {
    bytes += piece.length;
    if (bytes > MAX_PARCEL_BYTES) {
      throw new RangeError(`The parcel has over ${MAX_PARCEL_BYTES} bytes`);
    }
    pieces.push(piece);
  }
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
