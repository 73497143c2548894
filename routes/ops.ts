/**
 * For those who run earshot: health for people, readiness for load balancers, metrics.
 *
 * @module
 */

import { Hono } from "hono";
import type { Deps } from "../deps.ts";
import type { Bindings } from "./bindings.ts";

/** What `/health` answers, and `/events` tells each second. The registry knows best who is let in. */
export function healthOf({ registry, telemetry }: Pick<Deps, "registry" | "telemetry">) {
  return { ...telemetry.health(), status: registry.closedBecause ?? "ok" };
}

export function opsRoutes({ registry, telemetry }: Deps) {
  const app = new Hono<Bindings>();

  app.get("/health", (c) => c.json(healthOf({ registry, telemetry })));

  app.get("/ready", (c) => {
    const reason = registry.closedBecause;
    const body = {
      ready: reason === null,
      reason,
      live: registry.live,
      capacity: registry.maxCalls,
    };
    return c.json(body, reason === null ? 200 : 503);
  });

  app.get("/metrics", async (c) => {
    c.header("Content-Type", telemetry.metricsContentType);
    return c.body(await telemetry.metrics());
  });

  return app;
}
