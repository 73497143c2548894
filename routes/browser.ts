/**
 * The browser's route: a WebSocket from our own page.
 *
 * @module
 */

import { Hono } from "hono";
import { randomUUID } from "node:crypto";
import type { Call } from "../call/call.ts";
import type { Services } from "../server/services.ts";
import { BrowserLeg } from "../legs/browser.ts";
import { SAMPLE_RATES_HZ, type SampleRateHz } from "../media/format.ts";
import type { Bindings } from "./bindings.ts";
import { upgradeOnly, websocket } from "./websocket.ts";

export function browserRoutes({ config, registry, telemetry, log, startCall }: Services) {
  const app = new Hono<Bindings>();

  /** A page of somebody else must not talk on our bill. Clients that aren't browsers say nothing. */
  function isOurPage(origin: string | undefined, ownUrl: string): boolean {
    if (origin === undefined) return true;
    if (!URL.canParse(origin)) return false;
    const { host } = new URL(origin);
    return host === new URL(ownUrl).host ||
      (config.PUBLIC_URL !== undefined && host === new URL(config.PUBLIC_URL).host);
  }

  app.get("/stream", upgradeOnly, (c) => {
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
    const admission = registry.arrive();
    if (!admission) {
      const reason = registry.closedBecause ?? "full";
      telemetry.callRefused(reason);
      log.warn("A browser was refused", { reason, live: registry.live });
      return c.text(`No new calls: ${reason}`, 503);
    }
    let call: Call | null = null;
    const leg = new BrowserLeg(
      `WEB${randomUUID().replaceAll("-", "")}`,
      sampleRateHz,
      (start, leg) =>
        admission.admit(start.callId)
          ? call = startCall(start, leg, admission.release)
          : "no new calls: full",
      () => {
        if (!call) admission.release();
      },
      telemetry,
    );
    return websocket(c, leg, { log, failed: admission.release });
  });

  return app;
}
