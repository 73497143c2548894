/**
 * What the instances ask one another: what is known of a call that goes on at the one that asks. Who
 * has no token of ours learns nothing, and what is answered is sealed.
 *
 * @module
 */

import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { TokenBucket } from "../runtime/token_bucket.ts";
import type { Services } from "../server/services.ts";
import type { Bindings } from "./bindings.ts";

/** A token and a CallSid. */
const MAX_FORM_BYTES = 4096;
/** Our longest id of a call has 35 characters. */
const MAX_LOGGED_CHARS = 40;
/** Anybody may ask in vain: further refusals are logged at `debug`. */
const WARNINGS_PER_SECOND = 1;
const WARNINGS_AT_ONCE = 5;

export function moveRoutes({ handovers, log }: Pick<Services, "handovers" | "log">) {
  const app = new Hono<Bindings>();
  const warnings = new TokenBucket(WARNINGS_PER_SECOND, WARNINGS_AT_ONCE);

  app.post("/", bodyLimit({ maxSize: MAX_FORM_BYTES }), async (c) => {
    const form = new URLSearchParams(await c.req.text());
    const callId = form.get("callId") ?? "";
    const given = await handovers.give(form.get("token") ?? undefined, callId);
    c.header("Cache-Control", "no-store");
    if (typeof given === "string") {
      const level = warnings.take() ? "warn" : "debug";
      const asked = callId.slice(0, MAX_LOGGED_CHARS);
      log[level]("Another instance was told nothing of a call", { callId: asked, reason: given });
      return c.text(given, 403);
    }
    return c.body(given, 200, { "Content-Type": "application/octet-stream" });
  });

  return app;
}
