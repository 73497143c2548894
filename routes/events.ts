/**
 * What happens, as server-sent events.
 *
 * Source: WHATWG HTML, "Server-sent events".
 *
 * @module
 */

import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import type { Services } from "../server/services.ts";
import { adminOnly } from "./admin.ts";
import type { Bindings } from "./bindings.ts";

export function eventRoutes({ config, events }: Pick<Services, "config" | "events">) {
  const app = new Hono<Bindings>();
  app.use(adminOnly(config));

  app.get("/", (c) => {
    // Its body goes nowhere, so nobody would ever leave.
    if (c.req.method === "HEAD") return c.body(null, 200, { "Content-Type": "text/event-stream" });
    const listener = events.listen();
    if (!listener) {
      const { listeners, maxListeners } = events;
      return c.text(`${listeners} listen already, EARSHOT_MAX_LISTENERS is ${maxListeners}`, 429);
    }
    // Proxies that gather an answer before they pass it on would hold the news back.
    c.header("X-Accel-Buffering", "no");
    return streamSSE(c, async (stream) => {
      stream.onAbort(() => listener.leave());
      listener.dropped = () => stream.abort();
      for (let text = await listener.next(); text !== null; text = await listener.next()) {
        // Waits while the listener's buffers are full, so that the feed sees who is slow.
        await stream.write(text);
      }
    });
  });

  return app;
}
