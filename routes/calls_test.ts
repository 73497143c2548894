import test from "node:test";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { History } from "../server/history.ts";
import { readConfig } from "../config.ts";
import { callRoutes } from "./calls.ts";

const TOKEN = "the operator's own";
const ID = "CA0123456789abcdef0123456789abcdef";

function made(env: Record<string, string> = {}) {
  const history = new History();
  history.began(ID, "twilio", () => null);
  const app = callRoutes({ config: readConfig(env), history });
  const get = (path: string, headers: Record<string, string> = {}, remoteAddress = "127.0.0.1") =>
    app.request(path, { headers: { host: "localhost:8080", ...headers } }, { remoteAddress });
  return { history, get };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test("GET / lists the calls, GET /:id shows one with its turns", async () => {
  const { history, get } = made();
  history.turned(ID, {
    callId: ID,
    n: 1,
    kind: "answer",
    startedAtMs: 0,
    stages: { firstSentMs: 500 },
    totalMs: 500,
  });
  const { calls } = await (await get("/")).json();
  assertEquals([calls.length, calls[0].id, calls[0].turns], [1, ID, 1]);
  const call = await (await get(`/${ID}`)).json();
  assertEquals({ ...call, turns: 1 }, { ...calls[0], durationMs: call.durationMs });
  assertEquals(call.turns[0].stages, { firstSentMs: 500 });
});

test("a call that is not kept is a 404 that names it, and echoes no more than an id's length", async () => {
  const { get } = made();
  const answer = await get("/CA404");
  assertEquals(answer.status, 404);
  assertStringIncludes(await answer.text(), '"CA404"');
  assertEquals((await (await get(`/${"x".repeat(5000)}`)).text()).length < 200, true);
});

test("with a token set, only who brings it is answered, wherever they come from", async () => {
  const { get } = made({ EARSHOT_ADMIN_TOKEN: TOKEN });
  const far = { host: "earshot.example", "x-forwarded-for": "203.0.113.9" };
  assertEquals((await get("/", { ...far, ...bearer(TOKEN) })).status, 200);
  const { get: ask } = made({ EARSHOT_ADMIN_TOKEN: "s3cret" });
  assertEquals((await ask("/", { ...far, ...bearer("s3cret") })).status, 200);
  assertEquals((await ask("/", { ...far, authorization: "bearer s3cret" })).status, 200);
  for (const headers of [{}, bearer("s3cre"), bearer("s3cret2"), { authorization: "s3cret" }]) {
    const answer = await ask(`/${ID}`, headers as Record<string, string>);
    assertEquals(answer.status, 401);
    assertEquals(answer.headers.get("www-authenticate"), "Bearer");
    assertEquals((await answer.text()).includes("s3cret"), false);
  }
});

test("without a token, only requests from this machine's own sockets are answered", async () => {
  const { get } = made();
  for (const address of ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]) {
    assertEquals((await get("/", {}, address)).status, 200, address);
  }
  // Whoever wants to be taken for local writes Host: localhost; the socket tells another story.
  for (const address of ["203.0.113.9", "10.0.0.1", "::ffff:10.0.0.1", "2001:db8::1", ""]) {
    assertEquals((await get("/", { host: "localhost:8080" }, address)).status, 403, address);
  }
});

test("without a token, nothing is shown behind a public URL: what stands in front may be silent", async () => {
  const { get } = made({ PUBLIC_URL: "https://earshot.example" });
  assertEquals((await get("/")).status, 403);
  assertEquals((await made({ PUBLIC_URL: "http://localhost:8080" }).get("/")).status, 200);
});

test("without a token, only requests to this machine's own name are answered", async () => {
  const { get } = made();
  for (const host of ["localhost", "127.0.0.1:8080", "127.1.2.3", "[::1]:8080", "LOCALHOST:1"]) {
    assertEquals((await get("/", { host })).status, 200, host);
  }
  for (const host of ["earshot.example", "localhost.example", "127.0.0.1.example", "10.0.0.1"]) {
    const answer = await get("/", { host });
    assertEquals(answer.status, 403, host);
    assertMatch(await answer.text(), /set EARSHOT_ADMIN_TOKEN/);
  }
});

test("without a token, what came through a proxy or from a page of others is refused", async () => {
  const { get } = made();
  const refused: Record<string, string>[] = [
    { "x-forwarded-for": "203.0.113.9" },
    { forwarded: "for=203.0.113.9" },
    { "fly-client-ip": "203.0.113.9" },
    { "x-real-ip": "203.0.113.9" },
    { "cf-connecting-ip": "203.0.113.9" },
    { "x-client-ip": "203.0.113.9" },
    { "x-forwarded-port": "443" },
    { "x-forwarded-server": "proxy.example" },
    { "x-original-host": "earshot.example" },
    { "sec-fetch-site": "cross-site" },
    { origin: "https://evil.example" },
  ];
  for (const headers of refused) {
    assertEquals((await get("/", headers)).status, 403, JSON.stringify(headers));
  }
  assertEquals((await get("/", { "sec-fetch-site": "same-origin" })).status, 200);
});

test("on Fly nothing is shown without a token, whatever the Host header says", async () => {
  const fly = { FLY_REGION: "iad", TWILIO_AUTH_TOKEN: "t" };
  assertEquals((await made(fly).get("/")).status, 403);
  const { get } = made({ ...fly, EARSHOT_ADMIN_TOKEN: "s3cret" });
  assertEquals((await get("/", bearer("s3cret"))).status, 200);
});

test("what the operator sees is kept in no cache", async () => {
  assertEquals((await made().get("/")).headers.get("cache-control"), "no-store");
});
