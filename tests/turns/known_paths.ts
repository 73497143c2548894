/**
 * Ways through the world on which the machine once went wrong, each as short as it could be made.
 * None of them may break anything any more.
 *
 * @module
 */

import type { WorldSettings } from "./world.ts";

export interface KnownPath {
  /** What went wrong. */
  readonly was: string;
  readonly settings: Partial<WorldSettings>;
  readonly path: string;
}

const LOCAL = { turns: "local", greets: false } as const;

export const KNOWN_PATHS: readonly KnownPath[] = [
  {
    was: "a commit failed, and the answer that was asked for with it knew nothing of the question",
    settings: LOCAL,
    path: "the session stands; the caller asks; the caller pauses; the caller is done; " +
      "the brain refuses it; all goes well",
  },
  {
    was: "the commit of an early turn was refused after the caller went on, and the turn with it",
    settings: { ...LOCAL, speculates: true },
    path: "the session stands; the caller asks; the caller pauses; the caller may be done; " +
      "the brain refuses it; the caller goes on; all goes well",
  },
  {
    was: "a commit that was refused after the last words was sent again for ever",
    settings: LOCAL,
    path: "the session stands; the caller asks; the caller pauses; the caller is done; " +
      "the brain refuses it; the brain takes create_response; the brain hangs up; " +
      "the brain refuses everything",
  },
  {
    was: "a tool of an early answer that was lost ran all the same",
    settings: { ...LOCAL, speculates: true },
    path: "the session stands; the caller asks; the caller pauses; the caller may be done; " +
      "the brain takes commit; the brain takes create_response; the brain calls a tool; " +
      "hears of committed; hears of response created; hears of tool called; time for sound; " +
      "all goes well",
  },
  {
    was: "a cough that was still doubted when the caller typed was doubted for ever",
    settings: LOCAL,
    path: "the session stands; the caller asks; the caller pauses; the caller is done; " +
      "the brain takes commit; the brain takes create_response; the brain speaks; " +
      "the brain speaks; hears of committed; hears of response created; hears of output item; " +
      "hears of audio; hears of audio; 700 ms are heard; the caller coughs; the caller pauses; " +
      "the caller is done; the caller types; all goes well",
  },
  {
    was: "a greeting that was made early, used a tool and was taken back was never said",
    settings: { ...LOCAL, greets: true, speculates: true },
    path:
      "the session stands; the caller asks; time for confirm; the brain takes create_response; " +
      "hears of response created; the brain takes cancel_response; hears of response done; " +
      "the caller pauses; the caller may be done; the brain takes commit; " +
      "the brain takes create_response; the brain calls a tool; the brain is done; " +
      "hears of committed; hears of response created; hears of tool called; " +
      "hears of response done; the caller goes on; all goes well",
  },
  {
    was: "a goodbye was asked for and not waited for",
    settings: { silencePromptMs: 7000, greets: false },
    path: "the session stands; time for silence; the brain takes create_response; " +
      "hears of response created; the brain speaks; the brain is done; hears of output item; " +
      "hears of audio; hears of response done; all goes well, slowly",
  },
  {
    was: "a question that was committed together with a cough was deleted with it",
    settings: { announces: false },
    path: "the caller asks; the caller pauses; the session stands; the caller goes on; " +
      "the brain hears a voice; time for retry; the brain takes create_response; " +
      "hears of response created; time for sound; the brain takes cancel_response; " +
      "the caller pauses; hears of response done; the brain takes create_response; " +
      "the brain hears the end; hears of response created; hears of committed; " +
      "hears of refused; the brain takes cancel_response; hears of response done; " +
      "the brain takes create_response; hears of response created; the caller goes on; " +
      "the brain speaks; hears of output item; the brain hears a voice; the caller pauses; " +
      "hears of audio; the caller is done; time for unheard; the caller coughs; all goes well",
  },
  {
    was: "a limit was not heeded because what it refused was not wanted any more",
    settings: {},
    path: "the session stands; the brain limits it; the caller types; all goes well",
  },
  {
    was: "a limit on the brain's own answer was not heeded",
    settings: {},
    path: "the session stands; the brain takes create_response; the caller coughs; " +
      "the brain hears a voice; the caller pauses; the brain hears the end and limits; " +
      "all goes well",
  },
  {
    was: "a wait too long to be worth it was waited for",
    settings: {},
    path: "the session stands; the brain despairs at it; the caller types; all goes well",
  },
  {
    was: "a greeting that failed half way and was cut off unheard was never said",
    settings: {},
    path: "the session stands; the brain takes create_response; the brain speaks; " +
      "the caller asks; the brain hears a voice; the brain fails half way; all goes well",
  },
  {
    was: "the model kept an answer that came after we had given it up",
    settings: {},
    path: "the session stands; the brain takes create_response; hears of response created; " +
      "the brain speaks; the caller types; time for closed; all goes well",
  },
  {
    was: "the model kept an answer that came too late to be heard",
    settings: {},
    path: "the session stands; the brain takes create_response; hears of response created; " +
      "time for tell_to_wait; all is heard; the brain speaks; hears of output item; " +
      "time for sound; " +
      "all goes well",
  },
  {
    was: "words into a line that was muted for its noise were lost",
    settings: { greets: false },
    path: "the session stands; the caller asks; the brain hears a voice; " +
      "hears of caller started; the caller pauses; the brain never hears the end; " +
      "the caller is done; time for endpoint; the caller asks; all goes well",
  },
  {
    was: "the brain's detector stayed open on words that nothing was known of",
    settings: {},
    path: "the caller asks; the session stands; the brain hears a voice; the caller pauses; " +
      "the caller is done; time for unheard; the caller asks; the brain refuses everything",
  },
  {
    was: "the caller was taken to have been asked to say it again, though nobody had asked",
    settings: { greets: false },
    path: "the session stands; the caller asks; the brain never hears it; the caller pauses; " +
      "the caller is done; time for unheard; the caller types; " +
      "the brain takes send_text; hears of text taken; the brain takes create_response; " +
      "hears of response created; time for unheard; the caller types; " +
      "the brain takes cancel_response; hears of response done; " +
      "the brain takes send_text; hears of text taken; the brain takes create_response; " +
      "hears of response created; the brain speaks; hears of output item; " +
      "hears of audio; all is heard; the caller asks; the brain never hears it; " +
      "all goes well",
  },
  {
    was: "a request that was refused without a name kept the goodbye from being said",
    settings: { greets: false, names: false },
    path: "the session stands; the caller types; the caller mutters; " +
      "the brain hears a voice; the caller pauses; the brain hears the end; " +
      "the brain takes send_text; the brain speaks; the brain is done; " +
      "the brain takes create_response; the brain hangs up; all goes well",
  },
  {
    was: "an answer that never ended was forgotten and not called off",
    settings: {},
    path: "the session stands; the brain takes create_response; the brain speaks; " +
      "the brain has said it all; the brain has nothing to say",
  },
  {
    was: "what a tool returned waited for an answer that never ended, until the call was given up",
    settings: LOCAL,
    path: "the session stands; the caller types; the brain takes send_text; " +
      "the brain takes create_response; the brain speaks; hears of text taken; " +
      "hears of response created; hears of output item; hears of audio; " +
      "the brain has said it all; hears of audio done; the brain calls a tool; " +
      "hears of tool called; the brain never says that it is done; all goes well",
  },
  {
    was:
      "words that followed a cough were lost when the brain said late that it had committed the cough",
    settings: { greets: false, commitsFirst: false },
    path: "the session stands; the caller coughs; the caller pauses; the caller is done; " +
      "the caller asks; the brain hears a voice; the brain hears the end; " +
      "the brain speaks; the brain has said it all; the brain has nothing to say",
  },
  {
    was: "what was committed in two items without names was being said for ever",
    settings: { greets: false, namesItems: false },
    path: "the caller types; the session stands; the caller coughs; " +
      "the brain takes send_text; hears of text taken; the caller pauses; " +
      "the brain takes create_response; the brain speaks; the brain speaks; " +
      "the brain has said it all; the caller is done; hears of response created; " +
      "hears of output item; the brain calls a tool; the brain is done; hears of audio; " +
      "the caller coughs; hears of audio; hears of audio done; the caller pauses; " +
      "the caller is done; hears of tool called; the caller coughs; " +
      "hears of response done; the brain hears a voice; hears of caller started; " +
      "the brain hears the end; hears of caller stopped; hears of committed; " +
      "hears of response created; the brain hears a voice; hears of caller started; " +
      "all goes well",
  },
];
