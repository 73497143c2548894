/**
 * Who may open a socket: with a client secret, or with the admin token. Both come as real clients
 * send them: as `Authorization: Bearer`, in a subprotocol (browsers can send no header), or as
 * `?token=`.
 *
 * @module
 */

import type { Context } from "hono";
import type { Services } from "../server/services.ts";
import { adminCheck, bearerOf } from "./admin.ts";
import type { Bindings } from "./bindings.ts";
import { notFromHere, notOurs } from "./origin.ts";

/** OpenAI's clients offer `realtime`, and browsers put their key into a second subprotocol. */
const SUBPROTOCOL = "realtime";
const KEY_PROTOCOL = "openai-insecure-api-key.";

/** A refusal: the status, what to say, and a word for the metric. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly text: string;
  readonly reason: "origin" | "token" | "closed";
}

function offered(c: Context): string[] {
  return (c.req.header("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
}

/** The subprotocol to answer with. The key travels in another one: it must never be answered. */
export function subprotocolOf(c: Context): string | undefined {
  return offered(c).includes(SUBPROTOCOL) ? SUBPROTOCOL : undefined;
}

/** What the client brings to prove that it may. */
export function keyOf(c: Context): string | undefined {
  return bearerOf(c) ??
    offered(c).find((name) => name.startsWith(KEY_PROTOCOL))?.slice(KEY_PROTOCOL.length) ??
    c.req.query("token");
}

export function socketKeys({ config, secrets }: Pick<Services, "config" | "secrets">) {
  const isAdmin = adminCheck(config);
  const isSet = config.EARSHOT_ADMIN_TOKEN !== undefined;
  const wrongKey = (wrong: string): Refusal => ({
    status: 401,
    text: `A client secret opens this, from POST /v1/realtime/client_secrets: ${wrong}`,
    reason: "token",
  });
  const wrongPlace = (text: string): Refusal => ({ status: 403, text, reason: "origin" });

  return {
    /** Whether a secret is given out, or why not. */
    refusesSecret(c: Context<Bindings>): Refusal | null {
      const key = bearerOf(c);
      if (isAdmin(key)) return null;
      const others = notOurs(c, config);
      if (others) return wrongPlace(others);
      if (config.EARSHOT_OPEN_PAGE === "1") return null;
      if (isSet) {
        return {
          status: 401,
          text: `The admin token ${key === undefined ? "is missing" : "is wrong"}`,
          reason: "token",
        };
      }
      // The embedded brain costs nobody anything.
      if (config.brain === "echo" || notFromHere(c, config) === null) return null;
      return {
        status: 403,
        text: "Calls from this page would be on the operator's key, so it takes none: " +
          "set EARSHOT_ADMIN_TOKEN to ask for a token, or EARSHOT_OPEN_PAGE=1 to let everyone call",
        reason: "closed",
      };
    },

    /** Whether it is a page of somebody else's; what it brings is judged by another. */
    refusesOthers(c: Context<Bindings>): Refusal | null {
      const others = notOurs(c, config);
      return others === null ? null : wrongPlace(others);
    },

    /** Whether the page's socket is refused. Its secret is good for one. */
    refusesPage(c: Context<Bindings>): Refusal | null {
      const key = keyOf(c);
      if (isAdmin(key)) return null;
      const others = notOurs(c, config);
      if (others) return wrongPlace(others);
      const wrong = secrets.redeem(key);
      return wrong === null ? null : wrongKey(wrong);
    },

    /** Whether a socket of the embedded brain is refused. A secret may open several, as the API's. */
    refusesRealtime(c: Context<Bindings>): Refusal | null {
      const key = keyOf(c);
      const closed = (text: string): Refusal => ({ status: 403, text, reason: "closed" });
      if (config.EARSHOT_REALTIME === "off") return closed("EARSHOT_REALTIME is off");
      if (isAdmin(key)) return null;
      const others = notOurs(c, config);
      if (others) return wrongPlace(others);
      const far = notFromHere(c, config);
      if (far && config.EARSHOT_REALTIME === "local") {
        return closed(`Not served ${far}: EARSHOT_REALTIME=on does, or bring the admin token`);
      }
      const wrong = secrets.check(key);
      if (wrong === null) return null;
      // A program of this machine may bring any key, as SDKs insist on one. A page has an origin.
      const isProgram = c.req.header("origin") === undefined;
      return !far && isProgram && !isSet ? null : wrongKey(wrong);
    },
  };
}
