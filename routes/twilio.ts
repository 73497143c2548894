/**
 * Twilio's routes: the webhook of a call, what is asked when its stream has ended, the status
 * callbacks, and the media stream.
 *
 * @module
 */

import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Call } from "../call/call.ts";
import type { CallContext } from "../call/context.ts";
import type { Services } from "../server/services.ts";
import { contextOf } from "../server/moves/context_of.ts";
import type { Leg, LegStart } from "../legs/leg.ts";
import { TwilioLeg } from "../legs/twilio.ts";
import type { TwilioAccount } from "../legs/twilio_rest.ts";
import type { Bindings } from "./bindings.ts";
import { elsewhere } from "./elsewhere.ts";
import { noOthersPages } from "./origin.ts";
import { messageLimits, upgradeOnly, websocket } from "./websocket.ts";
import { busyTwiml, connectTwiml, handOverTwiml, hangUpTwiml, lostTwiml } from "./twiml.ts";
import { isSignedByTwilio } from "./twilio_signature.ts";

/** Twilio's forms have about 1 kB. */
const MAX_FORM_BYTES = 64 * 1024;
/** Twilio's messages have some 300 bytes, and its largest, `start`, about 1 kB and our parameters. */
const MAX_MESSAGE_BYTES = 64 * 1024;

/** What Twilio puts in the place of a number that is withheld: callers in plenty share these. */
const WITHHELD = /^\+(266696687|7378742833|2562533|8656696|86282452253)$/;

/** Whom the limit by caller counts; empty when there is no number. SIP callers have an address. */
function callerNumber(from: string | null): string {
  const number = (from ?? "").trim().slice(0, 128);
  if (/^sips?:/i.test(number)) return number.toLowerCase();
  return /^\+?[1-9]\d{5,14}$/.test(number) && !WITHHELD.test(number) ? number : "";
}
/** A call whose stream ends more often than this is let go. */
const MAX_RETURNS = 5;
/** A stream is dialled at once. */
const RESUME_TTL_MS = 60_000;
/** A call may come back as long as it may last, and a little longer. */
const AGAIN_SLACK_MS = 600_000;

export function twilioRoutes(deps: Services) {
  const { config, registry, tokens, handovers, telemetry, log, startCall } = deps;
  const app = new Hono<Bindings>();
  const authToken = config.TWILIO_AUTH_TOKEN;

  /** The URL that Twilio was told to call: behind a proxy, the request doesn't know it. */
  function publicUrl(c: Context, scheme: "http" | "ws"): URL {
    const own = new URL(c.req.url);
    const url = new URL(own.pathname + own.search, config.PUBLIC_URL ?? own.origin);
    if (scheme === "ws") url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return url;
  }

  /** Our routes, as Twilio has to call them. */
  function routeUrls(c: Context) {
    const url = (scheme: "http" | "ws", route: string) => {
      const url = publicUrl(c, scheme);
      url.pathname = url.pathname.replace(/\/(voice|voice\/again|stream)\/?$/, route);
      url.search = "";
      return url.href;
    };
    return {
      streamUrl: url("ws", "/stream"),
      statusUrl: url("http", "/status"),
      againUrl: url("http", "/voice/again"),
    };
  }

  async function readForm(c: Context): Promise<URLSearchParams | null> {
    const form = new URLSearchParams(await c.req.text());
    if (!authToken) return form;
    const signature = c.req.header("x-twilio-signature");
    return isSignedByTwilio(authToken, signature, publicUrl(c, "http").href, form) ? form : null;
  }

  /** A webhook's form that names a call, or the answer that refuses it. */
  async function readCall(
    c: Context,
  ): Promise<{ callId: string; form: URLSearchParams } | Response> {
    const form = await readForm(c);
    if (!form) {
      telemetry.webhook(403);
      log.warn("A webhook without a valid signature was refused", { path: c.req.path });
      return c.text("X-Twilio-Signature does not match this request", 403);
    }
    const callId = form.get("CallSid");
    if (!callId) {
      telemetry.webhook(400);
      return c.text("CallSid is missing from the form", 400);
    }
    telemetry.webhook(200);
    c.header("Content-Type", "text/xml; charset=utf-8");
    return { callId, form };
  }

  /** TwiML that connects the call; `returns` counts how often its stream has ended before. */
  function connect(
    urls: ReturnType<typeof routeUrls>,
    call: { callId: string; to: string | null; startedAtMs: number; returns: number },
    resume?: string,
  ): string {
    const { callId, to, startedAtMs, returns } = call;
    const again = new URL(urls.againUrl);
    const ttlMs = config.EARSHOT_CALL_LIMIT_MS + AGAIN_SLACK_MS;
    again.searchParams.set("n", String(returns + 1));
    again.searchParams.set("resume", handovers.issue(callId, startedAtMs, ttlMs));
    return connectTwiml({
      ...urls,
      againUrl: again.href,
      // The stream itself doesn't say which number was called.
      parameters: { token: tokens.issue(callId), ...(to && { to }), ...(resume && { resume }) },
    });
  }

  /** Keeps a place for the call's stream, or answers that there is none. */
  function reserved(
    c: Context,
    callId: string,
    form: URLSearchParams,
    comesBack = false,
  ): Response | null {
    const caller = callerNumber(form.get("From"));
    // A call that comes back was counted as new before.
    const limit = comesBack ? null : registry.refusal("twilio", caller, callId);
    if (!limit && registry.reserve(callId, caller)) return null;
    const there = elsewhere(c, deps);
    if (there) return there;
    const reason = limit ?? registry.closedBecause ?? "full";
    telemetry.callRefused(reason);
    log.warn("A call was refused", { callId, reason, live: registry.live });
    return c.body(busyTwiml());
  }

  /** Why a stream without a good token of ours is refused. */
  function refuses(callId: string, token: string | undefined): string | null {
    const wrong = authToken ? tokens.redeem(token, callId) : null;
    if (wrong) log.warn("A stream was refused", { callId, reason: wrong });
    return wrong;
  }

  function account(accountSid: string): TwilioAccount | null {
    const { TWILIO_ACCOUNT_SID: ours, TWILIO_API_URL: apiUrl } = config;
    const sid = ours ?? accountSid;
    return authToken && sid ? { apiUrl, accountSid: sid, authToken } : null;
  }

  app.use(noOthersPages(config));
  app.use("/voice/*", bodyLimit({ maxSize: MAX_FORM_BYTES }));
  app.use("/status", bodyLimit({ maxSize: MAX_FORM_BYTES }));

  app.post("/voice", async (c) => {
    const call = await readCall(c);
    if (call instanceof Response) return call;
    const { callId, form } = call;
    const to = form.get("To");
    return reserved(c, callId, form) ??
      c.body(connect(routeUrls(c), { callId, to, startedAtMs: Date.now(), returns: 0 }));
  });

  app.post("/voice/again", async (c) => {
    const call = await readCall(c);
    if (call instanceof Response) return call;
    const { callId, form } = call;
    const n = c.req.query("n") ?? "";
    const returns = /^\d{1,3}$/.test(n) ? Number(n) : Infinity;
    if (returns > MAX_RETURNS) {
      log.warn("A call's stream has ended too often", { callId, returns });
      return c.body(lostTwiml());
    }
    const there = elsewhere(c, deps);
    if (there) return there;
    const taken = await handovers.take(c.req.query("resume"), callId);
    if ("refused" in taken) {
      log.warn("A call may not come back", { callId, reason: taken.refused });
      return c.body(lostTwiml());
    }
    const { parcel, startedAtMs } = taken;
    if (parcel.type === "ended") {
      // Where the phone could not be hung up, the TwiML does it.
      return c.body(parcel.reason === "brain_failed" ? lostTwiml() : hangUpTwiml());
    }
    const busy = reserved(c, callId, form, true);
    if (busy) return busy;
    if (parcel.type === "context") handovers.keep(callId, parcel);
    const resume = handovers.issue(callId, startedAtMs, RESUME_TTL_MS);
    const again = { callId, to: form.get("To"), startedAtMs, returns };
    return c.body(connect(routeUrls(c), again, resume));
  });

  app.post("/status", async (c) => {
    const form = await readForm(c);
    if (!form) return c.text("X-Twilio-Signature does not match this request", 403);
    const callId = form.get("CallSid") ?? "";
    const callStatus = form.get("CallStatus") ?? "";
    if (/^(completed|busy|failed|no-answer|canceled)$/.test(callStatus)) registry.release(callId);
    if (form.get("StreamEvent") === "stream-error") {
      log.warn("Twilio reports a stream error", { callId, code: form.get("StreamError") });
    }
    return c.body(null, 204);
  });

  app.get("/stream", upgradeOnly, (c) => {
    if (authToken) {
      const url = publicUrl(c, "ws");
      const signature = c.req.header("x-twilio-signature");
      const plain = url.href.replace(/\/$/, "");
      // Twilio adds a slash at times, and never a query.
      const signed = !url.search &&
        [plain, `${plain}/`].some((spelling) => isSignedByTwilio(authToken, signature, spelling));
      if (!signed) {
        log.warn("A stream without a valid signature was refused");
        return c.text("X-Twilio-Signature does not match this request", 403);
      }
    }
    const admission = registry.arrive();
    if (!admission) {
      const there = elsewhere(c, deps);
      if (there) return there;
      const reason = registry.closedBecause ?? "full";
      telemetry.callRefused(reason);
      return c.text(`No new calls: ${reason}`, 503);
    }
    let call: Call | null = null;
    const urls = routeUrls(c);

    function begin(start: LegStart, leg: Leg, resumes?: CallContext): Call | string {
      if (registry.calls.has(start.callId)) return "this call has a stream already";
      if (!admission!.admit(start.callId)) {
        telemetry.callRefused("full");
        return "no new calls: full";
      }
      const begun = startCall(start, leg, admission!.release, resumes);
      if (typeof begun === "string") return begun;
      return call = begun;
    }

    async function goOn(start: LegStart, leg: Leg): Promise<Call | string> {
      const { callId, resumeToken } = start;
      const taken = await handovers.take(resumeToken, callId);
      if ("refused" in taken) {
        log.warn("A stream was refused", { callId, reason: taken.refused });
        return taken.refused;
      }
      const { parcel, startedAtMs } = taken;
      const begun = begin(start, leg, contextOf(parcel, startedAtMs));
      // Whoever tries again should find it.
      if (typeof begun === "string") handovers.keep(callId, parcel);
      return begun;
    }

    const leg = new TwilioLeg(
      (start, leg) => start.resumeToken ? goOn(start, leg) : begin(start, leg),
      () => {
        if (!call) admission.release();
      },
      telemetry,
      {
        refuses,
        account,
        handOver: handOverTwiml,
        onwards: (callId, resume) => {
          const { start, startedAtMs } = call!;
          return connect(urls, { callId, to: start.calledNumber, startedAtMs, returns: 0 }, resume);
        },
      },
    );
    return websocket(c, leg, {
      log,
      limits: messageLimits(config, MAX_MESSAGE_BYTES),
      refused: (reason) => telemetry.socketRefused("twilio", reason),
      failed: admission.release,
      callId: () => call?.start.callId,
    });
  });

  return app;
}
