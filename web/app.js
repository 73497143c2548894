// @ts-check
/**
 * The page's start: which of the three views is open, by the address after `#`.
 *
 * @module
 */

import { counters } from "./call.js";
import { openCalls } from "./calls.js";
import { byId } from "./dom.js";
import { openHealth } from "./health.js";
import { startTalk } from "./talk.js";

const VIEWS = ["talk", "calls", "health"];

function showView() {
  const [name = "", detail = ""] = location.hash.slice(1).split("/");
  const open = VIEWS.includes(name) ? name : "talk";
  for (const view of VIEWS) {
    byId(`view-${view}`).hidden = view !== open;
    const link = document.querySelector(`nav [data-view="${view}"]`);
    if (view === open) link?.setAttribute("aria-current", "page");
    else link?.removeAttribute("aria-current");
  }
  document.title = open === "talk"
    ? "earshot"
    : `${open === "calls" ? "Calls" : "Health"} · earshot`;
  openCalls(open === "calls", decodeDetail(detail));
  openHealth(open === "health");
}

/** @param {string} detail What stands after the view's name; a link may be cut anywhere. */
function decodeDetail(detail) {
  try {
    return decodeURIComponent(detail);
  } catch {
    return "";
  }
}

startTalk();
showView();
// The address belongs to the views, so the skip link moves the focus by itself.
document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  byId("main").focus();
});
addEventListener("hashchange", showView);
Object.assign(globalThis, { earshotPage: { counters } });
