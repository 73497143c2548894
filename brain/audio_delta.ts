/**
 * The audio road's reader of `response.output_audio.delta`: a scan that lifts the three fields that
 * matter out of the text without building a JSON tree. It knows one flat shape; whatever differs in
 * any way goes to `readBrainEvent`, and a differential property test holds the two equal.
 *
 * @module
 */

import { BASE64 } from "./events.ts";

const GA = '{"type":"response.output_audio.delta",';
const BETA = '{"type":"response.audio.delta",';
const QUOTE = 34, COMMA = 44, COLON = 58, CLOSE = 125;

/** The fields of one delta. One object a call, filled anew by each `read`. */
export class AudioDelta {
  responseId = "";
  itemId = "";
  /** Base64, as it came. */
  payload = "";

  /**
   * Reads `text` if it is an audio delta in the usual shape.
   *
   * @returns False when the full parser must look.
   */
  read(text: string): boolean {
    let at: number;
    if (text.startsWith(GA)) at = GA.length;
    else if (text.startsWith(BETA)) at = BETA.length;
    else return false;
    // With no backslash anywhere, the next quote is always the end of the string.
    if (text.includes("\\")) return false;
    let seen = 0;
    for (;;) {
      if (text.charCodeAt(at) !== QUOTE) return false;
      const keyEnd = text.indexOf('"', at + 1);
      if (keyEnd < 0 || text.charCodeAt(keyEnd + 1) !== COLON) return false;
      const key = text.slice(at + 1, keyEnd);
      const valueAt = keyEnd + 2;
      let end: number;
      if (text.charCodeAt(valueAt) === QUOTE) {
        const close = text.indexOf('"', valueAt + 1);
        if (close < 0) return false;
        const bit = BIT_BY_KEY[key];
        // An unknown or a repeated field is for the full parser.
        if (bit === undefined || (seen & bit) !== 0) return false;
        seen |= bit;
        if (bit === DELTA) {
          if (!isBase64(text, valueAt + 1, close)) return false;
          this.payload = text.slice(valueAt + 1, close);
        } else {
          if (!isPlainId(text, valueAt + 1, close)) return false;
          if (bit === RESPONSE) this.responseId = text.slice(valueAt + 1, close);
          else if (bit === ITEM) this.itemId = text.slice(valueAt + 1, close);
        }
        end = close + 1;
      } else {
        if (key !== "output_index" && key !== "content_index") return false;
        end = digitsEnd(text, valueAt);
        if (end < 0) return false;
      }
      const next = text.charCodeAt(end);
      if (next === CLOSE) return end + 1 === text.length && (seen & NEEDED) === NEEDED;
      if (next !== COMMA) return false;
      at = end + 1;
    }
  }
}

const EVENT = 1, RESPONSE = 2, ITEM = 4, DELTA = 8;
const NEEDED = RESPONSE | ITEM | DELTA;
const BIT_BY_KEY: Record<string, number | undefined> = Object.assign(Object.create(null), {
  event_id: EVENT,
  response_id: RESPONSE,
  item_id: ITEM,
  delta: DELTA,
});

/** Ids are made of `A-Z a-z 0-9 _ -`; anything else could be something that JSON refuses. */
function isPlainId(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const c = text.charCodeAt(i);
    const plain = (c >= 97 && c <= 122) || (c >= 48 && c <= 57) || (c >= 65 && c <= 90) ||
      c === 95 || c === 45;
    if (!plain) return false;
  }
  return true;
}

function isBase64(text: string, from: number, to: number): boolean {
  return BASE64.test(text.slice(from, to));
}

/** Where a JSON whole number ends, or -1 when there is none (or one with a leading zero). */
function digitsEnd(text: string, from: number): number {
  let i = from;
  for (;; i++) {
    const c = text.charCodeAt(i);
    if (!(c >= 48 && c <= 57)) break;
  }
  if (i === from || (i - from > 1 && text.charCodeAt(from) === 48)) return -1;
  return i;
}
