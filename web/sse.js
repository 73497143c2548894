// @ts-check
/**
 * Server-sent events, read from a stream of text. The browser's own `EventSource` cannot send the
 * `Authorization` header, so the page reads the body of a `fetch` with this.
 *
 * @module
 */

/** An event longer than this is not one of ours: a server that never ends a line fills no memory. */
const MAX_PENDING_CHARACTERS = 1_000_000;

export class EventReader {
  #pending = "";
  #event = "";
  /** @type {string[]} */
  #data = [];
  #dataCharacters = 0;

  /** @param {(event: string, data: string) => void} onEvent */
  constructor(onEvent) {
    this.onEvent = onEvent;
  }

  /**
   * @param {string} text The next piece, cut anywhere.
   * @throws {RangeError} If an event grows past a million characters.
   */
  push(text) {
    const lines = (this.#pending + text).split("\n");
    this.#pending = lines.pop() ?? "";
    for (const line of lines) this.#take(line.endsWith("\r") ? line.slice(0, -1) : line);
    const characters = this.#pending.length + this.#dataCharacters;
    if (characters > MAX_PENDING_CHARACTERS) {
      throw new RangeError(
        `An event has ${characters} characters, at most ${MAX_PENDING_CHARACTERS} are read`,
      );
    }
  }

  /** @param {string} line */
  #take(line) {
    if (line === "") {
      if (this.#data.length > 0) this.onEvent(this.#event || "message", this.#data.join("\n"));
      this.#event = "";
      this.#data = [];
      this.#dataCharacters = 0;
      return;
    }
    const colon = line.indexOf(":");
    // A line that begins with a colon is a comment: servers send it to keep the connection open.
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#event = value;
    if (field === "data") {
      this.#data.push(value);
      this.#dataCharacters += value.length;
    }
  }
}
