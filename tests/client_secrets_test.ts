/**
 * Client secrets as the field's clients get and use them: asked for by the `openai` SDK, and brought to
 * the socket as browsers bring them.
 *
 * @module
 */

import { after, before, describe, it } from "node:test";
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import OpenAI from "openai";
import { WebSocket } from "ws";
import { within } from "../runtime/within.ts";
import { startServer, type TestServer } from "./server.ts";

const LIMIT_MS = 5000;
const ADMIN_TOKEN = "the-admin-token";

const late = (what: string) => () => {
  throw new Error(`Waited in vain for ${what}`);
};

describe("client secrets for the openai SDK", () => {
  let server: TestServer;
  before(async () => {
    server = await startServer("deno", { EARSHOT_ADMIN_TOKEN: ADMIN_TOKEN });
  });
  after(() => server.stop());

  const client = (apiKey: string) =>
    new OpenAI({ apiKey, baseURL: `${server.url}/v1`, maxRetries: 0 });

  it("clientSecrets.create gives one with the admin token, and it opens a session as wished", async () => {
    const secret = await client(ADMIN_TOKEN).realtime.clientSecrets.create({
      expires_after: { anchor: "created_at", seconds: 60 },
      session: { type: "realtime", model: "gpt-realtime-2.1", instructions: "Be brief." },
    });
    assertMatch(secret.value, /^ek_/);
    assertEquals(secret.session.type, "realtime");
    const socket = new WebSocket(`ws://${server.host}/v1/realtime`, [
      "realtime",
      `openai-insecure-api-key.${secret.value}`,
    ]);
    const first = new Promise<string>((go, fail) => {
      socket.on("message", (data) => go(String(data)));
      socket.on("error", fail);
    });
    const { type, session } = JSON.parse(await within(LIMIT_MS, first, late("session.created")));
    assertEquals(
      [type, session.model, session.instructions, socket.protocol],
      ["session.created", "gpt-realtime-2.1", "Be brief.", "realtime"],
    );
    socket.close();
  });

  it("a wrong key and a wrong wish come back as the SDK's own errors", async () => {
    await assertRejects(
      () => client("sk-wrong").realtime.clientSecrets.create({}),
      OpenAI.AuthenticationError,
    );
    await assertRejects(
      () => client(ADMIN_TOKEN).realtime.clientSecrets.create({ expires_after: { seconds: 5 } }),
      OpenAI.BadRequestError,
      "expires_after.seconds",
    );
  });
});
