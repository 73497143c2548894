/**
 * Kinds of calls that are explored: who ends turns, who greets, what the brain can do.
 *
 * @module
 */

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

const NEAR = { callLimitMs: 60_000, idleLimitMs: 25_000, limits: true };

/** And these by chance as well. */
export const WALKED: readonly WorldSettings[] = [
  ...PROFILES,
  { ...LOCAL, speculates: true },
  { ...PLAIN, silencePromptMs: 7000 },
  { ...LOCAL, speculates: true, silencePromptMs: 7000 },
  { ...PLAIN, names: false },
  { ...LOCAL, names: false },
  { ...PLAIN, announces: false },
  { ...PLAIN, ...SILENT, ...NEAR },
  { ...LOCAL, ...SILENT, ...NEAR, speculates: true },
];
