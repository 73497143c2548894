/**
 * Client secrets for the page and for Realtime clients: `client.realtime.clientSecrets.create` of the
 * `openai` SDK, and its like, ask here.
 *
 * @module
 */

import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { ApiError } from "../brain/realtime/api_error.ts";
import { readSecretWish } from "../brain/realtime/client_secret.ts";
import { SECRET_SECONDS } from "../server/client_secrets.ts";
import type { Services } from "../server/services.ts";
import type { Bindings } from "./bindings.ts";
import { socketKeys } from "./socket_keys.ts";

/** Instructions and tools fit in; a secret keeps them until it ends. */
const MAX_WISH_BYTES = 64 * 1024;

export function secretRoutes(deps: Services) {
  const { secrets, realtime, telemetry, log } = deps;
  const app = new Hono<Bindings>();
  const keys = socketKeys(deps);
  const path = "/realtime/client_secrets";
  app.use(path, bodyLimit({ maxSize: MAX_WISH_BYTES }));

  app.post(path, async (c) => {
    c.header("Cache-Control", "no-store");
    const refusal = keys.refusesSecret(c);
    if (refusal) {
      telemetry.socketRefused("client_secrets", refusal.reason);
      log.warn("A client secret was refused", { reason: refusal.reason });
      if (refusal.status === 401) c.header("WWW-Authenticate", "Bearer");
      return problem(c, refusal.status, refusal.text, "invalid_api_key");
    }
    try {
      const { seconds, session } = readSecretWish(await c.req.text(), SECRET_SECONDS);
      const shown = realtime.describe(session);
      const { value, expiresAt } = secrets.issue(seconds);
      if (session) secrets.attach(value, session);
      return c.json({ value, expires_at: expiresAt, session: shown });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return problem(c, 400, error.message, error.code, error.param);
    }
  });

  return app;
}

/** An error as the API words it. */
function problem(
  c: Context,
  status: 400 | 401 | 403,
  message: string,
  code: string,
  param: string | null = null,
) {
  return c.json({ error: { type: "invalid_request_error", code, message, param } }, status);
}
