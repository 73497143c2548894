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
import { callerAddress } from "./origin.ts";
import { socketKeys, subprotocolOf } from "./socket_keys.ts";
import { messageLimits, upgradeOnly, websocket } from "./websocket.ts";

/** Two seconds of audio at 48 kHz have 188 KiB. */
const MAX_MESSAGE_BYTES = 256 * 1024;

export function browserRoutes(deps: Services) {
  const { config, registry, telemetry, log, startCall } = deps;
  const app = new Hono<Bindings>();
  const keys = socketKeys(deps);

  app.get("/stream", upgradeOnly, (c) => {
    const refusal = keys.refusesPage(c);
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
    const address = callerAddress(c, config);
    const reason = registry.refusal("browser", address);
    const admission = reason ? null : registry.arrive("browser", address);
    if (!admission) {
      const why = reason ?? registry.closedBecause ?? "full";
      telemetry.callRefused(why);
      log.warn("A browser was refused", { reason: why, live: registry.live });
      return c.text(
        `No new calls: ${why}`,
        why === "address_limit" || why === "too_fast" ? 429 : 503,
      );
    }
    let call: Call | null = null;
    const leg = new BrowserLeg(
      `WEB${randomUUID().replaceAll("-", "")}`,
      sampleRateHz,
      (start, leg) => {
        if (!admission.admit(start.callId)) return "no new calls: full";
        const begun = startCall(start, leg, admission.release);
        if (typeof begun === "string") return begun;
        return call = begun;
      },
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
