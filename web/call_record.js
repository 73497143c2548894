// @ts-check
/**
 * What the server keeps of a call, and how the page writes it.
 *
 * @module
 */

import { isNumber, showDuration } from "./dom.js";

/**
 * A row of `GET /calls`. What a server leaves out is shown as a dash.
 *
 * @typedef {object} CallRecord
 * @property {string} id
 * @property {string} [kind] `twilio` or `browser`.
 * @property {string} [state] `live` or `done`.
 * @property {string | number} [startedAt] ISO 8601, or milliseconds of the epoch.
 * @property {number} [durationMs]
 * @property {number | import("./waterfall.js").Turn[]} [turns] A count; in `GET /calls/:id` the
 *   turns themselves.
 * @property {number} [bargeIns]
 * @property {{ p50?: number, p95?: number }} [answerMs]
 * @property {number} [costUsd]
 */

/** @param {CallRecord} call @returns {number} Milliseconds of the epoch, 0 when not known. */
export function startOf(call) {
  const atMs = new Date(call.startedAt ?? NaN).getTime();
  return Number.isNaN(atMs) ? 0 : atMs;
}

/** @param {CallRecord} call */
export function startText(call) {
  const atMs = startOf(call);
  if (atMs === 0) return "–";
  const date = new Date(atMs);
  const time = date.toTimeString().slice(0, 8);
  if (date.toDateString() === new Date().toDateString()) return time;
  return `${date.toLocaleDateString([], { month: "short", day: "numeric" })} ${time}`;
}

/** @param {CallRecord} call @param {number} ageMs How long ago the record came: a live call went on. */
export function lengthText(call, ageMs) {
  if (!isNumber(call.durationMs)) return "–";
  return showDuration(call.durationMs + (call.state === "live" ? ageMs : 0));
}

/** @param {CallRecord} call */
export function turnsText({ turns }) {
  const count = Array.isArray(turns) ? turns.length : turns;
  return isNumber(count) ? String(count) : "–";
}

/** @param {string} id */
export function shortId(id) {
  return id.length > 14 ? `${id.slice(0, 6)}…${id.slice(-6)}` : id;
}

/** @param {string | undefined} kind */
export function kindText(kind) {
  return kind === "twilio" ? "phone" : kind ?? "";
}
