// @ts-check
/**
 * One call of the Calls view: its facts, and its turns as a waterfall that grows while it lives.
 *
 * @module
 */

import { kindText, startText, turnsText } from "./call_record.js";
import { byId, make, showCost, showDuration, showMs } from "./dom.js";
import { ApiError, getJson } from "./feed.js";
import { Waterfall } from "./waterfall.js";

const MAX_TURNS = 500;

export class CallDetail {
  #panel = byId("call-detail");
  #head = make("div", { className: "call-head" });
  #body = make("div");
  /** @type {Waterfall | null} */
  #turns = null;
  id = "";

  /** @param {string} id Empty closes it. */
  show(id) {
    this.id = id;
    this.#panel.hidden = id === "";
    if (id === "") return;
    this.#head.replaceChildren();
    this.#turns = new Waterfall(this.#body, {
      newestFirst: false,
      maxTurns: MAX_TURNS,
      empty: "No turn has ended in this call yet.",
    });
    this.#panel.replaceChildren(this.#head, this.#body);
    this.refresh();
    this.#panel.focus({ preventScroll: true });
    this.#panel.scrollIntoView({ block: "nearest" });
  }

  /** Asks the server again. */
  async refresh() {
    const { id } = this;
    if (id === "") return;
    try {
      const call = await getJson(`/calls/${encodeURIComponent(id)}`);
      if (id !== this.id) return;
      this.showHead(call);
      if (Array.isArray(call.turns)) { for (const turn of call.turns) this.#turns?.put(turn); }
    } catch (error) {
      if (id === this.id) this.#showTrouble(error);
    }
  }

  /** @param {import("./waterfall.js").Turn} turn */
  put(turn) {
    this.#turns?.put(turn);
  }

  /** @param {import("./call_record.js").CallRecord} call */
  showHead(call) {
    const facts = [
      call.state === "live" ? "live" : "ended",
      kindText(call.kind),
      `started ${startText(call)}`,
      `${showDuration(call.durationMs)} long`,
      `${turnsText(call)} turns`,
      `p50 ${showMs(call.answerMs?.p50)}, p95 ${showMs(call.answerMs?.p95)}`,
      showCost(call.costUsd),
    ];
    const said = facts.filter((fact) => fact !== "" && fact !== "–").join(" · ");
    this.#fillHead(call.id, make("p", { className: "muted small" }, said));
  }

  /** @param {unknown} error */
  #showTrouble(error) {
    const { status, message } = error instanceof ApiError ? error : new ApiError(0, String(error));
    const text = status === 404
      ? "This call is no longer kept: the server remembers the last ones only."
      : `This call can't be read: ${message || `status ${status}`}`;
    this.#fillHead(this.id, make("p", { className: "notice bad", role: "alert" }, text));
  }

  /** @param {string} id @param {HTMLElement} below */
  #fillHead(id, below) {
    const close = make("a", { className: "quiet button", href: "#calls" }, "Close");
    const title = make("h2", { className: "call-id" }, id);
    // Renewed while it is read: the link keeps the focus that it had.
    const focused = this.#head.querySelector("a") === document.activeElement;
    this.#head.replaceChildren(make("div", { className: "panel-head" }, title, close), below);
    if (focused) close.focus();
  }
}
