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
import { callerAddress } from "./origin.ts";
import { socketKeys, subprotocolOf } from "./socket_keys.ts";
import { messageLimits, upgradeOnly, websocket } from "./websocket.ts";

/** Two seconds of audio at 48 kHz have 188 KiB. */
const MAX_MESSAGE_BYTES = 256 * 1024;

/** Browsers' ids have a shape of their own: no token makes a browser go on with a phone call. */
const BROWSER_CALL = /^WEB[0-9a-f]{32}$/;
/** A call may come back as long as it may last, and a little longer. */
const RESUME_SLACK_MS = 600_000;

export function browserRoutes(deps: Services) {
  const { config, registry, handovers, telemetry, log, startCall } = deps;
  const app = new Hono<Bindings>();
  const keys = socketKeys(deps);

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
    const comesBack = c.req.query("call") !== undefined;
    const refusal = comesBack ? keys.refusesOthers(c) : keys.refusesPage(c);
    if (refusal) {
      telemetry.socketRefused("browser", refusal.reason);
      log.warn("A browser was refused", { reason: refusal.reason });
      return c.text(refusal.text, refusal.status);
    }
    const rate = c.req.query("rate") ?? "24000";
    const sampleRateHz = SAMPLE_RATES_HZ.find((hz) => String(hz) === rate) as SampleRateHz;
    if (!sampleRateHz) {
      const wanted = SAMPLE_RATES_HZ.join(", ");
      return c.text(`rate is ${JSON.stringify(rate)}, wanted is one of ${wanted}`, 400);
    }
    const callId = c.req.query("call") ?? `WEB${randomUUID().replaceAll("-", "")}`;
    const address = callerAddress(c, config);
    const limit = comesBack
      ? registry.browserLimit(address, callId)
      : registry.refusal("browser", address);
    const admission = limit ? null : registry.arrive("browser", address);
    if (!admission) {
      const there = elsewhere(c, deps);
      if (there) return there;
      const reason = limit ?? registry.closedBecause ?? "full";
      telemetry.callRefused(reason);
      log.warn("A browser was refused", { reason, live: registry.live });
      const tooMany = reason === "address_limit" || reason === "too_fast";
      return c.text(`No new calls: ${reason}`, tooMany ? 429 : 503);
    }
    const resumes = await contextFor(c.req.query("call"), c.req.query("resume"));
    if (typeof resumes === "string") {
      admission.release();
      log.warn("A browser may not come back", { reason: resumes });
      return c.text(resumes, 403);
    }
    let call: Call | null = null;
    const begin = (start: LegStart, leg: Leg) => {
      const begun = startCall(start, leg, admission.release, resumes ?? undefined);
      if (typeof begun === "string") return begun;
      const ttlMs = config.EARSHOT_CALL_LIMIT_MS + RESUME_SLACK_MS;
      const token = handovers.issue(callId, begun.startedAtMs, ttlMs);
      leg.tell({ type: "resume", callId, token, forMs: config.EARSHOT_RESUME_MS });
      return call = begun;
    };
    const leg = new BrowserLeg(
      callId,
      sampleRateHz,
      (start, leg) => admission.admit(start.callId) ? begin(start, leg) : "no new calls: full",
      () => {
        if (!call) admission.release();
      },
      telemetry,
    );
    return websocket(c, leg, {
      log,
      protocol: subprotocolOf(c),
      limits: messageLimits(config, MAX_MESSAGE_BYTES),
      refused: (reason) => telemetry.socketRefused("browser", reason),
      failed: admission.release,
      callId: () => call?.start.callId,
    });
  });

  return app;
}
