/**
 * The flags of `earshot latency-test`: read strictly, every complaint names the flag and the value.
 *
 * @module
 */

import { parseArgs } from "node:util";

/** What a caller does on the line. */
export type Scenario = "talk" | "echo" | "barge-in";

const SCENARIOS: readonly Scenario[] = ["talk", "echo", "barge-in"];

/** One test, checked. */
export interface LatencySettings {
  /** What Twilio would have been told to call; signatures are made over it. */
  readonly webhookUrl: string;
  /** Where requests really go, when that is another place. */
  readonly connectTo: string | undefined;
  readonly calls: number;
  readonly durationS: number;
  /** New calls a second. */
  readonly rate: number;
  readonly scenario: Scenario;
  readonly speechPath: string | undefined;
  readonly authToken: string | undefined;
  readonly accountSid: string | undefined;
  readonly json: boolean;
  readonly htmlPath: string | undefined;
}

export const LATENCY_HELP =
  `earshot latency-test: phones your server, many times at once, and measures what a caller hears

  earshot latency-test --url https://your-server.example --calls 20

It posts the Twilio webhook, follows the TwiML, opens the media stream, speaks at real pace and plays
back what comes, as Twilio does. Any server with a Twilio voice webhook can be tested.

  --url URL            the server, or its webhook; without a path, /twilio/voice
                       (default http://127.0.0.1:8080)
  --calls N            calls at the same time (default 10)
  --duration SECONDS   how long they talk once all are dialled (default 60)
  --rate N             new calls a second while dialling (default 5)
  --scenario NAME      talk: ask, listen, ask again (default)
                       echo: the same against a server that says back what it hears; finds lost frames
                       barge-in: interrupt the answers
  --speech FILE.wav    what to say (16-bit PCM or µ-law, mono) in place of the built-in questions
  --auth-token TOKEN   sign as Twilio does; or set TWILIO_AUTH_TOKEN
  --account-sid SID    the AccountSid to call as (default: a made-up one)
  --public-url URL     what Twilio was told to call, when --url is a way around it (signatures)
  --json               the report as JSON on standard output, and nothing else
  --html FILE          the report as one page of HTML
  --help               this text

Ctrl-C ends the test and reports what there is. The exit code is 0 when every call went well, 1 when
calls failed, 2 when the flags are wrong.
`;

/** A flag that cannot be used; the message is for the person who typed it. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * Reads the flags.
 *
 * @param env Only `TWILIO_AUTH_TOKEN` is looked at.
 * @returns The settings, or `help`.
 * @throws {UsageError} Naming the flag and the value.
 */
export function readLatencyArgs(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): LatencySettings | "help" {
  const values = parse(args);
  if (values.help) return "help";
  const url = readUrl("--url", values.url ?? "http://127.0.0.1:8080");
  const publicUrl = values["public-url"] && readUrl("--public-url", values["public-url"]);
  if (url.pathname === "/") url.pathname = "/twilio/voice";
  const webhook = publicUrl ? new URL(url.pathname + url.search, publicUrl.origin) : url;
  return {
    webhookUrl: webhook.href,
    // Over plain HTTP the stream's wss:// cannot be right, so everything goes to the same origin.
    connectTo: publicUrl || url.protocol === "http:" ? url.origin : undefined,
    calls: readNumber("--calls", values.calls ?? "10", 1, 10_000, true),
    durationS: readNumber("--duration", values.duration ?? "60", 1, 86_400, false),
    rate: readNumber("--rate", values.rate ?? "5", 0.01, 1000, false),
    scenario: readScenario(values.scenario ?? "talk"),
    speechPath: values.speech,
    authToken: values["auth-token"] ?? (env.TWILIO_AUTH_TOKEN || undefined),
    accountSid: values["account-sid"],
    json: values.json ?? false,
    htmlPath: values.html,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        "url": { type: "string" },
        "public-url": { type: "string" },
        "calls": { type: "string" },
        "duration": { type: "string" },
        "rate": { type: "string" },
        "scenario": { type: "string" },
        "speech": { type: "string" },
        "auth-token": { type: "string" },
        "account-sid": { type: "string" },
        "json": { type: "boolean" },
        "html": { type: "string" },
        "help": { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function readUrl(flag: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw new UsageError(
      `${flag} is ${JSON.stringify(text)}, wanted a URL with http:// or https://`,
    );
  }
  return url;
}

function readNumber(
  flag: string,
  text: string,
  least: number,
  most: number,
  whole: boolean,
): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (!(value >= least && value <= most) || (whole && !Number.isInteger(value))) {
    throw new UsageError(
      `${flag} is ${JSON.stringify(text)}, wanted a ${
        whole ? "whole " : ""
      }number from ${least} to ${most}`,
    );
  }
  return value;
}

function readScenario(text: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario === text);
  if (found === undefined) {
    throw new UsageError(`--scenario is ${JSON.stringify(text)}, wanted ${SCENARIOS.join(", ")}`);
  }
  return found;
}
