// @ts-check
/**
 * The Talk view: one call between this page and the server, by voice, by keyboard, or both.
 *
 * @module
 */

import { Call } from "./call.js";
import { byId, isNumber, make } from "./dom.js";
import { showTalkGate } from "./gate.js";
import { Scope } from "./scope.js";
import { Transcript } from "./transcript.js";
import { totalOf, Waterfall } from "./waterfall.js";

const READY_TEXT = "Press Talk and speak, or type.";
const SHOWN_TURNS = 8;
/** The bottom of the level meter; a quiet room is about -60 dBFS. */
const METER_FLOOR_DBFS = -80;
const DIGITS = "123456789*0#";

const stage = byId("call-stage");
const talkButton = byId("talk-button");
const muteButton = byId("mute-button");
const hangButton = byId("hang-button");
const keypadButton = byId("keypad-button");
const keypad = byId("keypad");
const clearButton = byId("clear-transcript");

/** @type {Call | null} */
let call = null;
const transcript = new Transcript(byId("transcript"), byId("transcript-said"));
const turns = new Waterfall(byId("talk-turns"), {
  newestFirst: true,
  maxTurns: SHOWN_TURNS,
  empty: "After your first turn, its milliseconds are drawn here.",
});
const scopes = {
  caller: new Scope(/** @type {HTMLCanvasElement} */ (byId("caller-scope")), "--caller"),
  agent: new Scope(/** @type {HTMLCanvasElement} */ (byId("agent-scope")), "--agent"),
};

/** Makes the buttons fit the call as it stands. */
function showButtons() {
  const state = !call ? "idle" : call.ready ? "live" : "connecting";
  const microphone = call?.hasMicrophone ?? false;
  const live = state === "live";
  const hangs = state === "connecting" || (live && microphone);
  stage.dataset.call = state;
  talkButton.classList.toggle("hangs", hangs);
  byId("talk-label").textContent = !hangs ? "Talk" : live ? "Hang up" : "Cancel";
  // What is said and typed is taken while the agent is still awaited, so it can be muted as well.
  muteButton.hidden = !microphone;
  muteButton.setAttribute("aria-pressed", String(call?.muted ?? false));
  hangButton.hidden = !(live && !microphone);
  keypadButton.hidden = !call;
  if (!call) showKeypad(false);
}

/** @param {string} text */
function showStatus(text) {
  byId("call-status").textContent = text;
}

/** @param {string} text Empty hides it. */
function showProblem(text) {
  byId("call-problem").textContent = text;
  byId("call-problem").hidden = text === "";
}

/** @param {boolean} open */
function showKeypad(open) {
  keypad.hidden = !open;
  keypadButton.setAttribute("aria-expanded", String(open));
}

/** @param {"caller" | "agent"} side @param {string} state */
function showSide(side, state) {
  const pill = byId(`${side}-state`);
  if (pill.textContent === state) return;
  pill.textContent = state;
  byId(`lane-${side}`).dataset.state = state;
}

/** @param {boolean} withMicrophone */
function begin(withMicrophone) {
  showProblem("");
  showStatus("Connecting…");
  byId("call-facts").textContent = "";
  transcript.forgetCall();
  turns.clear();
  const mine = call = new Call({
    progress(text, more = "") {
      showStatus(text);
      byId("call-facts").textContent = more;
      showButtons();
    },
    problem: showProblem,
    news: takeNews,
    callerPeak: (peak) => scopes.caller.push(peak),
    agentPeak: (peak) => scopes.agent.push(peak),
    ready(news) {
      byId("call-facts").textContent = [`brain ${news.brain}`, news.model, mine.soundText()]
        .filter((fact) => fact).join(" · ");
      showMicrophone();
    },
    microphoneChanged: showMicrophone,
    locked: () => showTalkGate(() => begin(withMicrophone)),
    ended(trouble) {
      call = null;
      showProblem(trouble);
      if (mine.ready) transcript.note("The call has ended.");
      else if (mine.unanswered) {
        transcript.note("The call ended before the agent was there. Nobody has answered this.");
      }
      showStatus(mine.ready ? `Call ended. ${READY_TEXT}` : READY_TEXT);
      showSide("caller", "silent");
      showSide("agent", "listening");
      showMicrophone();
    },
  });
  showButtons();
  mine.start(withMicrophone);
}

function showMicrophone() {
  if (!call?.hasMicrophone) {
    byId("vad-text").textContent = "no microphone";
    byId("vad-level").style.width = "0";
  }
  if (call?.ready) {
    showStatus(call.hasMicrophone ? "Speak: the agent listens." : "Type, or press Talk to speak.");
  }
  showButtons();
}

/** @param {any} news What a newer server tells beyond these is let pass. */
function takeNews(news) {
  if (news.type === "state") takeState(news);
  else if (news.type === "vad") showVad(news);
  else if (news.type === "transcript") {
    transcript.heard(news);
    clearButton.hidden = false;
  } else if (news.type === "turn") takeTurn(news.turn ?? {});
}

/** @param {{ caller: string, agent: string }} state */
function takeState({ caller, agent }) {
  const before = byId("caller-state").textContent;
  if (caller === "speaking" && before !== "speaking") transcript.callerStarted(Date.now());
  if (caller === "silent" && before === "speaking") transcript.callerEnded(Date.now());
  showSide("caller", caller);
  showSide("agent", agent);
}

/** @param {import("./waterfall.js").Turn} turn */
function takeTurn(turn) {
  turns.put(turn);
  const totalMs = totalOf(turn);
  // A greeting answers nobody, and an interruption is no answer.
  if (!isNumber(totalMs) || turn.kind === "greeting") return;
  byId("latency").hidden = false;
  byId("latency-ms").textContent = String(Math.round(totalMs));
  byId("latency-from").textContent = turn.kind === "text"
    ? "from your line to first sound"
    : "from end of speech to first sound";
}

/** @param {{ levelDbfs: number, floorDbfs: number, thresholdDbfs: number }} news */
function showVad({ levelDbfs, floorDbfs, thresholdDbfs }) {
  if (!isNumber(levelDbfs) || !call?.hasMicrophone) return;
  const level = byId("vad-level");
  level.style.width = meterPercent(levelDbfs);
  level.classList.toggle("speech", isNumber(thresholdDbfs) && levelDbfs >= thresholdDbfs);
  if (isNumber(floorDbfs)) byId("vad-floor").style.left = meterPercent(floorDbfs);
  if (isNumber(thresholdDbfs)) byId("vad-threshold").style.left = meterPercent(thresholdDbfs);
  const now = levelDbfs < METER_FLOOR_DBFS ? "silence" : `${showDbfs(levelDbfs)} dBFS`;
  byId("vad-text").textContent = now +
    (isNumber(thresholdDbfs) ? `, speech from ${showDbfs(thresholdDbfs)}` : "");
}

/** @param {number} dbfs */
function showDbfs(dbfs) {
  return String(Math.round(dbfs)).replace("-", "−");
}

/** @param {number} dbfs */
function meterPercent(dbfs) {
  return `${Math.max(0, Math.min(1, 1 - dbfs / METER_FLOOR_DBFS)) * 100}%`;
}

/** @param {Event} event */
function sendTyped(event) {
  event.preventDefault();
  const field = /** @type {HTMLInputElement} */ (byId("chat-text"));
  const text = field.value.trim();
  if (text === "") return;
  field.value = "";
  // A new call forgets the typed lines of the last one, so it begins before this line is put.
  if (!call) begin(false);
  transcript.typed(text);
  clearButton.hidden = false;
  call?.sendText(text);
}

function talkOrHang() {
  if (!call) begin(true);
  else if (call.ready && !call.hasMicrophone) {
    showProblem("");
    call.addMicrophone();
  } else call.end();
}

/** Esc closes the keypad, then the call. @param {KeyboardEvent} event */
function takeEscape(event) {
  if (event.key !== "Escape" || byId("view-talk").hidden) return;
  if (keypad.hidden) call?.end();
  else {
    showKeypad(false);
    keypadButton.focus();
  }
}

/** @param {number} nowMs */
function draw(nowMs) {
  if (!byId("view-talk").hidden) {
    scopes.caller.draw(nowMs);
    scopes.agent.draw(nowMs);
  }
  requestAnimationFrame(draw);
}

/** Wires the view's buttons and fields; once. */
export function startTalk() {
  talkButton.addEventListener("click", talkOrHang);
  hangButton.addEventListener("click", () => call?.end());
  muteButton.addEventListener("click", () => {
    call?.toggleMute();
    showButtons();
  });
  keypadButton.addEventListener("click", () => showKeypad(keypad.hidden === true));
  for (const digit of DIGITS) {
    const key = make("button", { type: "button" }, digit);
    key.addEventListener("click", () => call?.sendDigit(digit));
    keypad.append(key);
  }
  clearButton.addEventListener("click", () => {
    transcript.clear();
    clearButton.hidden = true;
    byId("chat-text").focus();
  });
  byId("chat-form").addEventListener("submit", sendTyped);
  document.addEventListener("keydown", takeEscape);
  addEventListener("pagehide", () => call?.end());
  showButtons();
  requestAnimationFrame(draw);
}
