/**
 * The audio road's reader of Twilio's `media`: it walks the one shape that Twilio sends and lifts
 * the payload and its timestamp without building a JSON tree. Whatever differs in any way goes to
 * `readTwilioMessage`, and a differential property test holds the two equal.
 *
 * @module
 */

const HEAD = '{"event":"media","sequenceNumber":"';
const TRACK = '","media":{"track":"inbound","chunk":"';
const TIMESTAMP = '","timestamp":"';
const PAYLOAD = '","payload":"';
const STREAM = '"},"streamSid":"';

// deno-lint-ignore no-control-regex
const NOT_PLAIN = /[\x00-\x1f\\]/;

/** What the leg counts, for telemetry: plain numbers, so that a frame costs an addition. */
export interface FrameCounts {
  framesIn: number;
  framesSlowPath: number;
}

/** The fields of one frame. One object a leg, filled anew by each `read`. */
export class MediaFrame {
  timestampMs = 0;
  /** Base64, as it came; whether it holds good base64 is for the decoder to say. */
  payload = "";

  #streamSid = "";
  #tail = "";

  /**
   * Reads `text` if it is caller audio of this stream in the usual shape.
   *
   * @returns False when the full parser must look.
   */
  read(text: string, streamSid: string): boolean {
    if (streamSid !== this.#streamSid) {
      this.#streamSid = streamSid;
      this.#tail = `${STREAM}${streamSid}"}`;
    }
    // The end is checked first and whole: what lies between can then only be the payload.
    if (!text.startsWith(HEAD) || !text.endsWith(this.#tail)) return false;
    let at = digitsEnd(text, HEAD.length);
    if (at < 0 || !text.startsWith(TRACK, at)) return false;
    at = digitsEnd(text, at + TRACK.length);
    if (at < 0 || !text.startsWith(TIMESTAMP, at)) return false;
    const timestampAt = at + TIMESTAMP.length;
    at = digitsEnd(text, timestampAt);
    if (at < 0 || !text.startsWith(PAYLOAD, at)) return false;
    const payloadAt = at + PAYLOAD.length;
    const payloadEnd = text.length - this.#tail.length;
    // One quote inside would end the string early, one backslash would need unescaping, and a
    // control character is no JSON at all.
    if (payloadEnd < payloadAt || text.indexOf('"', payloadAt) !== payloadEnd) return false;
    this.payload = text.slice(payloadAt, payloadEnd);
    if (NOT_PLAIN.test(this.payload)) return false;
    let ms = 0;
    for (let i = timestampAt; i < at; i++) ms = ms * 10 + text.charCodeAt(i) - 48;
    this.timestampMs = ms;
    return true;
  }
}

/** Where a run of 1 to 15 digits ends, or -1. */
function digitsEnd(text: string, from: number): number {
  let i = from;
  while (i - from <= 15) {
    const c = text.charCodeAt(i);
    if (!(c >= 48 && c <= 57)) break;
    i++;
  }
  const length = i - from;
  return length >= 1 && length <= 15 ? i : -1;
}
