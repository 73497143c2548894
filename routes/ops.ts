/**
 * For those who run earshot: health for people, readiness for load balancers, metrics.
 *
 * @module
 */

import { Hono } from "hono";
import type { Services } from "../server/services.ts";
import type { Bindings } from "./bindings.ts";

export function opsRoutes({ config, registry, telemetry, probe }: Services) {
  const app = new Hono<Bindings>();

  app.get("/health", (c) => c.json(telemetry.health()));

  app.get("/ready", (c) => {
    if (config.EARSHOT_READY_NEEDS_BRAIN) probe.look();
    const reason = registry.closedBecause ?? (probe.unreachable && "brain_unreachable");
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
