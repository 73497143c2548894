import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import test from "node:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { createApp } from "../../app.ts";
import { readConfig } from "../../config.ts";
import { createServices } from "../../server/services.ts";
import type { Bindings } from "../../routes/bindings.ts";
import { log } from "../../telemetry/log.ts";
import { about, findings, inShort, runtime, visitWith } from "./testing.ts";
import { checkWayIn } from "./way_in.ts";

const LIMITS = {
  maxMessageBytes: 1024 * 1024,
  pingSeconds: 5,
  pongTimeoutSeconds: 20,
  maxBufferedBytes: 1024 * 1024,
};

/** The real server, in this process, with the echo brain. */
async function startEarshot(env: Record<string, string> = {}) {
  const deps = createServices(readConfig({ EARSHOT_BRAIN: "echo", ...env }), log("test"));
  const app = createApp(deps);
  const server = await runtime.serve(
    { port: 0, hostname: "127.0.0.1", limits: LIMITS },
    (request, context) => app.fetch(request, context as unknown as Bindings["Bindings"]),
  );
  return { deps, port: String(server.port), url: `http://127.0.0.1:${server.port}`, server };
}

/** A server that has one answer to everything, upgrades included. */
async function answering(body: string) {
  const server = createServer((_request, response) => void response.end(body));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, stop: () => void server.close() };
}

test("PUBLIC_URL that leads to this server is good, for requests and for WebSockets", async () => {
  const { url, port, server } = await startEarshot();
  const visit = visitWith({ PUBLIC_URL: url, PORT: port });
  const all = await findings(checkWayIn, visit);
  // Loopback has no TLS, which Twilio would want.
  assertEquals(inShort(all), ["good here", "poor PUBLIC_URL", "good reach", "good WebSocket"]);
  assertStringIncludes(about("PUBLIC_URL", all).measured, "not https");
  assertStringIncludes(about("reach", all).measured, "this server");
  assertEquals(visit.clocks.length > 0, true);
  await server.stop();
});

test("PUBLIC_URL that leads to another earshot is told", async () => {
  const here = await startEarshot();
  const elsewhere = await startEarshot({
    FLY_REGION: "ams",
    FLY_MACHINE_ID: "m7",
    TWILIO_AUTH_TOKEN: "t",
  });
  const visit = visitWith({ PUBLIC_URL: elsewhere.url, PORT: here.port });
  const { verdict, measured } = about("reach", await findings(checkWayIn, visit));
  assertEquals(verdict, "poor");
  assertStringIncludes(measured, "another one answers");
  assertStringIncludes(measured, "(ams, m7)");
  await here.server.stop();
  await elsewhere.server.stop();
});

test("PUBLIC_URL that leads nowhere, or to something else, is told", async () => {
  const nowhere = await findings(
    checkWayIn,
    visitWith({ PUBLIC_URL: "http://127.0.0.1:1", PORT: "1" }),
  );
  assertEquals(inShort(nowhere), ["skipped here", "poor PUBLIC_URL", "poor reach"]);
  const other = await answering("<h1>Welcome</h1>");
  const all = await findings(checkWayIn, visitWith({ PUBLIC_URL: other.url, PORT: "1" }));
  assertStringIncludes(about("reach", all).measured, "/health is not earshot's");
  other.stop();
});

test("a proxy that lets requests through and WebSockets not is told", async () => {
  const health = { uptimeMs: 1000, instance: "m7", region: "ams", version: "0.1.0" };
  const proxy = await answering(JSON.stringify(health));
  const all = await findings(checkWayIn, visitWith({ PUBLIC_URL: proxy.url, PORT: "1" }));
  assertEquals(about("reach", all).verdict, "good");
  assertEquals(about("WebSocket", all).verdict, "poor");
  assertStringIncludes(about("WebSocket", all).measured, "the upgrade was answered with 200");
  assertStringIncludes(about("WebSocket", all).advice!, "proxy");
  proxy.stop();
});

test("a server that is full says so, and one without PUBLIC_URL is looked at all the same", async () => {
  const { port, deps, server } = await startEarshot({ EARSHOT_MAX_CALLS: "1" });
  deps.registry.reserve("CA1");
  const all = await findings(checkWayIn, visitWith({ PORT: port }));
  assertEquals(inShort(all), ["poor here", "skipped PUBLIC_URL"]);
  assertStringIncludes(about("here", all).measured, "is full, 0 of 1 calls");
  await server.stop();
});

test("signatures without PUBLIC_URL are told before Twilio's are refused", async () => {
  const all = await findings(checkWayIn, visitWith({ TWILIO_AUTH_TOKEN: "t", PORT: "1" }));
  assertStringIncludes(about("PUBLIC_URL", all).advice!, "signatures");
});
