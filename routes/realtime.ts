/**
 * The embedded brain for everyone: a WebSocket that speaks the OpenAI Realtime protocol.
 *
 * @module
 */

import { Hono } from "hono";
import type { RealtimeSession } from "../brain/realtime/session.ts";
import type { Services } from "../server/services.ts";
import type { ServerSocket } from "../runtime/runtime.ts";
import type { Bindings } from "./bindings.ts";
import { upgradeOnly, websocket } from "./websocket.ts";

/** OpenAI's clients offer `realtime`, and browsers put their key into a second subprotocol. */
const SUBPROTOCOL = "realtime";

export function realtimeRoutes({ config, realtime, registry, log }: Services) {
  const app = new Hono<Bindings>();
  let open = 0;

  app.get("/realtime", upgradeOnly, (c) => {
    if (registry.draining) return c.text("No new sessions: draining", 503);
    // Sessions have a bound of their own, so that they never take a caller's place.
    if (open >= config.EARSHOT_MAX_CALLS) return c.text("No new sessions: full", 503);
    const offered = (c.req.header("sec-websocket-protocol") ?? "").split(",").map((p) => p.trim());
    const protocol = offered.includes(SUBPROTOCOL) ? SUBPROTOCOL : undefined;
    const model = c.req.query("model");
    let socket: ServerSocket | null = null;
    let session: RealtimeSession | null = null;
    let left = false;
    open++;
    return websocket(
      c,
      {
        open(port) {
          socket = port;
          session = realtime.open(
            (text) => void socket?.send(text),
            (code, reason) => socket?.close(code, reason),
            model,
          );
        },
        text: (text) => session?.receive(text),
        binary: () => socket?.close(1003, "events are JSON in text messages"),
        close() {
          if (left) return;
          left = true;
          open--;
          session?.end();
        },
      },
      { log, protocol, failed: () => open-- },
    );
  });

  return app;
}
