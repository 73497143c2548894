/**
 * Twilio: whether the account's credentials are good, and whether its numbers call us.
 *
 * Source: Twilio docs, "Account resource" and "IncomingPhoneNumber resource".
 *
 * @module
 */

import type { Config } from "../../config.ts";
import { count, type Finding, findingsOf, showMs, type Visit } from "./finding.ts";
import { type Answer, ask } from "./http.ts";

const { good, poor, skipped } = findingsOf("Twilio");

/** The largest page that Twilio gives; accounts with more numbers are looked at in part. */
const PAGE_SIZE = 1000;
/** Numbers whose trouble is told one by one. */
const MAX_TOLD = 5;

/** What we look at of a number. */
interface PhoneNumber {
  readonly phone_number?: string;
  readonly voice_url?: string | null;
  readonly voice_method?: string | null;
  readonly status_callback?: string | null;
  readonly voice_application_sid?: string | null;
  readonly trunk_sid?: string | null;
}

export async function* checkTwilio(visit: Visit): AsyncGenerator<Finding> {
  const { config } = visit;
  if (!config) return;
  const { TWILIO_AUTH_TOKEN: token, TWILIO_ACCOUNT_SID: sid } = config;
  if (!token) {
    yield skipped("account", "TWILIO_AUTH_TOKEN is not set");
    return;
  }
  if (!sid) {
    yield skipped("account", "TWILIO_ACCOUNT_SID is not set", {
      advice: "Set it, and the account and its numbers are looked at too",
    });
    return;
  }
  let account: Finding;
  try {
    account = accountFinding(await get(visit, sid, ".json"));
  } catch (error) {
    account = poor("account", `${hostOf(config)}: ${(error as Error).message}`, {
      advice: "Calls can't be hung up without it: look at TWILIO_API_URL and the network",
    });
  }
  yield account;
  if (account.verdict !== "good") return;
  try {
    yield* numberFindings(
      config,
      await get(visit, sid, `/IncomingPhoneNumbers.json?PageSize=${PAGE_SIZE}`),
    );
  } catch (error) {
    yield poor("numbers", (error as Error).message, { advice: "Try again" });
  }
}

function hostOf(config: Config): string {
  return new URL(config.TWILIO_API_URL).host;
}

async function get(visit: Visit, sid: string, path: string): Promise<Answer> {
  const { TWILIO_API_URL: apiUrl, TWILIO_AUTH_TOKEN: token } = visit.config!;
  return await ask(new URL(`/2010-04-01/Accounts/${encodeURIComponent(sid)}${path}`, apiUrl), {
    timeoutMs: visit.timeoutMs,
    headers: { Authorization: `Basic ${btoa(`${sid}:${token}`)}` },
    clocks: visit.clocks,
  });
}

function accountFinding({ status, ms, json }: Answer): Finding {
  const state = (json as { status?: unknown } | null)?.status;
  const values = { httpStatus: status, ms };
  if (status === 401) {
    return poor("account", "the credentials are refused (401)", {
      advice: "TWILIO_AUTH_TOKEN must be this account's, of the region that TWILIO_API_URL names",
      values,
    });
  }
  if (status !== 200) {
    const advice = status === 404 ? "Is TWILIO_ACCOUNT_SID right?" : "Look at Twilio's status page";
    return poor("account", `Twilio answers with ${status}`, { advice, values });
  }
  if (state !== "active") {
    const advice = "Its calls will fail: look at Twilio's console";
    return poor("account", `the account is ${JSON.stringify(state)}`, { advice, values });
  }
  return good("account", `active; Twilio's API answers in ${showMs(ms)}`, { values });
}

function* numberFindings(config: Config, { status, json }: Answer): Generator<Finding> {
  const list = (json as { incoming_phone_numbers?: PhoneNumber[] } | null)?.incoming_phone_numbers;
  if (status !== 200 || !Array.isArray(list)) {
    yield poor("numbers", `Twilio answers with ${status}, and no list of numbers`, {
      advice: "May this token read the account's numbers?",
    });
    return;
  }
  const origin = config.PUBLIC_URL ? new URL(config.PUBLIC_URL).origin : null;
  const voiceUrl = `${origin}/twilio/voice`;
  if (!origin) {
    yield skipped("numbers", `${count(list.length, "number")}; PUBLIC_URL is not set to compare`, {
      advice: "Set PUBLIC_URL to what Twilio was told to call",
    });
    return;
  }
  // Many numbers of an account may be for other uses, so one that points here is enough.
  const ours = list.filter((number) => sameUrl(number.voice_url, voiceUrl));
  const values = { numbers: list.length, ours: ours.length };
  if (ours.length > 0) {
    const all = count(list.length, "number");
    yield good("numbers", `${ours.length} of ${all} at ${voiceUrl}`, { values });
    for (const number of ours.slice(0, MAX_TOLD)) yield* problemsOf(number, origin);
    return;
  }
  const near = list.find((number) => hasPath(number, "/twilio/voice"));
  const told = near ? `; ${shown(near)} calls ${withoutQuery(near.voice_url!)}` : "";
  yield poor("numbers", `none of ${count(list.length, "number")} calls ${voiceUrl}${told}`, {
    advice: "Set “A call comes in” of the number to that webhook, HTTP POST",
    values,
  });
}

/** What would keep a number that points at us from working. */
function* problemsOf(number: PhoneNumber, origin: string): Generator<Finding> {
  const name = shown(number);
  if (number.trunk_sid) {
    const advice = "Take it off the trunk, or its webhook is never called";
    yield poor("numbers", `${name} belongs to a SIP trunk`, { advice });
  } else if (number.voice_application_sid) {
    const advice = "Take the TwiML App off the number, or give the App the webhook";
    yield poor("numbers", `${name} is handled by a TwiML App`, { advice });
  }
  if (number.voice_method && number.voice_method.toUpperCase() !== "POST") {
    const advice = "Set it to HTTP POST: /twilio/voice takes nothing else";
    yield poor("numbers", `${name} calls the webhook by ${number.voice_method}`, { advice });
  }
  if (!sameUrl(number.status_callback, `${origin}/twilio/status`)) {
    // Not needed for a call to work: it frees the place of one that never connects.
    yield good("numbers", `${name} has no status callback to us`, {
      advice: `Set “Call status changes” to ${origin}/twilio/status`,
    });
  }
}

function sameUrl(given: string | null | undefined, wanted: string): boolean {
  return URL.canParse(given ?? "") && new URL(given!).href === new URL(wanted).href;
}

function hasPath({ voice_url: url }: PhoneNumber, path: string): boolean {
  return URL.canParse(url ?? "") && new URL(url!).pathname === path;
}

/** Some people put a password into a query or in front of the host. */
function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** A phone number as others may see it. */
function shown({ phone_number: number }: PhoneNumber): string {
  return `…${(number ?? "").slice(-4)}`;
}
