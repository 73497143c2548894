/**
 * What can go wrong with the brain, and when: the rows and columns of the table in
 * `docs/reliability.md`.
 *
 * @module
 */

import type { Refusal } from "./fault_brain.ts";
import type { LinkFault } from "./rude_socket.ts";

export const MOMENTS = ["connecting", "listening", "thinking", "speaking", "closing"] as const;
export type Moment = typeof MOMENTS[number];

export interface Fault {
  /** As the table calls it. */
  readonly name: string;
  /** What becomes of the link. */
  readonly link?: LinkFault | "expired";
  /** What the next upgrade gets, or all of them from then on; the link is dropped first. */
  readonly upgrade?: Refusal;
  readonly always?: boolean;
  /** Another brain is there to take over. */
  readonly fallback?: boolean;
  /** Whether the call can go on. */
  readonly ends?: "apology";
  /** The most silence that it may add, ms: how long the fault can't be noticed, and what it takes. */
  readonly silenceMs: number;
}

/** What the brain takes to begin an answer. A cut one has to be thought over again. */
export const THINK_MS = 250;
/** From the loss until the new session speaks, on loopback: the aim of the issue. */
const AT_ONCE_MS = 300;
/** A brain that says nothing is missed when an answer is due. */
const NOTICED_MS = 5000;
/** The default of `EARSHOT_CONNECT_TIMEOUT_MS`. */
const CONNECT_MS = 3000;

export const LINK_ROWS: readonly Fault[] = [
  { name: "process gone (FIN)", link: "drop", silenceMs: AT_ONCE_MS },
  { name: "reset (RST)", link: "reset", silenceMs: AT_ONCE_MS },
  { name: "closed (1011)", link: "close", silenceMs: AT_ONCE_MS },
  { name: "half closed", link: "half-close", silenceMs: AT_ONCE_MS },
  { name: "`session_expired`", link: "expired", silenceMs: AT_ONCE_MS },
  { name: "a frame that no WebSocket sends", link: "garbage", silenceMs: AT_ONCE_MS },
  { name: "stalled: open, and silent", link: "stall", silenceMs: NOTICED_MS },
  { name: "dead: nothing is read or said", link: "never-read", silenceMs: NOTICED_MS },
  { name: "reads 4 kB a second", link: "slow-read", silenceMs: NOTICED_MS },
  { name: "700 ms late", link: "delay", silenceMs: 2000 },
  { name: "says everything twice", link: "duplicate", silenceMs: AT_ONCE_MS },
  { name: "every third message cut off", link: "corrupt", silenceMs: NOTICED_MS },
];

export const UPGRADE_ROWS: readonly Fault[] = [
  { name: "upgrade refused once: 429", upgrade: { status: 429 }, silenceMs: 1500 },
  { name: "upgrade refused once: 503", upgrade: { status: 503 }, silenceMs: 1500 },
  { name: "upgrade dropped once", upgrade: "hang-up", silenceMs: 1500 },
  { name: "upgrade not answered once", upgrade: "no-answer", silenceMs: CONNECT_MS + 1500 },
  {
    name: "upgrade refused for good: 503",
    upgrade: { status: 503 },
    always: true,
    ends: "apology",
    silenceMs: Infinity,
  },
  {
    name: "key refused: 401",
    upgrade: { status: 401, code: "invalid_api_key" },
    always: true,
    ends: "apology",
    silenceMs: Infinity,
  },
  {
    name: "key refused: 401, with a second brain",
    upgrade: { status: 401, code: "invalid_api_key" },
    always: true,
    fallback: true,
    silenceMs: AT_ONCE_MS,
  },
];

/** What became of one call. */
export interface Outcome {
  readonly fault: Fault;
  readonly moment: Moment;
  /** All that the caller was owed was heard: the answer, and to what was asked behind it another. */
  readonly lives: boolean;
  /** Ended by: `caller`, `api`, `server`, or nobody. */
  readonly endedBy: string;
  /** Phrases of our own that were heard. */
  readonly phrases: readonly string[];
  /** Silence more than a call without a fault has, ms; NaN when no answer came. */
  readonly silenceMs: number;
  /** The agent's words: never heard, heard twice, and sound heard again, ms. */
  readonly lost: number;
  readonly twice: number;
  readonly againMs: number;
  /** The caller's words: not known to whoever answered, and told twice. */
  readonly callerLost: number;
  readonly callerTwice: number;
  /** Warnings and errors of the log with this call's id. */
  readonly logged: readonly string[];
}

/** The goodbye is heard out, and then we hang up. */
function endsBy(moment: Moment, fault: Fault): string {
  if (moment === "closing") return "api";
  return fault.ends ? "api" : "caller";
}

/** What was being thought, or was to be said next, is thought over again. */
const AGAIN: readonly Moment[] = ["thinking", "speaking"];

/**
 * What is not as it should be.
 *
 * @param lateMs How late the phones themselves were: a busy machine is no fault of the server's.
 */
export function problemsOf(outcome: Outcome, lateMs = 0): string[] {
  const { fault, moment, lives, endedBy, phrases, silenceMs, lost, twice, logged } = outcome;
  const problems: string[] = [];
  const say = (wrong: boolean, words: string) => wrong && problems.push(words);
  const wanted = endsBy(moment, fault);
  say(endedBy !== wanted, `ended by ${endedBy}, not by ${wanted}`);
  // A goodbye that is there already needs no brain any more.
  const apologises = fault.ends === "apology" && moment !== "closing";
  say(phrases.includes("apology") !== apologises, `phrases: ${phrases.join(", ") || "none"}`);
  // When all has been said, a brain that has nothing more to say can't be told from one that is gone.
  const unnoticed = HARMLESS.has(fault.link) || (moment === "closing" && SILENT.has(fault.link));
  say(logged.length === 0 && !unnoticed, "nothing is logged");
  if (apologises) return problems;
  say(!lives, "not all was answered");
  const mostMs = fault.silenceMs + (AGAIN.includes(moment) ? THINK_MS : 0) + 2 * lateMs;
  say(!(silenceMs <= mostMs), `${silenceMs.toFixed(0)} ms of silence added`);
  say(lost > 0, `${lost} words of the agent lost`);
  // The word in which the link broke may be said from its beginning; and as the opening of an answer
  // is written and not spoken, one that was over counts as not quite said.
  say(twice > 2, `${twice} words of the agent heard twice`);
  say(outcome.callerLost > 0, `${outcome.callerLost} words of the caller lost`);
  say(outcome.callerTwice > 0, `${outcome.callerTwice} words of the caller told twice`);
  return problems;
}

const SILENT: ReadonlySet<Fault["link"]> = new Set(["stall", "never-read", "corrupt"]);

/** Those that leave a link that works, if badly. */
export const HARMLESS: ReadonlySet<Fault["link"]> = new Set(["delay", "duplicate", "slow-read"]);
