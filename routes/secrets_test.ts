import test from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type TestApp, testApp, UPGRADE } from "./test_app.ts";

const PATH = "/v1/realtime/client_secrets";
const KEY_IN_USE = { EARSHOT_BRAIN: "openai", OPENAI_API_KEY: "sk-of-the-operator" };
const ADMIN = { authorization: "Bearer the-admin-token" };

const ask = async (all: TestApp, headers: Record<string, string> = {}, body?: unknown) => {
  const init = { method: "POST", headers, body: body === undefined ? null : JSON.stringify(body) };
  const response = await all.request(PATH, init);
  return { status: response.status, body: await response.json() };
};

/** The status that a socket gets with these headers alone. */
async function dialAs(all: TestApp, path: string, headers: Record<string, string>) {
  return (await all.request(path, { headers: { ...UPGRADE, ...headers } })).status;
}

test("POST /v1/realtime/client_secrets answers in the API's shape", async () => {
  const all = testApp();
  const { status, body } = await ask(all, {}, {
    expires_after: { anchor: "created_at", seconds: 60 },
    session: { type: "realtime", model: "gpt-realtime-2.1", instructions: "Be brief." },
  });
  assertEquals(status, 200);
  assertMatch(body.value, /^ek_/);
  assert(Math.abs(body.expires_at - Date.now() / 1000 - 60) <= 1);
  assertEquals(
    [body.session.object, body.session.model, body.session.instructions],
    ["realtime.session", "gpt-realtime-2.1", "Be brief."],
  );
  const plain = await ask(all);
  assert(Math.abs(plain.body.expires_at - Date.now() / 1000 - 600) <= 1);
  assertEquals(plain.body.session.type, "realtime");
});

test("POST /v1/realtime/client_secrets names the field that is wrong", async () => {
  const all = testApp();
  const wrong: [unknown, string][] = [
    [{ expires_after: { seconds: 9 } }, "expires_after.seconds"],
    [{ expires_after: { seconds: 7201 } }, "expires_after.seconds"],
    [{ expires_after: { seconds: "60" } }, "expires_after.seconds"],
    [{ expires_after: { anchor: "later" } }, "expires_after.anchor"],
    [{ session: { type: "realtime", instructions: 7 } }, "session.instructions"],
    [{ sessions: {} }, "sessions"],
  ];
  for (const [body, param] of wrong) {
    const { status, body: { error } } = await ask(all, {}, body);
    assertEquals([status, error.type, error.param], [400, "invalid_request_error", param]);
  }
  const response = await all.request(PATH, { method: "POST", body: "{" });
  assertEquals([response.status, (await response.json()).error.code], [400, "invalid_json"]);
  const large = await all.request(PATH, { method: "POST", body: "x".repeat(70_000) });
  assertEquals(large.status, 413);
});

test("a session that is attached to a secret is the one that it opens", async () => {
  const all = testApp({ EARSHOT_REALTIME: "on" });
  const { body } = await ask(all, {}, { session: { type: "realtime", instructions: "Be brief." } });
  const [, socket] = await all.dial("/v1/realtime", { authorization: `Bearer ${body.value}` });
  socket!.open();
  assertEquals(
    (socket!.messages[0]!.session as { instructions: string }).instructions,
    "Be brief.",
  );
  all.end();
});

test("with an admin token set, only who brings it gets a secret", async () => {
  const all = testApp({ EARSHOT_ADMIN_TOKEN: "the-admin-token" });
  assertEquals((await ask(all)).status, 401);
  assertEquals((await ask(all, { authorization: "Bearer wrong" })).status, 401);
  assertEquals((await ask(all, ADMIN)).status, 200);
  const open = testApp({ EARSHOT_ADMIN_TOKEN: "the-admin-token", EARSHOT_OPEN_PAGE: "1" });
  assertEquals((await ask(open)).status, 200);
});

test("with a key in use, the page is for this machine until somebody says otherwise", async () => {
  const local = { host: "localhost:8080" };
  const here = testApp(KEY_IN_USE);
  assertEquals((await ask(here, local)).status, 200);
  here.remoteAddress = "192.168.1.7";
  const far = await ask(here, local);
  assertEquals(far.status, 403);
  assertStringIncludes(far.body.error.message, "EARSHOT_OPEN_PAGE=1");
  const facing = testApp({ ...KEY_IN_USE, PUBLIC_URL: "https://voice.example" });
  assertEquals((await ask(facing, local)).status, 403);
  assertEquals((await ask(facing, { host: "voice.example" })).status, 403);
  const open = testApp({
    ...KEY_IN_USE,
    PUBLIC_URL: "https://voice.example",
    EARSHOT_OPEN_PAGE: "1",
  });
  assertEquals((await ask(open, { host: "voice.example" })).status, 200);
  // The embedded brain costs nobody anything.
  const echo = testApp({ PUBLIC_URL: "https://voice.example" });
  assertEquals((await ask(echo, { host: "voice.example" })).status, 200);
});

test("no page of others gets a secret, nor one under a name that isn't ours", async () => {
  const all = testApp({ EARSHOT_OPEN_PAGE: "1" });
  const others: Record<string, string>[] = [
    { origin: "https://evil.example" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    // DNS rebinding: the name is theirs, the address ours, and to the browser it is one origin.
    { host: "evil.example:8080", origin: "http://evil.example:8080" },
    { host: "localhost.evil.example" },
  ];
  for (const headers of others) {
    assertEquals(
      (await ask(all, headers)).status,
      403,
      JSON.stringify(headers),
    );
  }
  for (
    const host of ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "192.168.1.5", "earshot.test"]
  ) {
    assertEquals((await ask(all, { host, origin: `http://${host}` })).status, 200, host);
  }
});

test("GET /browser/stream wants a secret, in each place where clients put it, and takes it once", async () => {
  const all = testApp();
  const secret = () => all.deps.secrets.issue().value;
  assertEquals(await dialAs(all, "/browser/stream", {}), 401);
  assertEquals(await dialAs(all, "/browser/stream", { authorization: "Bearer sk-any" }), 401);
  const value = secret();
  assertEquals(await dialAs(all, "/browser/stream", { authorization: `Bearer ${value}` }), 200);
  assertEquals(await dialAs(all, "/browser/stream", { authorization: `Bearer ${value}` }), 401);
  assertEquals(await dialAs(all, `/browser/stream?token=${secret()}`, {}), 200);
  const offered = `realtime, openai-insecure-api-key.${secret()}`;
  assertEquals(await dialAs(all, "/browser/stream", { "sec-websocket-protocol": offered }), 200);
  assertEquals(all.sockets.at(-1)!.subprotocol, "realtime");
  all.end();
});

test("GET /v1/realtime is for programs of this machine, unless a setting opens it", async () => {
  const local = { host: "localhost:8080" };
  const here = testApp();
  const key = (all: TestApp) => ({ authorization: `Bearer ${all.deps.secrets.issue().value}` });
  // SDKs insist on some key.
  assertEquals(await dialAs(here, "/v1/realtime", { ...local, authorization: "Bearer any" }), 200);
  // A page of ours has an origin, and so has to have a secret.
  const page = { ...local, origin: "http://localhost:8080" };
  assertEquals(await dialAs(here, "/v1/realtime", page), 401);
  assertEquals(await dialAs(here, "/v1/realtime", { ...page, ...key(here) }), 200);
  here.remoteAddress = "192.168.1.7";
  assertEquals(await dialAs(here, "/v1/realtime", { ...local, ...key(here) }), 403);
  here.end();
  const on = testApp({ EARSHOT_REALTIME: "on", PUBLIC_URL: "https://voice.example" });
  assertEquals(await dialAs(on, "/v1/realtime", local), 401);
  assertEquals(await dialAs(on, "/v1/realtime", { ...local, ...key(on) }), 200);
  on.end();
  const off = testApp({ EARSHOT_REALTIME: "off" });
  assertEquals(await dialAs(off, "/v1/realtime", { ...local, ...key(off) }), 403);
  const admin = testApp({ EARSHOT_ADMIN_TOKEN: "the-admin-token" });
  admin.remoteAddress = "203.0.113.9";
  assertEquals(await dialAs(admin, "/v1/realtime", ADMIN), 200);
  assertEquals(await dialAs(admin, "/browser/stream", ADMIN), 200);
  admin.end();
});

test("pages of others reach no phone route either", async () => {
  const all = testApp();
  const evil = { origin: "https://evil.example" };
  assertEquals((await all.post("/twilio/voice", { CallSid: "CA1" }, evil)).status, 403);
  assertEquals(await dialAs(all, "/twilio/stream", evil), 403);
  assertEquals(all.deps.registry.closedBecause, null);
});
