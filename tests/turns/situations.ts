/**
 * Moments in which much hangs on what comes next, and which chance reaches late: from each of them all
 * short ways are gone as well.
 *
 * @module
 */

import type { WorldSettings } from "./world.ts";

export interface Situation {
  readonly name: string;
  readonly settings: Partial<WorldSettings>;
  readonly path: string;
}

const LOCAL = { turns: "local", greets: false } as const;
const SERVER = { turns: "server", greets: false } as const;

/** A typed line is answered, and a third of the answer was heard; more of it may come. */
const SOUNDS = "the session stands; the caller types; the brain takes send_text; " +
  "the brain takes create_response; the brain speaks; the brain speaks; hears of text taken; " +
  "hears of response created; hears of output item; hears of audio; hears of audio; " +
  "700 ms are heard";
const COUGHS = `${SOUNDS}; the caller coughs`;
const HEARS = "the brain hears a voice; hears of caller started";
const DONE = "the brain is done; hears of response done";
/** The agent has asked into the silence, and was heard. */
const PROMPTED = "the session stands; time for silence; the brain takes create_response; " +
  "the brain speaks; the brain is done; hears of response created; hears of output item; " +
  "hears of audio; hears of response done; all is heard";
const EARLY = "the session stands; the caller asks; the caller pauses; the caller may be done; " +
  "the brain takes commit; the brain takes create_response; hears of committed; " +
  "hears of response created";

export const SITUATIONS: readonly Situation[] = [
  { name: "an answer sounds", settings: SERVER, path: SOUNDS },
  { name: "an answer sounds", settings: LOCAL, path: SOUNDS },
  { name: "all of an answer came", settings: SERVER, path: `${SOUNDS}; ${DONE}` },
  { name: "a cough into an answer", settings: LOCAL, path: `${COUGHS}; the caller pauses` },
  {
    name: "a cough into an answer, heard by the brain as well",
    settings: SERVER,
    path: `${COUGHS}; ${HEARS}; the caller pauses; the caller is done`,
  },
  {
    name: "a cough that was called off, with the brain still open on it",
    settings: SERVER,
    path: `${COUGHS}; ${HEARS}; the caller pauses; the caller is done; time for call_off`,
  },
  {
    name: "a cough that was called off before the brain heard it",
    settings: SERVER,
    path: `${COUGHS}; the caller pauses; the caller is done; time for call_off`,
  },
  {
    name: "a cough that was called off over the end of an answer",
    settings: SERVER,
    path: `${COUGHS}; ${DONE}; the caller pauses; the caller is done; ${HEARS}; time for call_off`,
  },
  {
    name: "a mutter into an answer",
    settings: SERVER,
    path: `${SOUNDS}; the caller mutters; ${HEARS}; the caller pauses`,
  },
  { name: "words into an answer", settings: SERVER, path: `${SOUNDS}; the caller asks; ${HEARS}` },
  { name: "words into an answer", settings: LOCAL, path: `${SOUNDS}; the caller asks` },
  {
    name: "the agent has asked into the silence",
    settings: { ...SERVER, silencePromptMs: 7000 },
    path: PROMPTED,
  },
  {
    name: "the agent says goodbye",
    settings: { ...LOCAL, silencePromptMs: 7000 },
    path: `${PROMPTED}; time for silence`,
  },
  {
    name: "an early answer is held",
    settings: { ...LOCAL, speculates: true },
    path: `${EARLY}; the brain speaks; hears of output item; hears of audio`,
  },
  {
    name: "an early answer wants a tool",
    settings: { ...LOCAL, speculates: true },
    path: `${EARLY}; the brain calls a tool; hears of tool called`,
  },
  {
    name: "the brain hears of words later than of the next ones",
    settings: SERVER,
    path: "the caller asks; the caller pauses; the caller is done; the session stands; " +
      "the caller asks; the brain hears a voice",
  },
  {
    name: "the brain's detector stays open",
    settings: SERVER,
    path: `the session stands; the caller asks; ${HEARS}; the caller pauses; ` +
      "the brain takes noise for a voice; the caller is done",
  },
  {
    name: "an answer is in the making when the caller says more",
    settings: { ...SERVER, names: false },
    path: `the session stands; the caller asks; ${HEARS}; the caller pauses; ` +
      "the brain hears the end; hears of caller stopped; hears of committed; the caller goes on",
  },
  {
    name: "ours is on its way when the brain begins its own",
    settings: { ...SERVER, names: false },
    path: "the session stands; the caller types; the caller mutters; the brain hears a voice; " +
      "the caller pauses; the brain hears the end",
  },
];
