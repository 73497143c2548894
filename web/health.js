// @ts-check
/**
 * The Health view: what the server says of itself now, and over the last quarter of an hour that
 * this page was open. The charts are uPlot's, fetched when the view is first opened.
 *
 * @module
 */

import { Chart, loadCharts } from "./chart.js";
import { byId, isNumber, make, onSchemeChange, showDuration, showMs } from "./dom.js";
import { feed } from "./feed.js";

/** A quarter of an hour at one report a second. */
const MAX_POINTS = 900;
/** Callers suffer, or only have to go elsewhere. */
const STATUS_CLASSES = new Map([["ok", "good"], ["degraded", "bad"]]);
/** Share of the capacity from which the meter warns. */
const NEARLY_FULL = 0.85;

/**
 * What `/health` says. Numbers are null where the server has not measured yet.
 *
 * @typedef {object} Health
 * @property {string} [status] `ok`, `degraded`, `full` or `draining`.
 * @property {string[]} [degradedBecause] What callers notice of the brain, in words.
 * @property {string[]} [warnings] In words; empty when all is well.
 * @property {number} [uptimeMs]
 * @property {string} [version]
 * @property {string} [region]
 * @property {{ live?: number, max?: number }} [calls]
 * @property {{ count?: number, p50?: number | null, p95?: number | null, p99?: number | null,
 *   windowMs?: number }} [latencyMs]
 * @property {{ p99?: number | null }} [eventLoopDelayMs]
 * @property {number | null} [cpuSteal] Share of the CPU's time, 0 to 1.
 * @property {{ rssBytes?: number }} [memory]
 */

/** @type {(number | null)[]} Seconds of the epoch. */
const times = [];
/** @type {(number | null)[]} */
const liveCalls = [];
/** @type {(number | null)[][]} Times, p50, p95, p99, live calls. */
const history = [times, [], [], [], liveCalls];
/** @type {Chart[]} */
let charts = [];
/** @type {Health | null} */
let latest = null;
let started = false;
let isOpen = false;

/** @param {boolean} open */
export function openHealth(open) {
  isOpen = open;
  if (!open) return;
  if (!started) start();
  if (latest) showNow(latest);
  forCharts("resize");
  forCharts("refresh");
}

async function start() {
  started = true;
  feed.on("health", take);
  feed.on("state", showState);
  feed.start();
  try {
    await loadCharts();
  } catch {
    byId("chart-latency").textContent = "The chart library could not be loaded.";
    return;
  }
  makeCharts();
  onSchemeChange(makeAnew);
  new ResizeObserver(() => forCharts("resize")).observe(byId("chart-latency"));
}

/** The colours of hidden charts change too. */
function makeAnew() {
  for (const chart of charts) chart.restyle();
}

/** @param {Health} health */
function take(health) {
  latest = health;
  const { p50, p95, p99 } = health.latencyMs ?? {};
  const row = [Date.now() / 1000, p50, p95, p99, health.calls?.live];
  for (const [index, value] of row.entries()) {
    const column = /** @type {(number | null)[]} */ (history[index]);
    column.push(isNumber(value) ? value : null);
    if (column.length > MAX_POINTS) column.shift();
  }
  if (!isOpen) return;
  showNow(health);
  forCharts("refresh");
}

/** @param {Health} health */
function showNow(health) {
  const { latencyMs = {}, calls = {}, cpuSteal } = health;
  const loopMs = health.eventLoopDelayMs?.p99;
  const rssBytes = health.memory?.rssBytes;
  const tiles = [
    tile("Status", health.status ?? "–", STATUS_CLASSES.get(health.status ?? "") ?? "poor"),
    callsTile(calls),
    tile("Region", health.region || "local"),
    tile("Up for", showDuration(health.uptimeMs)),
    tile("Answers", isNumber(latencyMs.count) ? String(latencyMs.count) : "–"),
    tile("Answer p50", showMs(latencyMs.p50)),
    tile("Answer p95", showMs(latencyMs.p95)),
    tile("Answer p99", showMs(latencyMs.p99)),
  ];
  if (isNumber(loopMs)) tiles.push(tile("Loop delay p99", `${loopMs.toFixed(1)} ms`));
  if (isNumber(cpuSteal)) tiles.push(tile("CPU steal", `${(cpuSteal * 100).toFixed(1)} %`));
  if (isNumber(rssBytes)) tiles.push(tile("Memory", `${Math.round(rssBytes / 1_048_576)} MiB`));
  if (health.version && health.version !== "unknown") tiles.push(tile("Version", health.version));
  const list = byId("health-tiles");
  list.replaceChildren(...tiles);
  list.style.setProperty("--columns", String(Math.ceil(tiles.length / 2)));
  if (isNumber(calls.max)) byId("chart-calls-note").textContent = `limit ${calls.max}`;
  if (isNumber(latencyMs.windowMs)) {
    byId("chart-latency-note").textContent = `end of speech to first sound, over the last ${
      windowText(latencyMs.windowMs)
    }`;
  }
  showNotices("health-degraded", "bad", "Callers notice: ", health.degradedBecause ?? []);
  showNotices("health-warnings", "warn", "", health.warnings ?? []);
}

/** @param {string} id @param {string} kind @param {string} lead @param {string[]} texts */
function showNotices(id, kind, lead, texts) {
  const box = byId(id);
  // Each second brings them again: what has not changed is not read out again.
  if (box.textContent === texts.map((text) => lead + text).join("")) return;
  box.replaceChildren(
    ...texts.map((text) =>
      make("p", { className: `notice ${kind}` }, ...lead ? [make("strong", {}, lead)] : [], text)
    ),
  );
}

/** @param {number} ms */
function windowText(ms) {
  return ms >= 60_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 1000)} s`;
}

/** @param {string} name @param {string} value @param {string} [className] */
function tile(name, value, className = "") {
  return make(
    "div",
    { className: `tile ${className}` },
    make("dt", {}, name),
    make("dd", { className: "number" }, value),
  );
}

/** @param {{ live?: number, max?: number }} calls */
function callsTile({ live, max }) {
  const box = tile("Calls", `${live ?? "–"} of ${max ?? "–"}`);
  if (isNumber(live) && isNumber(max) && max > 0) {
    const used = Math.min(1, live / max);
    const share = make("div", { className: used >= NEARLY_FULL ? "share high" : "share" });
    share.style.width = `${used * 100}%`;
    box.append(make("dd", { className: "meter", "aria-hidden": "true" }, share));
  }
  return box;
}

/** @param {import("./feed.js").FeedState} state */
function showState(state) {
  const notice = byId("health-notice");
  if (state !== "lost") return notice.replaceChildren();
  if (notice.childElementCount > 0) return;
  notice.append(make(
    "p",
    { className: "notice bad", role: "alert" },
    "The server can't be reached. This page tries again by itself.",
  ));
}

function makeCharts() {
  charts = [
    new Chart(byId("chart-latency"), {
      lines: [
        { label: "p50", colourName: "--good" },
        { label: "p95", colourName: "--agent" },
        { label: "p99", colourName: "--warn" },
      ],
      unit: " ms",
      data: () => history.slice(0, 4),
    }),
    new Chart(byId("chart-calls"), {
      lines: [
        { label: "live", colourName: "--caller", fillName: "--caller-soft", stepped: true },
      ],
      unit: "",
      data: () => [times, liveCalls],
    }),
  ];
}

/** @param {"refresh" | "resize" | "restyle"} what */
function forCharts(what) {
  // A hidden chart has no width to draw in; `openHealth` makes up for it.
  if (isOpen) { for (const chart of charts) chart[what](); }
}
