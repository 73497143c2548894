/**
 * The embedded brain for others: a WebSocket that speaks the OpenAI Realtime protocol.
 *
 * @module
 */

import { Hono } from "hono";
import type { RealtimeSession } from "../brain/realtime/session.ts";
import type { Services } from "../server/services.ts";
import type { ServerSocket } from "../runtime/runtime.ts";
import type { Bindings } from "./bindings.ts";
import { keyOf, socketKeys, subprotocolOf } from "./socket_keys.ts";
import { messageLimits, upgradeOnly, websocket } from "./websocket.ts";

export function realtimeRoutes(deps: Services) {
  const { config, realtime, registry, secrets, telemetry, log } = deps;
  const app = new Hono<Bindings>();
  const keys = socketKeys(deps);
  let open = 0;

  app.get("/realtime", upgradeOnly, (c) => {
    const refusal = keys.refusesRealtime(c);
    if (refusal) {
      telemetry.socketRefused("realtime", refusal.reason);
      return c.text(refusal.text, refusal.status);
    }
    if (registry.draining) return c.text("No new sessions: draining", 503);
    // Sessions have a bound of their own, so that they never take a caller's place.
    if (open >= config.EARSHOT_MAX_SESSIONS) {
      telemetry.socketRefused("realtime", "full");
      return c.text("No new sessions: full", 503);
    }
    const model = c.req.query("model");
    const attached = secrets.attachedTo(keyOf(c));
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
            attached,
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
      {
        log,
        protocol: subprotocolOf(c),
        limits: messageLimits(config),
        refused: (reason) => telemetry.socketRefused("realtime", reason),
        failed: () => open--,
      },
    );
  });

  return app;
}
