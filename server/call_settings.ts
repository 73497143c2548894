/**
 * What every call is told, from the settings of the server.
 *
 * @module
 */

import type { CallSettings } from "../call/settings.ts";
import type { CallConfig } from "../config.ts";

const PROMPTS = {
  still_there: "Ask in a few words whether the caller is still there.",
  goodbye: "Say in one short sentence that you are hanging up now, and goodbye.",
  go_on: "A fault cut off your last answer. Finish it from where it stopped, briefly.",
  welcome_back:
    "The line was broken for a moment, and you don't know what was said before. Say in one short sentence that you are back, and ask the caller to go on.",
  declined: "Say in one short sentence that you can't answer that, and ask what else you can do.",
  unheard: "You heard the caller's voice but not the words. Ask in a few words to repeat them.",
};

export function callSettings({ greeting, ...config }: CallConfig): CallSettings {
  return { ...config, prompts: { greeting, ...PROMPTS } };
}
