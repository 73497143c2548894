/**
 * The settings: whether they hold, whether a name is misspelt, and which keys are there.
 *
 * @module
 */

import { replacementOf, shutdownOf } from "../../brain/prices.ts";
import { type Config, ConfigError, readConfig, SETTING_NAMES } from "../../config.ts";
import { type Finding, findingsOf, type Visit } from "./finding.ts";
import { modelOf } from "./brain.ts";

const { good, poor, skipped } = findingsOf("Settings");

/** A model that is turned off sooner than this wants a new one. */
const SHUTDOWN_WARNING_MS = 60 * 24 * 3_600_000;

/** The settings, or null and every problem as a finding. */
export function readSettings(
  env: Visit["env"],
): { config: Config | null; findings: Finding[] } {
  const findings: Finding[] = [];
  let config: Config | null = null;
  try {
    config = readConfig(env);
    const set = SETTING_NAMES.filter((name) => env[name]?.trim()).length;
    findings.push(good("values", `${set} set, ${SETTING_NAMES.length - set} at their defaults`, {
      values: { set },
    }));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) {
      findings.push(poor("values", problem, { advice: "Set it as it wants; README.md lists all" }));
    }
  }
  for (const name of unknownNames(env)) {
    const near = nearest(name);
    findings.push(poor("names", `there is no setting ${name}, so it changes nothing`, {
      advice: near ? `Did you mean ${near}?` : "README.md lists all settings",
    }));
  }
  return { config, findings };
}

/** Which keys are there, and how long the model will be. */
export async function* checkSettings({ config }: Visit): AsyncGenerator<Finding> {
  if (!config) return;
  yield brainFinding(config);
  const model = config.brain === "openai" ? modelFinding(modelOf(config)) : null;
  if (model) yield model;
  yield phoneFinding(config);
}

function brainFinding(config: Config): Finding {
  const { brain, OPENAI_API_KEY: key, OPENAI_REALTIME_URL: url } = config;
  if (brain === "echo") {
    return good("brain", "echo, the embedded one: it says back what it hears", {
      advice: key ? undefined : "Set OPENAI_API_KEY for one that understands",
    });
  }
  if (key) return good("brain", `openai, ${modelOf(config)}; OPENAI_API_KEY is set`);
  const measured = `openai at ${new URL(url!).host}, without a key`;
  return good("brain", measured, { advice: "Right for endpoints that ask for none" });
}

function modelFinding(model: string): Finding | null {
  const day = shutdownOf(model);
  if (!day) return null;
  const isSoon = Date.parse(day) - Date.now() < SHUTDOWN_WARNING_MS;
  const instead = replacementOf(model);
  const advice = `Set OPENAI_REALTIME_MODEL${instead ? ` to ${instead}` : " to a newer one"}`;
  const measured = `${model} is turned off on ${day}`;
  return isSoon ? poor("model", measured, { advice }) : good("model", measured, { advice });
}

function phoneFinding({ TWILIO_AUTH_TOKEN: token, PUBLIC_URL: url }: Config): Finding {
  if (token) return good("phone", "TWILIO_AUTH_TOKEN is set, so requests must be signed");
  const advice = "Set TWILIO_AUTH_TOKEN, so that only Twilio can call";
  if (url) return poor("phone", "open to everyone at PUBLIC_URL", { advice });
  return skipped("phone", "TWILIO_AUTH_TOKEN is not set: the phone routes are open", { advice });
}

/** Names that look like ours and are none. */
function unknownNames(env: Visit["env"]): string[] {
  const known = new Set(SETTING_NAMES);
  return Object.keys(env).filter((name) => /^EARSHOT_/i.test(name) && !known.has(name));
}

/** The setting that the fewest letters turn the name into; null when none is near. */
function nearest(name: string): string | null {
  let best: string | null = null;
  let bestCount = 1 + Math.floor(name.length / 4);
  for (const setting of SETTING_NAMES) {
    const edits = editsBetween(name.toUpperCase(), setting);
    if (edits < bestCount) [best, bestCount] = [setting, edits];
  }
  return best;
}

/** Letters to insert, delete or replace (Levenshtein, 1966). */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
