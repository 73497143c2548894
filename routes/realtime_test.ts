import test from "node:test";
import { assertEquals } from "@std/assert";
import { testApp } from "./test_app.ts";

test("GET /v1/realtime speaks the Realtime protocol from its first word", async () => {
  const all = testApp({ EARSHOT_REALTIME: "on" });
  const [status, socket] = await all.dial("/v1/realtime?model=gpt-realtime-2.1");
  assertEquals(status, 200);
  socket!.open();
  assertEquals(socket!.messages[0]!.type, "session.created");
  assertEquals((socket!.messages[0]!.session as { model: string }).model, "gpt-realtime-2.1");
  socket!.say({ type: "session.update", session: { type: "realtime", instructions: "Hi" } });
  await new Promise((go) => setTimeout(go, 5));
  assertEquals(socket!.messages.at(-1)!.type, "session.updated");
  all.end();
});

test("GET /v1/realtime takes the subprotocol that OpenAI's clients offer, and no other", async () => {
  const all = testApp({ EARSHOT_REALTIME: "on" });
  const chosen = async (offered?: string) => {
    const headers = offered ? { "Sec-WebSocket-Protocol": offered } : undefined;
    return (await all.dial("/v1/realtime", headers))[1]!.subprotocol;
  };
  assertEquals(await chosen("realtime"), "realtime");
  // The key travels in a second one: it must never be answered.
  assertEquals(
    await chosen("realtime, openai-insecure-api-key.sk-x, openai-beta.realtime-v1"),
    "realtime",
  );
  assertEquals(await chosen("openai-insecure-api-key.sk-x"), undefined);
  assertEquals(await chosen(), undefined);
  all.end();
});

test("GET /v1/realtime has a bound of its own, and takes no caller's place", async () => {
  const all = testApp({ EARSHOT_REALTIME: "on", EARSHOT_MAX_SESSIONS: "2" });
  const [, first] = await all.dial("/v1/realtime");
  await all.dial("/v1/realtime");
  const full = await all.request("/v1/realtime", { headers: all.handshake() });
  assertEquals([full.status, await full.text()], [503, "No new sessions: full"]);
  assertEquals((await all.request("/ready")).status, 200);
  // Told twice, counted once.
  first!.handlers.close(1000, "");
  first!.handlers.close(1000, "");
  assertEquals((await all.dial("/v1/realtime"))[0], 200);
  assertEquals((await all.dial("/v1/realtime"))[0], 503);
  all.end();
});

test("GET /v1/realtime opens no session while draining", async () => {
  const all = testApp({ EARSHOT_REALTIME: "on" });
  void all.deps.registry.drain();
  const response = await all.request("/v1/realtime", { headers: all.handshake() });
  assertEquals([response.status, await response.text()], [503, "No new sessions: draining"]);
});

test("GET /v1/realtime closes a session that sends binary", async () => {
  const all = testApp({ EARSHOT_REALTIME: "on" });
  const [, socket] = await all.dial("/v1/realtime");
  socket!.open().handlers.binary(new Uint8Array(3));
  assertEquals(socket!.closes.map(({ code }) => code), [1003]);
  all.end();
});
