/**
 * All routes in one app. Tests drive it with `app.request()`, servers with `app.fetch`.
 *
 * @module
 */

import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import type { Services } from "./server/services.ts";
import type { Bindings } from "./routes/bindings.ts";
import { browserRoutes } from "./routes/browser.ts";
import { callRoutes } from "./routes/calls.ts";
import { eventRoutes } from "./routes/events.ts";
import { moveRoutes } from "./routes/moves.ts";
import { opsRoutes } from "./routes/ops.ts";
import { pageRoutes } from "./routes/pages.ts";
import { realtimeRoutes } from "./routes/realtime.ts";
import { secretRoutes } from "./routes/secrets.ts";
import { twilioRoutes } from "./routes/twilio.ts";

export function createApp(deps: Services): Hono<Bindings> {
  const app = new Hono<Bindings>();
  app.route("/twilio", twilioRoutes(deps));
  app.route("/browser", browserRoutes(deps));
  app.route("/v1", realtimeRoutes(deps));
  app.route("/v1", secretRoutes(deps));
  app.route("/calls", callRoutes(deps));
  app.route("/events", eventRoutes(deps));
  app.route("/moves", moveRoutes(deps));
  app.route("/", opsRoutes(deps));
  app.route("/", pageRoutes());
  app.notFound((c) => c.text(`There is nothing at ${c.req.path}`, 404));
  app.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse();
    deps.log.error("A request failed", { path: c.req.path, error });
    return c.text("Something went wrong on our side", 500);
  });
  return app;
}
