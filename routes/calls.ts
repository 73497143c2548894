/**
 * What the operator can look back at: live and recent calls, and the turns of one of them.
 *
 * @module
 */

import { Hono } from "hono";
import type { Services } from "../server/services.ts";
import { adminOnly } from "./admin.ts";
import type { Bindings } from "./bindings.ts";

/** Ids that are said back are cut here: Twilio's have 34 characters, ours 35. */
const MAX_SHOWN_CHARACTERS = 64;

export function callRoutes({ config, history }: Pick<Services, "config" | "history">) {
  const app = new Hono<Bindings>();
  app.use(adminOnly(config));

  app.get("/", (c) => c.json({ calls: history.list() }));

  app.get("/:id", (c) => {
    const id = c.req.param("id");
    const call = history.detail(id);
    if (call) return c.json(call);
    const shown = JSON.stringify(id.slice(0, MAX_SHOWN_CHARACTERS));
    return c.text(`There is no call ${shown}, or it is no longer kept`, 404);
  });

  return app;
}
