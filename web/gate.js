// @ts-check
/**
 * What stands in place of the calls when they can't be shown: the question for the admin token, or
 * the reason.
 *
 * @module
 */

import { byId, make } from "./dom.js";
import { adminToken, ApiError } from "./feed.js";

/** @param {unknown} error @param {() => void} retry Runs when a token was given. */
export function showGate(error, retry) {
  const problem = error instanceof ApiError ? error : new ApiError(0, String(error));
  const gate = byId("calls-gate");
  if (problem.status !== 401) {
    const text = whyNoList(problem);
    if (gate.textContent === text) return;
    gate.replaceChildren(make("p", { className: "notice bad", role: "alert" }, text));
  } else if (!gate.querySelector("form")) {
    gate.replaceChildren(makeForm("Calls are for the operator", "admin-token", retry));
  }
}

/**
 * Asks for the admin token where a call wants it.
 *
 * @param {() => void} retry Runs when one was given.
 */
export function showTalkGate(retry) {
  const gate = byId("talk-gate");
  const close = () => {
    gate.replaceChildren();
    retry();
  };
  gate.replaceChildren(makeForm("The operator may call from here", "talk-token", close));
}

export function hideGate() {
  byId("calls-gate").replaceChildren();
}

/** @param {ApiError} error */
function whyNoList({ status, message }) {
  if (status === 0) return "The server can't be reached. This page tries again by itself.";
  if (status === 404 || status === 501) {
    return "This server keeps no record of its calls, or shows it to nobody (it has no /calls).";
  }
  return `The list of calls can't be read: ${message || `status ${status}`}`;
}

/** @param {string} title @param {string} id @param {() => void} retry */
function makeForm(title, id, retry) {
  const refused = adminToken.get() !== "";
  const input = make("input", {
    id,
    type: "password",
    autocomplete: "off",
    required: true,
  });
  const form = make(
    "form",
    { className: "panel gate" },
    make("h2", {}, title),
    make(
      "p",
      { className: "muted" },
      "Give the EARSHOT_ADMIN_TOKEN that the server was started with. It is kept in this tab " +
        "until you close it.",
    ),
    make("label", { htmlFor: id }, "Admin token"),
    make("div", { className: "gate-row" }, input, make("button", { type: "submit" }, "Open")),
  );
  if (refused) {
    const text = "The server refused this token.";
    form.append(make("p", { className: "bad-text", role: "alert" }, text));
    // It was just here that the wrong one was typed.
    queueMicrotask(() => input.focus());
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    hideGate();
    adminToken.set(input.value.trim());
    retry();
  });
  return form;
}
