/**
 * The audio road's reader of `response.output_audio.delta`: it lifts the three fields that matter out
 * of the text without building a JSON tree. It knows one shape, and all deltas of an item share the
 * same text between their event id and their audio, so that stretch is learned once and compared
 * whole. Whatever differs in any way goes to `readBrainEvent`, and a differential property test holds
 * the two equal.
 *
 * @module
 */

const OPENING =
  /^\{"type":"response\.(?:output_)?audio\.delta","event_id":"[\w-]*(","response_id":"([\w-]+)","item_id":"([\w-]+)","output_index":(?:0|[1-9]\d{0,8}),"content_index":(?:0|[1-9]\d{0,8}),"delta":")/;
/** What stands before the event id, in the GA shape and in the beta shape. */
const GA_HEAD = '{"type":"response.output_audio.delta","event_id":"';
const BETA_HEAD = '{"type":"response.audio.delta","event_id":"';
/** With one of these somewhere, the text between two quotes is not what it seems, or not JSON. */
// deno-lint-ignore no-control-regex
const NOT_PLAIN = /[\x00-\x1f\\]/;

/** The fields of one delta. One object a call, filled anew by each `read`. */
export class AudioDelta {
  responseId = "";
  itemId = "";
  /** Base64, as it came; whether it holds good base64 is for the decoder to say. */
  payload = "";

  /** Of the shape that was read last. */
  #head = GA_HEAD;
  /** From the end of the event id to the beginning of the audio, for the present item. */
  #middle = "";

  /**
   * Reads `text` if it is an audio delta in the usual shape.
   *
   * @returns False when the full parser must look.
   */
  read(text: string): boolean {
    // The heads differ in length, so the event id is looked for behind the one that stands there.
    if (!text.startsWith(this.#head)) {
      const other = this.#head === GA_HEAD ? BETA_HEAD : GA_HEAD;
      if (!text.startsWith(other)) return false;
      this.#head = other;
    }
    let idEnd = text.indexOf('"', this.#head.length);
    if (idEnd < 0 || this.#middle === "" || !text.startsWith(this.#middle, idEnd)) {
      idEnd = this.#learn(text);
      if (idEnd < 0) return false;
    }
    const payloadAt = idEnd + this.#middle.length;
    const payloadEnd = text.length - 2;
    // The first quote behind the audio has to be the last but one character of the text.
    if (text.indexOf('"', payloadAt) !== payloadEnd || !text.endsWith("}")) return false;
    if (NOT_PLAIN.test(text)) return false;
    this.payload = text.slice(payloadAt, payloadEnd);
    return true;
  }

  /** Learns the stretch that the deltas of an item share. Returns where its event id ends, or -1. */
  #learn(text: string): number {
    const match = OPENING.exec(text);
    if (!match) return -1;
    const [whole, middle, responseId, itemId] = match;
    this.#middle = middle!;
    this.responseId = responseId!;
    this.itemId = itemId!;
    return whole.length - middle!.length;
  }
}
