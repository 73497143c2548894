// @ts-check
/**
 * The three lines of DOM that every view repeats, and the ways in which it writes numbers.
 *
 * @module
 */

/**
 * The element with this id; it is in page.html, so its absence is a mistake of ours.
 *
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`page.html has no element with the id ${id}`);
  return /** @type {T} */ (found);
}

/**
 * Makes an element. Text goes in as text, never as markup: what people said is shown here.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, unknown>} [properties] Properties of the element; `data-…`, `aria-…` and
 *   `role` are set as attributes.
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    if (name.includes("-") || name === "role") element.setAttribute(name, String(value));
    else Reflect.set(element, name, value);
  }
  element.append(...children);
  return element;
}

/** @param {unknown} value @returns {value is number} */
export function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

/** @param {unknown} ms */
export function showMs(ms) {
  if (!isNumber(ms)) return "–";
  return ms >= 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms)} ms`;
}

/** @param {unknown} ms */
export function showDuration(ms) {
  if (!isNumber(ms)) return "–";
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(seconds % 60)}`
    : `${minutes}:${two(seconds % 60)}`;
}

/** @param {unknown} usd */
export function showCost(usd) {
  if (!isNumber(usd)) return "–";
  if (usd === 0) return "$0";
  return usd < 0.01 ? `$${usd.toFixed(5)}` : `$${usd.toFixed(3)}`;
}

/** The value of one colour of colours.css, as the canvases need it. @param {string} name */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Runs when light turns dark or back. @param {() => void} then */
export function onSchemeChange(then) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", then);
}

export const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
