/**
 * Twilio's three routes: the webhook of a call, the status callbacks, and the media stream.
 *
 * @module
 */

import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Call } from "../call/call.ts";
import type { Services } from "../server/services.ts";
import { TwilioLeg } from "../legs/twilio.ts";
import type { TwilioAccount } from "../legs/twilio_rest.ts";
import type { Bindings } from "./bindings.ts";
import { noOthersPages } from "./origin.ts";
import { messageLimits, upgradeOnly, websocket } from "./websocket.ts";
import { busyTwiml, connectTwiml } from "./twiml.ts";
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

export function twilioRoutes({ config, registry, tokens, telemetry, log, startCall }: Services) {
  const app = new Hono<Bindings>();
  const authToken = config.TWILIO_AUTH_TOKEN;

  /** The URL that Twilio was told to call: behind a proxy, the request doesn't know it. */
  function publicUrl(c: Context, scheme: "http" | "ws"): URL {
    const own = new URL(c.req.url);
    const url = new URL(own.pathname + own.search, config.PUBLIC_URL ?? own.origin);
    if (scheme === "ws") url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return url;
  }

  async function readForm(c: Context): Promise<URLSearchParams | null> {
    const form = new URLSearchParams(await c.req.text());
    if (!authToken) return form;
    const signature = c.req.header("x-twilio-signature");
    return isSignedByTwilio(authToken, signature, publicUrl(c, "http").href, form) ? form : null;
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
  app.use("/voice", bodyLimit({ maxSize: MAX_FORM_BYTES }));
  app.use("/status", bodyLimit({ maxSize: MAX_FORM_BYTES }));

  app.post("/voice", async (c) => {
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
    const caller = callerNumber(form.get("From"));
    const refusal = registry.refusal("twilio", caller, callId);
    if (refusal || !registry.reserve(callId, caller)) {
      const reason = refusal ?? registry.closedBecause ?? "full";
      telemetry.callRefused(reason);
      log.warn("A call was refused", { callId, reason, live: registry.live });
      return c.body(busyTwiml());
    }
    const stream = publicUrl(c, "ws");
    stream.pathname = stream.pathname.replace(/voice\/?$/, "stream");
    stream.search = "";
    const status = publicUrl(c, "http");
    status.pathname = status.pathname.replace(/voice\/?$/, "status");
    status.search = "";
    // The stream itself doesn't say which number was called.
    const to = form.get("To");
    const parameters = { token: tokens.issue(callId), ...(to && { to }) };
    return c.body(connectTwiml(stream.href, status.href, parameters));
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
      const reason = registry.closedBecause ?? "full";
      telemetry.callRefused(reason);
      return c.text(`No new calls: ${reason}`, 503);
    }
    let call: Call | null = null;
    const leg = new TwilioLeg(
      (start, leg) => {
        if (registry.calls.has(start.callId)) return "this call has a stream already";
        if (!admission.admit(start.callId)) {
          telemetry.callRefused("full");
          return "no new calls: full";
        }
        const begun = startCall(start, leg, admission.release);
        if (typeof begun === "string") return begun;
        return call = begun;
      },
      () => {
        if (!call) admission.release();
      },
      telemetry,
      { refuses, account },
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
