/**
 * Kinds of calls that are explored: who ends turns, who greets, what the brain can do.
 *
 * @module
 */

import type { Budget } from "./moves.ts";
import type { WorldSettings } from "./world.ts";

export const PLAIN: WorldSettings = {
  turns: "server",
  bargeInMs: 700,
  greets: true,
  silencePromptMs: 0,
  brainSilenceMs: 200,
  deadAirMs: 6000,
  sessionTimeoutMs: 10_000,
  callLimitMs: 3_600_000,
  idleLimitMs: 600_000,
  names: true,
  announces: true,
  namesItems: true,
  commitsFirst: true,
  speculates: false,
  limits: false,
};

const LOCAL = { ...PLAIN, turns: "local" } as const;
const SILENT = { greets: false };

/** Explored in full to a depth. */
export const PROFILES: readonly WorldSettings[] = [
  PLAIN,
  { ...PLAIN, ...SILENT },
  LOCAL,
  { ...LOCAL, ...SILENT },
  { ...LOCAL, ...SILENT, speculates: true },
];

const BRIEF = { callLimitMs: 25_000, limits: true };
const IDLE = { callLimitMs: 60_000, idleLimitMs: 20_000, limits: true };

/** And these by chance as well. */
export const WALKED: readonly WorldSettings[] = [
  ...PROFILES,
  { ...LOCAL, speculates: true },
  { ...PLAIN, silencePromptMs: 7000 },
  { ...LOCAL, speculates: true, silencePromptMs: 7000 },
  { ...PLAIN, names: false },
  { ...LOCAL, names: false },
  { ...PLAIN, announces: false },
  { ...PLAIN, ...SILENT, namesItems: false },
  { ...PLAIN, ...SILENT, commitsFirst: false },
  { ...PLAIN, ...SILENT, ...IDLE },
  { ...LOCAL, ...SILENT, ...BRIEF, speculates: true },
  { ...PLAIN, nextBrain: { names: false } },
  { ...LOCAL, nextBrain: { names: false } },
  { ...PLAIN, ...SILENT, resumes: "answer" },
  { ...LOCAL, ...SILENT, resumes: "go_on" },
  { ...PLAIN, ...SILENT, resumes: "welcome_back" },
  { ...LOCAL, resumes: "greeting" },
];

/** What may happen on every way up to a depth. */
export const FEW: Budget = { says: 2, faults: 1, tools: 1 };

/**
 * What may happen on a long way. Of a brain that gives no names back, what comes late or fails can't
 * always be told from what is wanted: it fails once. Of one that announces nothing, several utterances
 * at once can't be told from each other: there are few. The same goes for odd announcements.
 */
export function manyFor(
  { names, announces, namesItems, commitsFirst, nextBrain }: WorldSettings,
): Budget {
  if (nextBrain) return { says: 4, faults: 2, tools: 1 };
  if (!announces) return { says: 3, faults: 0, tools: 0 };
  if (!namesItems || !commitsFirst) return { says: 4, faults: 0, tools: 1 };
  return { says: 8, faults: names ? 5 : 1, tools: 2 };
}
