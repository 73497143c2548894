// @ts-check
/**
 * One call of this page: its sound and its wire, joined. It is begun by a click or a key, and ends
 * once.
 *
 * @module
 */

import { MicrophoneError, PageAudio } from "./audio.js";
import { ApiError, reasonIn } from "./feed.js";
import { peakOf } from "./scope.js";
import { clientSecret } from "./secret.js";
import { Wire } from "./wire.js";

/** As many lines as the server takes at once; nobody types more while they wait. */
const MAX_UNSENT = 20;

/** Between attempts to go on with a call whose line broke; the last one is repeated. */
const RETRY_MS = [0, 250, 500, 1000, 2000];
/** What is said while the line is down is kept up to this many frames of 20 ms. */
const MAX_HELD_FRAMES = 75;

const PROBLEM_TEXTS = new Map([
  ["too_many_lines", "Too many lines wait for the agent: the last one was not taken."],
]);

/** What happened on this page's road, over all its calls; for tests, and for the console. */
export const counters = {
  framesSent: 0,
  framesDropped: 0,
  /** Of the call that is on, or was last. */
  playedMs: 0,
  playedPeak: 0,
  underruns: 0,
  marksHeard: 0,
  clears: 0,
  wireRateHz: 0,
};

/**
 * @typedef {object} CallHandlers
 * @property {(text: string, more?: string) => void} progress What the page waits for.
 * @property {(news: any) => void} ready The agent is there.
 * @property {(news: any) => void} news State, voice detector, transcript, turn.
 * @property {(text: string) => void} problem Something is wrong; the call goes on.
 * @property {(peak: number) => void} callerPeak The loudest sample of 20 ms, 0 to 1.
 * @property {(peak: number) => void} agentPeak
 * @property {() => void} microphoneChanged
 * @property {() => void} locked The server wants its admin token before it takes a call; `ended` follows.
 * @property {(trouble: string) => void} ended Once; what to tell the user, if anything.
 */

export class Call {
  /** @type {Wire | null} */
  #wire = null;
  /** @type {PageAudio | null} */
  #audio = null;
  /** @type {Record<string, unknown>[]} What was typed and pressed before the wire was open. */
  #unsent = [];
  /** With this another wire goes on with the call. @type {{ callId: string, token: string, forMs: number } | null} */
  #resume = null;
  /** When the line broke; 0 while it holds. */
  #brokeAtMs = 0;
  #attempts = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  /** @type {Int16Array[]} */
  #held = [];
  #handlers;
  /** The agent is there. Before, the server keeps what it is sent. */
  ready = false;
  over = false;
  /** Something was typed or pressed, and nobody has been there to answer it. */
  unanswered = false;

  /** @param {CallHandlers} handlers */
  constructor(handlers) {
    this.#handlers = handlers;
  }

  get hasMicrophone() {
    return this.#audio?.hasMicrophone ?? false;
  }

  get muted() {
    return this.#audio?.muted ?? false;
  }

  /** @param {boolean} withMicrophone */
  async start(withMicrophone) {
    try {
      const audio = await PageAudio.open(this.#audioHandlers());
      if (this.over) return audio.close();
      this.#audio = audio;
      counters.wireRateHz = audio.wireRateHz;
      // Before anybody is asked for a microphone that will not be heard.
      const secret = await clientSecret();
      if (this.over) return;
      if (withMicrophone) {
        this.#handlers.progress("Asking for the microphone…");
        await audio.startMicrophone();
      }
      if (this.over) return;
      this.#handlers.progress("Connecting…");
      this.#connect(null, secret);
    } catch (error) {
      const refused = error instanceof ApiError;
      if (refused && error.status === 401 && !this.over) this.#handlers.locked();
      const known = refused || error instanceof MicrophoneError;
      this.end(known ? error.message : `Sound failed: ${error}`);
    }
  }

  /**
   * @param {{ callId: string, token: string } | null} resume
   * @param {string} [secret] Of a call that is new.
   */
  #connect(resume, secret = "") {
    const rateHz = this.#audio?.wireRateHz ?? 0;
    /** @type {Wire} */
    const wire = new Wire(rateHz, secret, this.#wireHandlers(() => this.#wire === wire), resume);
    this.#wire = wire;
  }

  /** The line broke, and the call may go on by another one. @returns Whether that is tried. */
  #reconnect() {
    const resume = this.#resume;
    if (!resume) return false;
    if (this.#brokeAtMs === 0) {
      this.#brokeAtMs = performance.now();
      this.#attempts = 0;
      // The server knows what was heard; what waits here it says again.
      this.#audio?.clear();
      this.#handlers.progress("Reconnecting…", "The line broke. What you say is kept.");
    }
    const waitMs = RETRY_MS[Math.min(this.#attempts++, RETRY_MS.length - 1)] ?? 0;
    if (performance.now() + waitMs - this.#brokeAtMs > resume.forMs) return false;
    this.#wire = null;
    this.#retry = setTimeout(() => this.#connect(resume), waitMs);
    return true;
  }

  /** Adds the microphone to a call that was typed so far. */
  async addMicrophone() {
    try {
      await this.#audio?.startMicrophone();
    } catch (error) {
      if (!this.over) this.#handlers.problem(error instanceof Error ? error.message : `${error}`);
    }
    if (!this.over) this.#handlers.microphoneChanged();
  }

  toggleMute() {
    if (this.#audio) this.#audio.muted = !this.#audio.muted;
  }

  /** @param {string} text */
  sendText(text) {
    this.#say({ type: "text", text });
  }

  /** @param {string} digit */
  sendDigit(digit) {
    this.#say({ type: "digit", digit });
  }

  /** Nothing that was typed or pressed is lost in silence. @param {Record<string, unknown>} message */
  #say(message) {
    if (!this.ready) this.unanswered = true;
    if (this.#wire && !this.#wire.opening) {
      if (!this.#wire.send(message)) {
        this.#handlers.problem("The line is closing: it was not sent.");
      }
    } else if (this.#unsent.length < MAX_UNSENT) this.#unsent.push(message);
    else this.#handlers.problem(/** @type {string} */ (PROBLEM_TEXTS.get("too_many_lines")));
  }

  /** Hangs up. Idempotent. @param {string} [trouble] */
  end(trouble = "") {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.#retry);
    this.#wire?.bye();
    this.#audio?.close();
    this.#handlers.ended(trouble);
  }

  /** The sound, in words. */
  soundText() {
    if (this.#audio?.canPlay === false) return "text only: sound needs https or localhost";
    return `${(this.#audio?.wireRateHz ?? 0) / 1000} kHz`;
  }

  /** @returns {import("./audio.js").AudioHandlers} */
  #audioHandlers() {
    return {
      frame: (frame) => {
        this.#handlers.callerPeak(peakOf(frame));
        if (this.#brokeAtMs > 0) {
          this.#held.push(frame);
          if (this.#held.length > MAX_HELD_FRAMES) this.#held.shift();
          return;
        }
        if (!this.#wire) return;
        this.#wire.sendFrame(frame);
        counters.framesSent = this.#wire.sentFrames;
        counters.framesDropped = this.#wire.droppedFrames;
      },
      markHeard: (name) => {
        counters.marksHeard++;
        this.#wire?.send({ type: "mark", name });
      },
      played: ({ peak, playedSamples, underruns }) => {
        this.#handlers.agentPeak(peak);
        // Without a microphone the caller's picture still moves on, at the player's pace.
        if (!this.hasMicrophone) this.#handlers.callerPeak(0);
        counters.playedMs = playedSamples * 1000 / (this.#audio?.context.sampleRate ?? 48_000);
        counters.underruns = underruns;
        if (peak > counters.playedPeak) counters.playedPeak = peak;
      },
      microphoneLost: () => {
        this.#audio?.stopMicrophone();
        this.#handlers.problem(
          "The microphone was taken away. Press Talk to use it again, or type.",
        );
        this.#handlers.microphoneChanged();
      },
    };
  }

  /**
   * @param {() => boolean} isCurrent No other wire has taken its place.
   * @returns {import("./wire.js").WireHandlers}
   */
  #wireHandlers(isCurrent) {
    return {
      opened: () => {
        for (const message of this.#unsent.splice(0)) this.#say(message);
        if (this.#brokeAtMs > 0) {
          this.#brokeAtMs = 0;
          for (const frame of this.#held.splice(0)) this.#wire?.sendFrame(frame);
          return;
        }
        const what = this.hasMicrophone ? "What you say or type" : "What you type";
        this.#handlers.progress("Waiting for the agent…", `${what} is kept for it.`);
      },
      audio: (bytes) => {
        try {
          this.#audio?.play(bytes);
        } catch (error) {
          this.#handlers.problem(String(error));
        }
      },
      news: (news) => this.#take(news),
      closed: async ({ opened, code, reason }) => {
        if (this.over || !isCurrent()) return;
        if (code !== 1000 && this.#reconnect()) return;
        if (opened || this.ready) {
          this.end(
            code === 1000 || BYE_TEXTS.has(reason) ? byeText(reason) : closeText(code, reason),
          );
        } else this.end(await whyRefused());
      },
    };
  }

  /** @param {any} news */
  #take(news) {
    switch (news.type) {
      case "mark":
        this.#audio?.mark(String(news.name));
        break;
      case "clear":
        counters.clears++;
        this.#audio?.clear();
        break;
      case "resume":
        this.#resume = news;
        break;
      // Where the server goes, another one goes on; this socket closes, and that says enough.
      case "reconnect":
        break;
      case "ready":
        this.ready = true;
        this.unanswered = false;
        this.#handlers.ready(news);
        break;
      case "error":
        this.#handlers.problem(String(news.message ?? PROBLEM_TEXTS.get(news.code) ?? news.code));
        break;
      case "bye":
        this.end(byeText(news.reason));
        break;
      default:
        this.#handlers.news(news);
    }
  }
}

/** The caller is told within this time, with the reason or without. */
const WHY_LIMIT_MS = 5000;

/** A browser hides why an upgrade was refused; `/ready` says it. */
async function whyRefused() {
  try {
    const signal = AbortSignal.timeout(WHY_LIMIT_MS);
    const answer = await fetch("/ready", { cache: "no-store", signal });
    if (answer.ok) return "The server refused the call. Its log says why.";
    const reason = reasonIn(await answer.text());
    return `The server takes no new calls now${reason ? ` (${reason})` : ""}. Try again soon.`;
  } catch {
    return "The server can't be reached. Is it still running?";
  }
}

/** @param {number} code @param {string} reason */
function closeText(code, reason) {
  if (code === 1013) {
    return `The server takes no new calls now${reason ? ` (${reason})` : ""}. Try again soon.`;
  }
  return `The line broke (${reason || `code ${code}`}). Press Talk to call again.`;
}

/** Ends that need a word; the usual ones need none. */
const BYE_TEXTS = new Map(Object.entries({
  agent_hung_up: "The agent hung up.",
  brain_failed: "The brain failed, so the call had to end. Press Talk to try again.",
  call_limit: "The call reached the longest time that the server allows.",
  caller_silent: "Nobody spoke for a while, so the agent hung up.",
  idle_limit: "Nobody spoke for a while, so the server hung up.",
  caller_stalled:
    "Your connection took no sound for a while, so the call ended. Press Talk to try again.",
  draining: "The server is being replaced by a new one. Press Talk to call again.",
}));

const USUAL_BYES = ["", "bye", "done", "caller_hung_up"];

/** @param {unknown} reason */
function byeText(reason) {
  if (typeof reason !== "string" || USUAL_BYES.includes(reason)) return "";
  return BYE_TEXTS.get(reason) ?? `The server ended the call (${reason}).`;
}
