/**
 * Ways through the world on which a session is lost, and on which the machine once went wrong.
 *
 * @module
 */

import type { KnownPath } from "./known_paths.ts";

const EARLY = { turns: "local", greets: false, speculates: true } as const;

/** An answer that was asked for at an early silence. */
const EARLY_ANSWER = "the session stands; the caller asks; the caller pauses; " +
  "the caller may be done; the brain takes commit; the brain takes create_response; " +
  "hears of committed; hears of response created";

export const LOST_PATHS: readonly KnownPath[] = [
  {
    was: "what a dead link had not carried was not told to the next session",
    settings: {},
    path: "the caller asks; the session stands; the caller pauses; the caller is done; " +
      "time for unheard; the session is replaced at once",
  },
  {
    was: "what a dead link had not carried was forgotten when the caller said more",
    settings: { greets: false },
    path: "the caller asks; the session stands; the caller pauses; the caller is done; " +
      "time for unheard; the caller asks; the session is replaced at once",
  },
  {
    was: "sessions that died of a question were replaced without end",
    settings: { greets: false },
    path: "the session stands; the session is lost; the caller asks; the session stands; " +
      "each session dies",
  },
  {
    was: "a question was forgotten with the tool that its early answer had called",
    settings: EARLY,
    path: `${EARLY_ANSWER}; the brain calls a tool; hears of tool called; the brain is done; ` +
      "hears of response done; the session is replaced late",
  },
  {
    was: "an answer that had said it would ask a tool was the last that was heard",
    settings: EARLY,
    path: `${EARLY_ANSWER}; the brain speaks; hears of output item; hears of audio; ` +
      "the brain has said it all; hears of audio done; the brain calls a tool; " +
      "hears of tool called; the session is replaced late",
  },
  {
    was: "what a tool returned was answered to nobody's question",
    settings: EARLY,
    path: `${EARLY_ANSWER}; the brain calls a tool; hears of tool called; the brain is done; ` +
      "hears of response done; the caller is done; the session is replaced at once",
  },
  {
    was: "another brain had to give names back, because the first one did",
    settings: { nextBrain: { names: false } },
    path: "the session stands; the brain takes create_response; hears of response created; " +
      "the session is replaced late",
  },
  {
    was: "of words that only the brain had heard nothing was told to the next session",
    settings: { greets: false },
    path: "the session stands; the caller mutters; the brain hears a voice; " +
      "hears of caller started; time for endpoint; time for endpoint; " +
      "the session is replaced at once",
  },
  {
    was: "of words that were committed while our detector still heard them nothing was told",
    settings: { greets: false, announces: false },
    path: "the session stands; the caller asks; the brain hears a voice; the caller pauses; " +
      "the brain hears the end; hears of committed; the session is replaced at once",
  },
  {
    was: "what one session had heard end, and the next one missed, was taken to be heard",
    settings: { greets: false },
    path:
      "the session stands; the caller asks; the brain hears a voice; hears of caller started; " +
      "the caller pauses; the brain hears the end; hears of caller stopped; " +
      "the session is lost; the session stands; the brain never hears it; all goes well",
  },
];
