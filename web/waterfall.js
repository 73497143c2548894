// @ts-check
/**
 * A turn as a waterfall: one bar, cut into the stages between the caller's last sound and the first
 * sound of the answer. Opened, it lists each stage in milliseconds.
 *
 * @module
 */

import { isNumber, make, showCost, showMs } from "./dom.js";

/**
 * @typedef {object} Turn
 * @property {number} [n]
 * @property {string} [kind]
 * @property {Record<string, unknown>} [stages]
 * @property {number} [totalMs]
 * @property {{ onsetToClearMs?: number, lastHeardMs?: number }} [bargeIn]
 * @property {number} [costUsd]
 */

/** In the order in which they happen; `key` is a field of `turn.stages`. */
export const STAGES = [
  { key: "endpointMs", name: "Endpoint", meaning: "silence, until it counts as the end" },
  { key: "commitMs", name: "Commit", meaning: "the brain takes the audio as a turn" },
  { key: "createdMs", name: "Created", meaning: "the brain begins an answer" },
  { key: "firstDeltaMs", name: "First audio", meaning: "the brain thinks, until it speaks" },
  { key: "firstSentMs", name: "Sent", meaning: "the first frame leaves for the caller" },
  { key: "firstHeardMs", name: "Heard", meaning: "the caller's side has played it" },
];

const KIND_NAMES = new Map(Object.entries({
  answer: "Answer",
  greeting: "Greeting",
  text: "Typed",
  tool: "Tool",
}));

/** @param {Turn} turn @returns {number | undefined} */
export function totalOf(turn) {
  if (isNumber(turn.totalMs)) return turn.totalMs;
  const known = STAGES.map(({ key }) => turn.stages?.[key]).filter(isNumber);
  return known.length === 0 ? undefined : known.reduce((sum, ms) => sum + ms, 0);
}

/**
 * How long a turn's bar is. Cut off before any stage, it is as long as our silence took to come.
 *
 * @param {Turn} turn
 * @returns {number | undefined}
 */
function lengthOf(turn) {
  const { onsetToClearMs } = turn.bargeIn ?? {};
  const hasStages = STAGES.some(({ key }) => isNumber(turn.stages?.[key]));
  return !hasStages && isNumber(onsetToClearMs) ? onsetToClearMs : totalOf(turn);
}

/** A list of turns with one time scale for all. */
export class Waterfall {
  /** @type {Map<string, { turn: Turn, row: HTMLElement }>} */
  #rows = new Map();
  #unnumbered = 0;
  #scaleMs = 0;

  /**
   * @param {HTMLElement} parent
   * @param {{ newestFirst: boolean, maxTurns: number, empty: string }} how
   */
  constructor(parent, how) {
    this.how = how;
    this.list = make("ol", { className: "waterfall" });
    this.empty = make("p", { className: "muted empty" }, how.empty);
    this.legend = makeLegend();
    this.legend.hidden = true;
    parent.replaceChildren(this.legend, this.empty, this.list);
  }

  /** Adds a turn, or renews the one that has the same number. @param {Turn} turn */
  put(turn) {
    const key = isNumber(turn.n) ? `n${turn.n}` : `u${this.#unnumbered++}`;
    const old = this.#rows.get(key);
    const row = make("li");
    const scaleMs = Math.max(this.#scaleMs, niceScale(lengthOf(turn) ?? 0));
    if (old) {
      const wasOpen = old.row.querySelector("details")?.open ?? false;
      fillRow(row, turn, scaleMs, wasOpen);
      old.row.replaceWith(row);
    } else {
      fillRow(row, turn, scaleMs, false);
      if (this.how.newestFirst) this.list.prepend(row);
      else this.list.append(row);
    }
    this.#rows.set(key, { turn, row });
    for (const oldest of this.#rows.keys()) {
      if (this.#rows.size <= this.how.maxTurns) break;
      this.#rows.get(oldest)?.row.remove();
      this.#rows.delete(oldest);
    }
    this.empty.hidden = true;
    this.legend.hidden = false;
    this.#rescale();
  }

  clear() {
    this.#rows.clear();
    this.#scaleMs = 0;
    this.list.replaceChildren();
    this.empty.hidden = false;
    this.legend.hidden = true;
  }

  /** One very slow turn must not shrink the others for ever: the scale follows what is shown. */
  #rescale() {
    let longestMs = 0;
    for (const { turn } of this.#rows.values()) {
      longestMs = Math.max(longestMs, lengthOf(turn) ?? 0);
    }
    const scaleMs = niceScale(longestMs);
    if (scaleMs === this.#scaleMs) return;
    this.#scaleMs = scaleMs;
    for (const { row } of this.#rows.values()) placeBars(row, scaleMs);
  }
}

/** The next round number of milliseconds, for a full bar. @param {number} ms */
function niceScale(ms) {
  for (const step of [250, 500, 750, 1000, 1500, 2000, 3000, 5000, 7500, 10_000, 20_000]) {
    if (ms <= step) return step;
  }
  return ms;
}

/**
 * @param {HTMLElement} row
 * @param {Turn} turn
 * @param {number} scaleMs
 * @param {boolean} open
 */
function fillRow(row, turn, scaleMs, open) {
  const totalMs = totalOf(turn);
  const kind = KIND_NAMES.get(turn.kind ?? "") ?? turn.kind ?? "Turn";
  const bars = make("span", { className: "bars", "aria-hidden": "true" });
  let startMs = 0;
  for (const [index, { key }] of STAGES.entries()) {
    const ms = turn.stages?.[key];
    if (!isNumber(ms) || ms <= 0) continue;
    const className = `stage-bar stage-${index + 1}`;
    bars.append(make("span", { className, "data-start": startMs, "data-ms": ms }));
    startMs += ms;
  }
  if (bars.childElementCount === 0 && turn.bargeIn) {
    const className = "stage-bar stage-cut";
    bars.append(make("span", { className, "data-start": 0, "data-ms": lengthOf(turn) ?? 0 }));
  }
  const summary = make(
    "summary",
    {},
    make(
      "span",
      { className: "turn-name" },
      make("span", { className: "muted number" }, isNumber(turn.n) ? `${turn.n} ` : ""),
      kind,
    ),
    bars,
    make("span", { className: "turn-total number" }, showMs(lengthOf(turn))),
  );
  const details = make("details", { className: "turn", open }, summary, makeFacts(turn, totalMs));
  row.replaceChildren(details);
  placeBars(row, scaleMs);
}

/** @param {HTMLElement} row @param {number} scaleMs */
function placeBars(row, scaleMs) {
  for (const bar of /** @type {NodeListOf<HTMLElement>} */ (row.querySelectorAll(".stage-bar"))) {
    bar.style.left = `${Number(bar.dataset.start) / scaleMs * 100}%`;
    bar.style.width = `${Number(bar.dataset.ms) / scaleMs * 100}%`;
  }
}

/** @param {Turn} turn @param {number | undefined} totalMs */
function makeFacts(turn, totalMs) {
  const facts = make("dl", { className: "facts" });
  /** @param {string} name @param {string} value @param {string} meaning @param {string} mark */
  const add = (name, value, meaning, mark) => {
    facts.append(make(
      "div",
      {},
      make("dt", {}, make("span", { className: `key ${mark}` }), name),
      make("dd", { className: "number" }, value),
      make("dd", { className: "muted small" }, meaning),
    ));
  };
  for (const [index, { key, name, meaning }] of STAGES.entries()) {
    const ms = turn.stages?.[key];
    if (isNumber(ms)) add(name, showMs(ms), meaning, `stage-${index + 1}`);
  }
  const { onsetToClearMs, lastHeardMs } = turn.bargeIn ?? {};
  if (isNumber(onsetToClearMs)) {
    add(
      "Cleared",
      showMs(onsetToClearMs),
      "from the caller's first sound to the clear",
      "stage-cut",
    );
  }
  if (isNumber(lastHeardMs)) {
    add("Last heard", showMs(lastHeardMs), "the answer's last audible sound", "stage-cut");
  }
  if (isNumber(totalMs) && totalMs > 0) {
    add("Total", showMs(totalMs), "until the first sound was heard", "none");
  }
  if (isNumber(turn.costUsd)) add("Cost", showCost(turn.costUsd), "by the brain's usage", "none");
  return facts;
}

function makeLegend() {
  const legend = make("ul", { className: "legend small muted", "aria-hidden": "true" });
  for (const [index, { name }] of STAGES.entries()) {
    legend.append(make("li", {}, make("span", { className: `key stage-${index + 1}` }), name));
  }
  return legend;
}
