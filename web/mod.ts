/**
 * The page, embedded: each file is imported as text, which Deno, Bun and the compiled binary all
 * understand, and is served as it stands. There is no build step, and nothing is fetched from
 * anywhere else.
 *
 * @module
 */

import appJs from "./app.js" with { type: "text" };
import audioJs from "./audio.js" with { type: "text" };
import baseCss from "./base.css" with { type: "text" };
import callJs from "./call.js" with { type: "text" };
import callDetailJs from "./call_detail.js" with { type: "text" };
import callRecordJs from "./call_record.js" with { type: "text" };
import callsCss from "./calls.css" with { type: "text" };
import callsJs from "./calls.js" with { type: "text" };
import chartJs from "./chart.js" with { type: "text" };
import chatCss from "./chat.css" with { type: "text" };
import coloursCss from "./colours.css" with { type: "text" };
import domJs from "./dom.js" with { type: "text" };
import feedJs from "./feed.js" with { type: "text" };
import gateJs from "./gate.js" with { type: "text" };
import healthCss from "./health.css" with { type: "text" };
import healthJs from "./health.js" with { type: "text" };
import iconSvg from "./icon.svg" with { type: "text" };
import pageHtml from "./page.html" with { type: "text" };
import playoutJs from "./playout.js" with { type: "text" };
import scopeJs from "./scope.js" with { type: "text" };
import secretJs from "./secret.js" with { type: "text" };
import sseJs from "./sse.js" with { type: "text" };
import talkCss from "./talk.css" with { type: "text" };
import talkJs from "./talk.js" with { type: "text" };
import transcriptJs from "./transcript.js" with { type: "text" };
import turnsCss from "./turns.css" with { type: "text" };
import uplotCss from "uplot/dist/uPlot.min.css" with { type: "text" };
import uplotJs from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import waterfallJs from "./waterfall.js" with { type: "text" };
import wireJs from "./wire.js" with { type: "text" };
import workletsJs from "./worklets.js" with { type: "text" };

/** One file of the page. */
export interface PageAsset {
  readonly body: string;
  readonly contentType: string;
}

const HTML = "text/html; charset=utf-8";
const CSS = "text/css; charset=utf-8";
// Browsers run a module, and a worklet, only under a JavaScript type.
const JS = "text/javascript; charset=utf-8";

// One request for the whole look. The phone rules of a file stand after its own rules.
const pageCss = [coloursCss, baseCss, talkCss, chatCss, turnsCss, callsCss, healthCss].join("\n");

export const ASSETS = new Map<string, PageAsset>([
  ["/", { body: pageHtml, contentType: HTML }],
  ["/assets/page.css", { body: pageCss, contentType: CSS }],
  ["/assets/icon.svg", { body: iconSvg, contentType: "image/svg+xml" }],
  ["/assets/uplot.css", { body: uplotCss, contentType: CSS }],
  ["/assets/uplot.js", { body: uplotJs, contentType: JS }],
  ["/assets/app.js", { body: appJs, contentType: JS }],
  ["/assets/audio.js", { body: audioJs, contentType: JS }],
  ["/assets/call.js", { body: callJs, contentType: JS }],
  ["/assets/call_detail.js", { body: callDetailJs, contentType: JS }],
  ["/assets/call_record.js", { body: callRecordJs, contentType: JS }],
  ["/assets/calls.js", { body: callsJs, contentType: JS }],
  ["/assets/chart.js", { body: chartJs, contentType: JS }],
  ["/assets/dom.js", { body: domJs, contentType: JS }],
  ["/assets/feed.js", { body: feedJs, contentType: JS }],
  ["/assets/gate.js", { body: gateJs, contentType: JS }],
  ["/assets/health.js", { body: healthJs, contentType: JS }],
  ["/assets/playout.js", { body: playoutJs, contentType: JS }],
  ["/assets/scope.js", { body: scopeJs, contentType: JS }],
  ["/assets/secret.js", { body: secretJs, contentType: JS }],
  ["/assets/sse.js", { body: sseJs, contentType: JS }],
  ["/assets/talk.js", { body: talkJs, contentType: JS }],
  ["/assets/transcript.js", { body: transcriptJs, contentType: JS }],
  ["/assets/waterfall.js", { body: waterfallJs, contentType: JS }],
  ["/assets/wire.js", { body: wireJs, contentType: JS }],
  ["/assets/worklets.js", { body: workletsJs, contentType: JS }],
]);

/**
 * Finds a file of the page.
 *
 * @param path The request's path, as `/` or `/assets/page.css`.
 * @returns The file as text with its type, or undefined: a path is looked up, never read from disk.
 */
export function pageAsset(path: string): PageAsset | undefined {
  return ASSETS.get(path);
}
