/**
 * Ids of one session: unlike those of any other, and at most 32 characters, which is the longest
 * item id the API takes.
 *
 * @module
 */

/** Makes `item_…`, `event_…`, `resp_…`, `call_…`. */
export type MakeId = (prefix: string) => string;

/** @param token Tells sessions apart; random when absent. */
export function createIds(token = randomToken()): MakeId {
  let count = 0;
  return (prefix) => `${prefix}_${token}${(count++).toString(36).padStart(4, "0")}`;
}

function randomToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  let token = "E";
  for (const byte of bytes) token += byte.toString(36).padStart(2, "0");
  return token;
}
