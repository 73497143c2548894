// @ts-check
/**
 * What was said, as lines. Pieces of a line arrive as it is spoken; the words of a caller arrive
 * late, often after the answer has begun, so their line is put down when they start to speak and
 * filled when the words come.
 *
 * @module
 */

import { make } from "./dom.js";

/** The oldest lines go: a page left open for a day stays light. */
const MAX_LINES = 300;
/** Nearer to the end than this, the list stays at its newest line. */
const NEAR_END_PX = 60;

/**
 * @typedef {object} Line
 * @property {HTMLElement} row
 * @property {HTMLElement} words
 * @property {"caller" | "agent"} role
 * @property {boolean} filled
 */

export class Transcript {
  #list;
  #said;
  /** False while the reader has scrolled up to read an older line. */
  #follows = true;
  /** @type {Map<string, Line>} */
  #byItem = new Map();
  /** @type {Line[]} Lines of the caller that wait for their words. */
  #waiting = [];
  /** @type {Line | null} The line of what the caller says now, or said last. */
  #spoken = null;
  /** @type {{ text: string, line: Line }[]} Typed lines that the server has not repeated yet. */
  #typed = [];
  #spokeAtMs = 0;

  /**
   * @param {HTMLElement} list Receives the lines.
   * @param {HTMLElement} said Is read out by screen readers: whole lines only, for a line that grows
   *   word by word would be read again at each word.
   */
  constructor(list, said) {
    this.#list = list;
    this.#said = said;
    list.addEventListener("scroll", () => {
      const belowPx = list.scrollHeight - list.clientHeight - list.scrollTop;
      this.#follows = belowPx < NEAR_END_PX;
    });
    new ResizeObserver(() => this.#follow()).observe(list);
    this.clear();
  }

  clear() {
    this.#list.replaceChildren(
      make("li", { className: "muted empty" }, "What you and the agent say appears here."),
    );
    this.#said.replaceChildren();
    this.forgetCall();
  }

  /** Item ids belong to one call: those of the next must not find these lines. */
  forgetCall() {
    this.#byItem.clear();
    this.#waiting = [];
    this.#spoken = null;
    this.#typed = [];
  }

  /** @param {number} nowMs */
  callerStarted(nowMs) {
    this.#spokeAtMs = nowMs;
    const last = this.#waiting.at(-1);
    const line = last && last.row === this.#list.lastElementChild ? last : this.#add("caller");
    if (line !== last) this.#waiting.push(line);
    this.#spoken = line;
    line.row.classList.add("open");
    line.words.textContent = "speaking…";
    this.#follow();
  }

  /** @param {number} nowMs */
  callerEnded(nowMs) {
    const line = this.#spoken;
    if (!line || line.filled) return;
    line.row.classList.remove("open");
    line.words.textContent = `spoke for ${((nowMs - this.#spokeAtMs) / 1000).toFixed(1)} s`;
  }

  /** @param {string} text */
  typed(text) {
    const line = this.#add("caller");
    this.#fill(line, text);
    this.#typed.push({ text, line });
    this.#follow();
  }

  /**
   * Words, or with an empty piece the news that words will come for what the caller just said.
   *
   * @param {{ role: "caller" | "agent", itemId: string, text: string, final: boolean }} news
   */
  heard({ role, itemId, text, final }) {
    if (role === "caller" && text === "") {
      if (!final) this.#claim(itemId);
      // Nobody could write it down: how long it was stays in the line.
      else if (!this.#byItem.has(itemId)) this.#waiting.shift();
      return;
    }
    let line = this.#byItem.get(itemId);
    if (!line) {
      line = this.#lineFor(role, text, final);
      this.#byItem.set(itemId, line);
    }
    if (final) {
      this.#fill(line, text);
      line.row.classList.remove("open");
      this.#said.append(make("p", {}, `${role === "caller" ? "You" : "Agent"}: ${text}`));
      if (this.#said.childElementCount > 20) this.#said.firstElementChild?.remove();
    } else {
      line.row.classList.add("open");
      this.#fill(line, line.filled ? line.words.textContent + text : text);
    }
    this.#follow();
  }

  /** @param {string} text */
  note(text) {
    this.#removeEmpty();
    this.#list.append(make("li", { className: "note muted small" }, text));
    this.#follow();
  }

  /**
   * The newest line that waits is this item's. Older ones were coughs and the like: nobody has
   * written those down, and the next words must not land there.
   *
   * @param {string} itemId
   */
  #claim(itemId) {
    const line = this.#waiting.at(-1);
    this.#waiting = [];
    if (line && !this.#byItem.has(itemId)) this.#byItem.set(itemId, line);
  }

  /** @param {"caller" | "agent"} role @param {string} text @param {boolean} final */
  #lineFor(role, text, final) {
    if (role === "caller") {
      const typedAt = final ? this.#typed.findIndex((typed) => typed.text === text) : -1;
      const typed = typedAt < 0 ? undefined : this.#typed.splice(typedAt, 1)[0];
      if (typed) return typed.line;
      const waiting = this.#waiting.shift();
      if (waiting) return waiting;
    }
    return this.#add(role);
  }

  /** @param {Line} line @param {string} text */
  #fill(line, text) {
    line.filled = true;
    line.row.classList.remove("wordless");
    line.words.textContent = text;
  }

  /** @param {"caller" | "agent"} role @returns {Line} */
  #add(role) {
    this.#removeEmpty();
    const words = make("span", { className: "words" });
    const row = make(
      "li",
      { className: `line ${role} wordless` },
      make("span", { className: "who" }, role === "caller" ? "You" : "Agent"),
      words,
    );
    this.#list.append(row);
    while (this.#list.childElementCount > MAX_LINES) this.#list.firstElementChild?.remove();
    return { row, words, role, filled: false };
  }

  #removeEmpty() {
    this.#list.querySelector(".empty")?.remove();
  }

  #follow() {
    if (this.#follows) this.#list.scrollTop = this.#list.scrollHeight;
  }
}
