/**
 * What every call is told, from the settings of the server.
 *
 * @module
 */

import { OPENAI_DEFAULTS } from "../brain/openai/openai.ts";
import type { CallSettings } from "../call/settings.ts";
import type { CallConfig } from "../config.ts";

const PROMPTS = {
  still_there: "Ask in a few words whether the caller is still there.",
  goodbye: "Say in one short sentence that you are hanging up now, and goodbye.",
  go_on: "A fault cut off your last answer. Finish it from where it stopped, briefly.",
  declined: "Say in one short sentence that you can't answer that, and ask what else you can do.",
  unheard: "You heard the caller's voice but not the words. Ask in a few words to repeat them.",
};

/** For a caller whose line broke, where nobody knows any more what was said. */
export const WELCOME_BACK =
  "The line broke for a moment, and the caller is back. Say so in one short sentence and ask them " +
  "to go on. Don't greet them.";

export function callSettings({ greeting, ...config }: CallConfig): CallSettings {
  return {
    ...config,
    prompts: { greeting, ...PROMPTS },
    sessionTimeoutMs: OPENAI_DEFAULTS.connectTimeoutMs,
  };
}
