/**
 * The environment, read once into one frozen object. Every problem is told in one error, with the
 * name and the value of the setting; secrets are never printed.
 *
 * @module
 */

import * as v from "valibot";
import { Environment, isLoopbackUrl, isSafeBrainUrl } from "./environment.ts";

/** What is wrong with the settings, all of it at once. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  constructor(readonly problems: readonly string[]) {
    super(`The settings don't hold:\n${problems.map((p) => `  - ${p}`).join("\n")}`);
  }
}

const SECRETS = new Set([
  "OPENAI_API_KEY",
  "EARSHOT_FALLBACK_KEYS",
  "TWILIO_AUTH_TOKEN",
  "EARSHOT_ADMIN_TOKEN",
  "EARSHOT_SECRET",
]);

/** The values that nobody may see; a setting may hold several, with commas between them. */
export function secretsOf(config: Config): string[] {
  const values = Object.entries(config).filter(([name]) => SECRETS.has(name));
  return values.flatMap(([, value]) =>
    typeof value === "string" ? [value, ...value.split(",")] : []
  );
}

/** A URL may hold a password, or a key in its query. */
const withoutKeys = (value: string | undefined) =>
  value?.replace(/\/\/[^/?#]*@/, "//…@").replace(/\?.*/s, "?…");

/** What of it a call is told when it begins. */
const CallEnvironment = v.pick(Environment, [
  "EARSHOT_CONNECT_TIMEOUT_MS",
  "EARSHOT_SESSION_TIMEOUT_MS",
  "EARSHOT_SESSION_LIMIT_MS",
  "EARSHOT_TURNS",
  "EARSHOT_EAGERNESS",
  "EARSHOT_INSTRUCTIONS",
  "EARSHOT_VOICE",
  "EARSHOT_GREETING",
  "EARSHOT_TRANSCRIBE",
  "EARSHOT_MIN_SPEECH_MS",
  "EARSHOT_SILENCE_MS",
  "EARSHOT_ENDPOINTING",
  "EARSHOT_MIN_SILENCE_MS",
  "EARSHOT_MAX_SILENCE_MS",
  "EARSHOT_SPECULATE_MS",
  "EARSHOT_SILENCE_PROMPT_MS",
  "EARSHOT_DEAD_AIR_MS",
  "EARSHOT_BARGE_IN_MS",
  "EARSHOT_GATE_MS",
  "EARSHOT_GATE_DB",
  "EARSHOT_DIGIT_PAUSE_MS",
  "EARSHOT_KEEP_VOICE_MS",
  "EARSHOT_AFTER_FAILURE",
  "EARSHOT_CALL_LIMIT_MS",
  "EARSHOT_IDLE_LIMIT_MS",
]);

/** `EARSHOT_BARGE_IN_MS` is `bargeInMs`, down to the line that uses it. */
type Camel<Name extends string> = Name extends `${infer Word}_${infer Rest}`
  ? `${Lowercase<Word>}${Capitalize<Camel<Rest>>}`
  : Lowercase<Name>;
type Named<Env> = {
  readonly [Name in keyof Env as Name extends `EARSHOT_${infer Own}` ? Camel<Own> : never]:
    Env[Name];
};

function named<Env extends Record<string, unknown>>(env: Env): Named<Env> {
  const camel = (name: string) =>
    name.slice("EARSHOT_".length).toLowerCase().replace(
      /_(\w)/g,
      (_, first) => first.toUpperCase(),
    );
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [camel(name), value]),
  ) as Named<Env>;
}

/** The name of every setting. */
export const SETTING_NAMES: readonly string[] = Object.keys(Environment.entries);

/** What every call is told, until agents have settings of their own. */
export type CallConfig =
  & Omit<Named<v.InferOutput<typeof CallEnvironment>>, "transcribe">
  & {
    /** Who writes down the caller's words, if anybody. */
    readonly transcription: { readonly model: string } | null;
  };

/** A brain that takes over when those before it fail. */
export interface FallbackBrain {
  readonly url: string;
  readonly key: string | undefined;
  readonly model: string | undefined;
}

/** Lists of one length each: the first URL goes with the first key and the first model. */
function readFallbacks(
  { EARSHOT_FALLBACK_URLS, EARSHOT_FALLBACK_KEYS, EARSHOT_FALLBACK_MODELS }: v.InferOutput<
    typeof Environment
  >,
  problems: string[],
): readonly FallbackBrain[] {
  const list = (text = "") => text === "" ? [] : text.split(",").map((part) => part.trim());
  const urls = list(EARSHOT_FALLBACK_URLS);
  const keys = list(EARSHOT_FALLBACK_KEYS), models = list(EARSHOT_FALLBACK_MODELS);
  for (const url of urls) {
    const scheme = URL.canParse(url) ? new URL(url).protocol : "";
    if ((scheme === "ws:" || scheme === "wss:") && isSafeBrainUrl(url)) continue;
    problems.push(
      `EARSHOT_FALLBACK_URLS holds ${
        JSON.stringify(url)
      }: wants wss:// (ws:// is for loopback alone), with commas between`,
    );
  }
  for (const [name, { length }] of [["KEYS", keys], ["MODELS", models]] as const) {
    if (length === 0 || length === urls.length) continue;
    problems.push(
      `EARSHOT_FALLBACK_${name} holds ${length}: wants one for each of the ${urls.length} EARSHOT_FALLBACK_URLS (an empty one for none)`,
    );
  }
  return urls.map((url, n) => ({ url, key: keys[n] || undefined, model: models[n] || undefined }));
}

/** All settings, frozen. Names follow the environment's. */
export type Config = Readonly<
  v.InferOutput<typeof Environment> & {
    readonly call: CallConfig;
    /** Which brain answers: what was asked for, else `openai` when there is a key or a URL. */
    readonly brain: "openai" | "echo";
    /** Who takes over, in order. */
    readonly fallbacks: readonly FallbackBrain[];
    /** Whether `PUBLIC_URL` leads beyond this machine, so that something stands in front of us. */
    readonly isPublic: boolean;
    /** Where this instance runs: Fly's region, or `local`. */
    readonly region: string;
    /** Fly's machine id, or `local`. */
    readonly instance: string;
    /** Where the other instances reach this one: the setting, or on Fly its private name. */
    readonly instanceUrl: string | null;
  }
>;

/**
 * Reads the environment.
 *
 * @param env Names and values; an empty value counts as not set.
 * @throws {ConfigError} With every problem at once.
 */
export function readConfig(env: Record<string, string | undefined>): Config {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  // "No greeting" has to be sayable, so this one may be empty.
  if (env.EARSHOT_GREETING?.trim() === "") set.EARSHOT_GREETING = "";
  const parsed = v.safeParse(Environment, set);
  const problems: string[] = [];
  if (!parsed.success) {
    for (const issue of parsed.issues) {
      const name = String(issue.path?.[0]?.key);
      const had = SECRETS.has(name) ? "[redacted]" : JSON.stringify(withoutKeys(set[name]));
      problems.push(`${name} is ${had}: ${issue.message}`);
    }
    throw new ConfigError(problems);
  }
  const config = parsed.output;
  const brain = config.EARSHOT_BRAIN ??
    (config.OPENAI_API_KEY || config.OPENAI_REALTIME_URL ? "openai" : "echo");
  if (brain === "openai" && !config.OPENAI_API_KEY && !config.OPENAI_REALTIME_URL) {
    problems.push("OPENAI_API_KEY is not set: EARSHOT_BRAIN=openai wants it");
  }
  const { EARSHOT_MIN_SILENCE_MS: min, EARSHOT_SILENCE_MS: silence } = config;
  if (config.EARSHOT_ENDPOINTING === "adaptive") {
    const max = config.EARSHOT_MAX_SILENCE_MS;
    if (!(min <= silence && silence <= max)) {
      problems.push(
        `EARSHOT_SILENCE_MS is "${silence}": wants EARSHOT_MIN_SILENCE_MS (${min}) to EARSHOT_MAX_SILENCE_MS (${max})`,
      );
    }
  }
  if (config.EARSHOT_SPECULATE_MS > 0 && config.EARSHOT_TURNS !== "local") {
    problems.push(
      `EARSHOT_SPECULATE_MS is "${config.EARSHOT_SPECULATE_MS}": wants EARSHOT_TURNS=local, where we decide about turns`,
    );
  }
  if (config.FLY_REGION && !config.TWILIO_AUTH_TOKEN) {
    problems.push(
      "TWILIO_AUTH_TOKEN is not set: on Fly the phone routes would be open to everyone",
    );
  }
  const fallbacks = readFallbacks(config, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  const { transcribe, ...call } = named(v.parse(CallEnvironment, set));
  const transcription = transcribe === "off" ? null : { model: transcribe };
  return Object.freeze({
    ...config,
    call: Object.freeze({ ...call, transcription }),
    brain,
    fallbacks,
    isPublic: config.PUBLIC_URL !== undefined && !isLoopbackUrl(config.PUBLIC_URL),
    region: config.FLY_REGION ?? "local",
    instance: config.FLY_MACHINE_ID ?? "local",
    instanceUrl: config.EARSHOT_INSTANCE_URL ?? flyAddress(config),
  });
}

/** Fly's private network: encrypted from machine to machine, and closed to the world. */
function flyAddress(
  { FLY_MACHINE_ID: machine, FLY_APP_NAME: app, PORT }: v.InferOutput<typeof Environment>,
): string | null {
  return machine && app ? `http://${machine}.vm.${app}.internal:${PORT}` : null;
}
