// @ts-check
/**
 * The Calls view: live and recent calls, and one of them in detail.
 *
 * @module
 */

import { CallDetail } from "./call_detail.js";
import { kindText, lengthText, shortId, startOf, startText, turnsText } from "./call_record.js";
import { byId, isNumber, make, showCost, showMs } from "./dom.js";
import { adminToken, ApiError, feed, getJson } from "./feed.js";
import { hideGate, showGate } from "./gate.js";

/** @typedef {import("./call_record.js").CallRecord} CallRecord */

const MAX_CALLS = 200;
/** At 150 calls the server has news of one many times a second: the table waits for more of them. */
const DRAW_WAIT_MS = 250;
const COLUMNS = ["Call", "Started", "Length", "Turns", "Barge-ins", "p50", "p95", "Cost"];

/** @type {Map<string, { call: CallRecord, atMs: number }>} */
const calls = new Map();
const detail = new CallDetail();
let started = false;
/** False until the server has shown its list, and again when it refuses. */
let loaded = false;
let isOpen = false;
let wantedId = "";
let drawIsDue = false;

/** @param {boolean} open @param {string} id The call to show, or empty. */
export function openCalls(open, id) {
  isOpen = open;
  if (!open) return;
  if (!started) start();
  wantedId = id;
  if (loaded && detail.id !== id) detail.show(id);
  load();
}

function start() {
  started = true;
  feed.on("call", (call) => {
    if (typeof call?.id !== "string") return;
    keep(call);
    drawSoon();
    if (call.id === detail.id) detail.showHead(call);
  });
  feed.on("turn", ({ callId, turn }) => {
    if (callId === detail.id && turn) detail.put(turn);
  });
  feed.on("poll", () => {
    if (!isOpen || !loaded) return;
    load();
    detail.refresh();
  });
  feed.on("state", (state) => {
    // What changed while the stream was away was not told.
    if (state === "live" && isOpen) load();
  });
  feed.start();
  setInterval(tick, 1000);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isOpen && detail.id !== "") location.hash = "#calls";
  });
}

async function load() {
  try {
    const { calls: list } = await getJson("/calls");
    if (!Array.isArray(list)) throw new ApiError(200, "/calls did not answer with a list of calls");
    calls.clear();
    for (const call of list) keep(call);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) {
      loaded = false;
      detail.show("");
    }
    byId("calls-panel").hidden = !loaded;
    showGate(error, load);
    return;
  }
  hideGate();
  byId("calls-panel").hidden = false;
  if (!loaded) {
    loaded = true;
    if (adminToken.get() === "") feed.needsNoToken();
    detail.show(wantedId);
  }
  draw();
}

/** @param {CallRecord} call */
function keep(call) {
  calls.set(call.id, { call, atMs: performance.now() });
  if (calls.size <= MAX_CALLS) return;
  const oldest = calls.keys().next().value;
  if (oldest !== undefined) calls.delete(oldest);
}

function drawSoon() {
  if (drawIsDue) return;
  drawIsDue = true;
  setTimeout(() => {
    drawIsDue = false;
    draw();
  }, DRAW_WAIT_MS);
}

function draw() {
  if (!isOpen || !loaded) return;
  const list = [...calls.values()].sort((a, b) => startOf(b.call) - startOf(a.call));
  const live = list.filter(({ call }) => call.state === "live").length;
  const count = `${live} live, ${list.length - live} recent`;
  // Said anew only when it is new: screen readers speak it.
  if (byId("calls-count").textContent !== count) byId("calls-count").textContent = count;
  const body = byId("calls-body");
  if (list.length === 0) {
    const text = "No calls yet. The next one appears here.";
    body.replaceChildren(make("p", { className: "muted empty" }, text));
    return;
  }
  const rows = make("tbody", {}, ...list.map(({ call, atMs }) => makeRow(call, atMs)));
  const heads = COLUMNS.map((name) => make("th", { scope: "col" }, name));
  const head = make("thead", {}, make("tr", {}, ...heads));
  const focused = document.activeElement?.getAttribute("data-call");
  body.replaceChildren(make("table", { className: "calls" }, head, rows));
  // The table is drawn anew while someone walks through it by keyboard.
  if (focused) {
    /** @type {HTMLElement | null} */
    const link = body.querySelector(`[data-call="${CSS.escape(focused)}"]`);
    link?.focus();
  }
}

/** @param {CallRecord} call @param {number} atMs */
function makeRow(call, atMs) {
  const live = call.state === "live";
  const href = `#calls/${encodeURIComponent(call.id)}`;
  const name = make(
    "td",
    {},
    make("span", { className: live ? "dot live" : "dot" }),
    make("a", { href, title: call.id, "data-call": call.id }, shortId(call.id)),
    make("span", { className: "muted small kind" }, kindText(call.kind)),
    make("span", { className: "hidden-text" }, live ? " live" : " ended"),
  );
  const length = cell("Length", lengthText(call, performance.now() - atMs));
  if (live) length.dataset.live = call.id;
  const row = make(
    "tr",
    { className: call.id === detail.id ? "selected" : "" },
    name,
    cell("Started", startText(call)),
    length,
    cell("Turns", turnsText(call)),
    cell("Barge-ins", isNumber(call.bargeIns) ? String(call.bargeIns) : "–"),
    cell("p50", showMs(call.answerMs?.p50)),
    cell("p95", showMs(call.answerMs?.p95)),
    cell("Cost", showCost(call.costUsd)),
  );
  row.addEventListener("click", () => location.hash = href);
  return row;
}

/** @param {string} label @param {string} text */
function cell(label, text) {
  return make("td", { className: "number", "data-label": label }, text);
}

/** The clocks of live calls go on between two reports. */
function tick() {
  if (!isOpen) return;
  /** @type {NodeListOf<HTMLElement>} */
  const clocks = document.querySelectorAll("[data-live]");
  for (const clock of clocks) {
    const kept = calls.get(clock.dataset.live ?? "");
    if (kept) clock.textContent = lengthText(kept.call, performance.now() - kept.atMs);
  }
}
