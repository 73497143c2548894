/**
 * The environment, read once into one frozen object. Every problem is told in one error, with the
 * name and the value of the setting; secrets are never printed.
 *
 * @module
 */

import * as v from "valibot";

/** What is wrong with the settings, all of it at once. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  constructor(readonly problems: readonly string[]) {
    super(`The settings don't hold:\n${problems.map((p) => `  - ${p}`).join("\n")}`);
  }
}

const SECRETS = new Set(["OPENAI_API_KEY", "TWILIO_AUTH_TOKEN", "EARSHOT_ADMIN_TOKEN"]);

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

const text = v.pipe(v.string(), v.trim());
const optional = v.optional(text);

/** A whole number within bounds, from its decimal text. */
function whole(min: number, max: number, fallback: number) {
  const wanted = `a whole number from ${min} to ${max}`;
  return v.optional(
    v.pipe(
      text,
      v.regex(/^\d+$/, `wants ${wanted}`),
      v.transform(Number),
      v.minValue(min, `wants ${wanted}`),
      v.maxValue(max, `wants ${wanted}`),
    ),
    String(fallback),
  );
}

function oneOf<const T extends readonly string[]>(options: T) {
  return v.picklist(options, `wants one of ${options.join(", ")}`);
}

function url(schemes: string[]) {
  const wanted = `wants a URL that begins with ${schemes.map((s) => `${s}//`).join(" or ")}`;
  return v.pipe(
    text,
    v.check((value) => URL.canParse(value) && schemes.includes(new URL(value).protocol), wanted),
  );
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Whether a URL leads to this machine alone. */
export const isLoopbackUrl = (value: string): boolean => LOOPBACK.test(new URL(value).hostname);

const isSafePublicUrl = (value: string) =>
  // What is no URL is told by the check on its scheme.
  !URL.canParse(value) || new URL(value).protocol !== "http:" || isLoopbackUrl(value);

const isSafeBrainUrl = (value: string) => {
  if (!URL.canParse(value)) return true; // told by the check on its scheme
  const { protocol, hostname } = new URL(value);
  return protocol !== "ws:" || LOOPBACK.test(hostname);
};

const isOrigin = (value: string) =>
  !URL.canParse(value) || new URL(value).pathname + new URL(value).search === "/";

const TRANSCRIBE_WANTED =
  "wants off, or the name of a model that transcribes, such as gpt-realtime-whisper";
/** A model may be called anything but a yes or a no. */
const isNoSwitch = (value: string) => !/^(on|yes|true|1|no|none|false|0)$/i.test(value);

/** The settings that have names of their own in the environment. */
const Environment = v.object({
  PORT: whole(0, 65535, 8080),
  HOST: v.optional(text, "0.0.0.0"),
  PUBLIC_URL: v.optional(
    v.pipe(
      url(["http:", "https:"]),
      v.check(isOrigin, "wants an origin without a path, such as https://example.com"),
      v.check(
        isSafePublicUrl,
        "wants https:// (http:// is for loopback alone: Twilio streams to wss:// only)",
      ),
    ),
  ),
  EARSHOT_HOSTS: v.optional(
    v.pipe(
      text,
      v.transform((value) => value.toLowerCase().split(",").map((name) => name.trim())),
      v.check(
        (names) => names.every((name) => /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name)),
        "wants host names without ports, with commas between them",
      ),
    ),
  ),
  OPENAI_API_KEY: optional,
  OPENAI_REALTIME_URL: v.optional(
    v.pipe(
      url(["ws:", "wss:"]),
      v.check(
        isSafeBrainUrl,
        "wants wss:// (ws:// is for loopback alone: the key would travel in the clear)",
      ),
    ),
  ),
  OPENAI_REALTIME_MODEL: optional,
  TWILIO_ACCOUNT_SID: v.optional(
    v.pipe(text, v.regex(/^AC[0-9a-f]{32}$/i, "wants AC and 32 hexadecimal digits")),
  ),
  TWILIO_AUTH_TOKEN: optional,
  TWILIO_API_URL: v.optional(url(["http:", "https:"]), "https://api.twilio.com"),
  EARSHOT_BRAIN: v.optional(oneOf(["openai", "echo"])),
  EARSHOT_TURNS: v.optional(oneOf(["server", "semantic", "local"]), "server"),
  EARSHOT_EAGERNESS: v.optional(oneOf(["low", "medium", "high", "auto"]), "auto"),
  EARSHOT_MAX_CALLS: whole(1, 100_000, 200),
  EARSHOT_MAX_BROWSER_CALLS: v.optional(v.pipe(whole(0, 100_000, 0), v.number())),
  EARSHOT_MAX_CALLS_PER_CALLER: whole(1, 100_000, 5),
  EARSHOT_MAX_CALLS_PER_ADDRESS: whole(1, 100_000, 20),
  EARSHOT_NEW_CALLS_PER_SECOND: whole(1, 10_000, 50),
  EARSHOT_MAX_SESSIONS: whole(0, 100_000, 50),
  EARSHOT_MAX_MESSAGE_BYTES: whole(65_536, 16_777_216, 1_048_576),
  EARSHOT_MESSAGES_PER_SECOND: whole(100, 100_000, 500),
  EARSHOT_BYTES_PER_SECOND: whole(131_072, 1_073_741_824, 262_144),
  EARSHOT_ADMIN_TOKEN: optional,
  EARSHOT_OPEN_PAGE: v.optional(oneOf(["0", "1"]), "0"),
  EARSHOT_REALTIME: v.optional(oneOf(["local", "on", "off"]), "local"),
  EARSHOT_HISTORY_CALLS: whole(0, 10_000, 200),
  EARSHOT_MAX_LISTENERS: whole(0, 1000, 20),
  EARSHOT_LOG: v.optional(oneOf(["auto", "pretty", "json", "off"]), "auto"),
  EARSHOT_INSTRUCTIONS: v.optional(
    text,
    "You are a friendly voice agent on the phone. Answer in one or two short sentences.",
  ),
  EARSHOT_VOICE: v.optional(text, "marin"),
  EARSHOT_GREETING: v.optional(
    text,
    "Greet the caller in one short sentence and ask how you can help.",
  ),
  EARSHOT_TRANSCRIBE: v.optional(
    v.pipe(
      text,
      v.regex(/^[\w.:/-]{1,128}$/, TRANSCRIBE_WANTED),
      v.check(isNoSwitch, TRANSCRIBE_WANTED),
      v.transform((value) => /^off$/i.test(value) ? "off" : value),
    ),
    "off",
  ),
  EARSHOT_MIN_SPEECH_MS: whole(10, 1000, 50),
  EARSHOT_SILENCE_MS: whole(100, 5000, 200),
  EARSHOT_ENDPOINTING: v.optional(oneOf(["fixed", "adaptive"]), "fixed"),
  EARSHOT_MIN_SILENCE_MS: whole(50, 5000, 150),
  EARSHOT_MAX_SILENCE_MS: whole(100, 10_000, 1200),
  EARSHOT_SPECULATE_MS: whole(0, 5000, 0),
  EARSHOT_SILENCE_PROMPT_MS: whole(0, 3_600_000, 0),
  EARSHOT_DEAD_AIR_MS: whole(1000, 60_000, 6000),
  EARSHOT_BARGE_IN_MS: whole(0, 5000, 700),
  // At 0 the click of a noisy line would be a voice: 250 false starts in 5 s of silence.
  EARSHOT_GATE_MS: whole(10, 1000, 30),
  EARSHOT_GATE_DB: whole(0, 40, 4),
  EARSHOT_RECORD_DIR: optional,
  EARSHOT_DIGIT_PAUSE_MS: whole(0, 10_000, 1000),
  EARSHOT_THINK_MS: whole(0, 60_000, 250),
  EARSHOT_CALL_LIMIT_MS: whole(1000, 24 * 3_600_000, 3_300_000),
  EARSHOT_IDLE_LIMIT_MS: whole(1000, 24 * 3_600_000, 300_000),
  EARSHOT_DRAIN_MS: whole(0, 3_600_000, 290_000),
  FLY_REGION: optional,
  FLY_MACHINE_ID: optional,
});

/** What of it a call is told when it begins. */
const CallEnvironment = v.pick(Environment, [
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

/** All settings, frozen. Names follow the environment's. */
export type Config = Readonly<
  v.InferOutput<typeof Environment> & {
    readonly call: CallConfig;
    /** Which brain answers: what was asked for, else `openai` when there is a key or a URL. */
    readonly brain: "openai" | "echo";
    /** Where this instance runs: Fly's region, or `local`. */
    readonly region: string;
    /** Fly's machine id, or `local`. */
    readonly instance: string;
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
  if (problems.length > 0) throw new ConfigError(problems);
  const { transcribe, ...call } = named(v.parse(CallEnvironment, set));
  const transcription = transcribe === "off" ? null : { model: transcribe };
  return Object.freeze({
    ...config,
    call: Object.freeze({ ...call, transcription }),
    brain,
    region: config.FLY_REGION ?? "local",
    instance: config.FLY_MACHINE_ID ?? "local",
  });
}
