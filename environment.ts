/**
 * The settings that have names of their own in the environment: what each may be, and what it is when
 * nothing is set. Every default stands here, once.
 *
 * @module
 */

import * as v from "valibot";

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

export const isSafeBrainUrl = (value: string) => {
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

/** It travels in a token, inside a `<Parameter>` of fewer than 500 characters. */
const MAX_ADDRESS_CHARACTERS = 200;

/** The settings that have names of their own in the environment. */
export const Environment = v.object({
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
  EARSHOT_FALLBACK_URLS: optional,
  EARSHOT_FALLBACK_KEYS: optional,
  EARSHOT_FALLBACK_MODELS: optional,
  EARSHOT_CONNECT_TIMEOUT_MS: whole(100, 60_000, 3000),
  EARSHOT_SESSION_TIMEOUT_MS: whole(500, 60_000, 10_000),
  EARSHOT_SESSION_LIMIT_MS: whole(1000, 24 * 3_600_000, 3_300_000),
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
  EARSHOT_KEEP_VOICE_MS: whole(0, 300_000, 20_000),
  EARSHOT_CALL_LIMIT_MS: whole(1000, 24 * 3_600_000, 14_400_000),
  EARSHOT_IDLE_LIMIT_MS: whole(1000, 24 * 3_600_000, 300_000),
  EARSHOT_AFTER_FAILURE: v.optional(
    v.pipe(
      text,
      v.maxLength(500, "wants hang_up, a number such as +15551234567, or at most 500 characters"),
    ),
    "hang_up",
  ),
  EARSHOT_DRAIN_MS: whole(0, 3_600_000, 290_000),
  EARSHOT_MOVE_MS: whole(0, 600_000, 20_000),
  EARSHOT_RESUME_MS: whole(1000, 600_000, 30_000),
  EARSHOT_INSTANCE_URL: v.optional(
    v.pipe(
      url(["http:", "https:"]),
      v.check(isOrigin, "wants an origin without a path, such as http://10.0.0.5:8080"),
      v.maxLength(MAX_ADDRESS_CHARACTERS, `wants at most ${MAX_ADDRESS_CHARACTERS} characters`),
    ),
  ),
  EARSHOT_SECRET: v.optional(v.pipe(text, v.minLength(16, "wants at least 16 characters"))),
  EARSHOT_READY_NEEDS_BRAIN: whole(0, 1, 0),
  FLY_REGION: optional,
  FLY_MACHINE_ID: optional,
  FLY_APP_NAME: optional,
});
