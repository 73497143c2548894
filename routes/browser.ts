/**
 * The browser's route: a WebSocket from our own page.
 *
 * @module
 */

import { Hono } from "hono";
import { randomUUID } from "node:crypto";
import type { Call } from "../call/call.ts";
import type { CallContext } from "../call/context.ts";
import { contextOf } from "../server/moves/context_of.ts";
import type { Services } from "../server/services.ts";
import { BrowserLeg } from "../legs/browser.ts";
import type { Leg, LegStart } from "../legs/leg.ts";
import { SAMPLE_RATES_HZ, type SampleRateHz } from "../media/format.ts";
import type { Bindings } from "./bindings.ts";
import { elsewhere } from "./elsewhere.ts";
import { upgradeOnly, websocket } from "./websocket.ts";

/** Browsers' ids have a shape of their own: no token makes a browser go on with a phone call. */
const BROWSER_CALL = /^WEB[0-9a-f]{32}$/;
/** A call may come back as long as it may last, and a little longer. */
const RESUME_SLACK_MS = 600_000;

export function browserRoutes(deps: Services) {
  const { config, registry, handovers, telemetry, log, startCall } = deps;
  const app = new Hono<Bindings>();

  /** A page of somebody else must not talk on our bill. Clients that aren't browsers say nothing. */
  function isOurPage(origin: string | undefined, ownUrl: string): boolean {
    if (origin === undefined) return true;
    if (!URL.canParse(origin)) return false;
    const { host } = new URL(origin);
    return host === new URL(ownUrl).host ||
      (config.PUBLIC_URL !== undefined && host === new URL(config.PUBLIC_URL).host);
  }

  /** What a page that comes back goes on with, null for a new caller, or why it is refused. */
  async function contextFor(callId?: string, token?: string): Promise<CallContext | string | null> {
    if (callId === undefined) return null;
    if (!BROWSER_CALL.test(callId)) return "call is not the id of a browser's call";
    const taken = await handovers.take(token, callId);
    if ("refused" in taken) return taken.refused;
    const { parcel, startedAtMs } = taken;
    return parcel.type === "ended" ? "the call has ended" : contextOf(parcel, startedAtMs);
  }

  app.get("/stream", upgradeOnly, async (c) => {
    const origin = c.req.header("origin");
    if (!isOurPage(origin, c.req.url)) {
      return c.text(`Origin is ${JSON.stringify(origin)}, wanted is this server's own`, 403);
    }
    const rate = c.req.query("rate") ?? "24000";
    const sampleRateHz = SAMPLE_RATES_HZ.find((hz) => String(hz) === rate) as SampleRateHz;
    if (!sampleRateHz) {
      const wanted = SAMPLE_RATES_HZ.join(", ");
      return c.text(`rate is ${JSON.stringify(rate)}, wanted is one of ${wanted}`, 400);
    }
    const callId = c.req.query("call") ?? `WEB${randomUUID().replaceAll("-", "")}`;
    const admission = registry.arrive();
    if (!admission) {
      const there = elsewhere(c, deps);
      if (there) return there;
      const reason = registry.closedBecause ?? "full";
      telemetry.callRefused(reason);
      log.warn("A browser was refused", { reason, live: registry.live });
      return c.text(`No new calls: ${reason}`, 503);
    }
    const resumes = await contextFor(c.req.query("call"), c.req.query("resume"));
    if (typeof resumes === "string") {
      admission.release();
      log.warn("A browser may not come back", { reason: resumes });
      return c.text(resumes, 403);
    }
    let call: Call | null = null;
    const begin = (start: LegStart, leg: Leg) => {
      const call = startCall(start, leg, admission.release, resumes ?? undefined);
      const ttlMs = config.EARSHOT_CALL_LIMIT_MS + RESUME_SLACK_MS;
      const token = handovers.issue(callId, call.startedAtMs, ttlMs);
      leg.tell({ type: "resume", callId, token, forMs: config.EARSHOT_RESUME_MS });
      return call;
    };
    const leg = new BrowserLeg(
      callId,
      sampleRateHz,
      (start, leg) =>
        admission.admit(start.callId) ? call = begin(start, leg) : "no new calls: full",
      () => {
        if (!call) admission.release();
      },
      telemetry,
    );
    return websocket(c, leg, { log, failed: admission.release });
  });

  return app;
}
