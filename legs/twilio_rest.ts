/**
 * What we ask of Twilio's REST API: to hang up, which closing a stream does not, and to go on with a
 * call by other TwiML.
 *
 * A plain request instead of the SDK, whose import costs 95 ms and 31 MiB for this one POST.
 *
 * Source: Twilio docs, "Call resource", update: `Status=completed`, `Twiml=…`.
 *
 * @module
 */

export interface TwilioAccount {
  /** `https://api.twilio.com`, or the region's own host. */
  readonly apiUrl: string;
  readonly accountSid: string;
  readonly authToken: string;
}

/** What the server knows of Twilio, and a stream doesn't. */
export interface TwilioPort {
  /** Why this call's stream is refused, or null. `token` is what the TwiML has handed to it. */
  refuses(callSid: string, token: string | undefined): string | null;
  /** The account by which we can hang up; null without credentials. */
  account(accountSid: string): TwilioAccount | null;
  /** TwiML that dials a number, or says something and hangs up. */
  handOver(to: string): string;
  /** TwiML that takes a call to another stream, which brings `resumeToken` along. */
  onwards(callSid: string, resumeToken: string): string;
}

const TIMEOUT_MS = 5000;
/** Between the attempts to hang up: doing that twice does no harm. */
const HANG_UP_PAUSES_MS = [250, 500];
/** A redirect is asked for twice at most, and the stream is given this time to end first. */
const REDIRECT_PAUSES_MS = [1000];

/**
 * Ends our part of a phone call. Tries again when Twilio or the network stumbles.
 *
 * @param twiml What Twilio goes on with; null hangs up, and so does TwiML that it doesn't take.
 * @throws {Error} Naming the call and the HTTP status, after the last attempt.
 */
export async function endCall(
  account: TwilioAccount,
  callSid: string,
  twiml: string | null,
): Promise<void> {
  if (twiml !== null && await updateCall(account, callSid, { Twiml: twiml }) === null) return;
  const failure = await updateCall(account, callSid, { Status: "completed" });
  // 404: there is no such call any more, which is what we wanted.
  if (failure && failure !== "HTTP 404") {
    throw new Error(`Twilio did not hang up call ${callSid}: ${failure}`);
  }
}

/**
 * Ends a call's stream, and has Twilio go on with other TwiML. Twilio may have done so though it
 * answers late or with an error; a second time would end the stream that has just begun.
 *
 * @param twiml At most 4000 characters.
 * @param hasEnded Whether the stream has ended by now, so that nothing is to be asked for any more.
 * @throws {Error} As {@linkcode endCall}; also when the call is over.
 */
export async function redirectCall(
  account: TwilioAccount | null,
  callSid: string,
  twiml: string,
  hasEnded: () => boolean,
): Promise<void> {
  if (!account) {
    throw new Error("Twilio can't be told to move a call: TWILIO_AUTH_TOKEN is not set");
  }
  const change = { Twiml: twiml };
  const failure = await updateCall(account, callSid, change, REDIRECT_PAUSES_MS, hasEnded);
  if (failure) throw new Error(`Twilio did not redirect call ${callSid}: ${failure}`);
}

/**
 * @param pausesMs Before each further attempt.
 * @param isDone Whether a further attempt is needless.
 * @returns What went wrong, or null.
 */
async function updateCall(
  account: TwilioAccount,
  callSid: string,
  change: Record<string, string>,
  pausesMs: readonly number[] = HANG_UP_PAUSES_MS,
  isDone: () => boolean = () => false,
): Promise<string | null> {
  const { apiUrl, accountSid, authToken } = account;
  const url = new URL(
    `/2010-04-01/Accounts/${encodeURIComponent(accountSid)}/Calls/${
      encodeURIComponent(callSid)
    }.json`,
    apiUrl,
  );
  let failure = "";
  for (const pauseMs of [0, ...pausesMs]) {
    if (pauseMs > 0) await new Promise((go) => setTimeout(go, pauseMs));
    if (isDone()) return null;
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { Authorization: `Basic ${btoa(`${accountSid}:${authToken}`)}` },
        body: new URLSearchParams(change),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await response.body?.cancel();
      if (response.ok) return null;
      failure = `HTTP ${response.status}`;
      if (response.status < 500 && response.status !== 429) break;
    } catch (error) {
      failure = (error as Error).name;
    }
  }
  return failure;
}
