/**
 * Who comes to an instance that is going is sent to another one, where the proxy in front can do that.
 *
 * Source: Fly docs, "Dynamic Request Routing": `fly-replay`.
 *
 * @module
 */

import type { Context } from "hono";
import type { Services } from "../server/services.ts";

/** The answer that sends a request on, or null where it has to be answered here. */
export function elsewhere(
  c: Context,
  { config, registry }: Pick<Services, "config" | "registry">,
): Response | null {
  // Who was sent on before goes no further: in a fleet that goes as a whole, they would circle.
  if (!config.FLY_REGION || !registry.draining || c.req.header("fly-replay-src")) return null;
  return c.body(null, 200, { "fly-replay": "elsewhere=true" });
}
