/**
 * An instance whose calls end in an apology says so: at `/health`, in `/metrics`, and, where a
 * setting asks for it, at `/ready`.
 *
 * @module
 */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { Phone } from "../../cli/phone/phone.ts";
import { startServer, type Target, type TestServer } from "../server.ts";

/** The longest that a call without a brain may last: the budget, the apology, the hang-up. */
const APOLOGY_MS = 30_000;

async function askFor(server: TestServer, path: string) {
  const answer = await fetch(server.url + path);
  return { status: answer.status, text: await answer.text() };
}

/** Resolves when `/ready` says this; it is asked as a load balancer asks. */
async function untilReady(server: TestServer, wanted: { status: number; reason: string | null }) {
  const deadlineMs = performance.now() + 15_000;
  for (;;) {
    const { status, text } = await askFor(server, "/ready");
    const { reason } = JSON.parse(text);
    if (status === wanted.status && reason === wanted.reason) return;
    assertLess(performance.now(), deadlineMs, `still ${status} ${text}`);
    await new Promise((go) => setTimeout(go, 250));
  }
}

export function failuresShowSuite(target: Target): void {
  describe(`failures show on ${target}`, () => {
    it("calls that lose their brain turn health to degraded, with the figures", async () => {
      const server = await startServer(target, { OPENAI_REALTIME_URL: "ws://127.0.0.1:9" });
      try {
        assertEquals(JSON.parse((await askFor(server, "/health")).text).status, "ok");
        await Promise.all([1, 2, 3].map(async () => {
          const phone = new Phone({ webhookUrl: `${server.url}/twilio/voice` });
          await phone.dial();
          await phone.ended;
        }));
        const deadlineMs = performance.now() + APOLOGY_MS;
        let health = JSON.parse((await askFor(server, "/health")).text);
        while (health.status !== "degraded") {
          assertLess(performance.now(), deadlineMs, JSON.stringify(health));
          await new Promise((go) => setTimeout(go, 100));
          health = JSON.parse((await askFor(server, "/health")).text);
        }
        assertStringIncludes(health.degradedBecause.join("\n"), "lost their brain");
        const { text } = await askFor(server, "/metrics");
        assertMatch(text, /^earshot_degraded\{reason="calls_lost",region="local"\} 1$/m);
        assertEquals((await askFor(server, "/ready")).status, 200, "nobody asked for more");
      } finally {
        await server.stop();
      }
    });

    it("an instance that can't reach its brain is not ready, if asked to, until it can", async () => {
      let upgrades = 0;
      const keys: unknown[] = [];
      let status = 503;
      const http = createServer();
      http.on("upgrade", (request, socket) => {
        upgrades++;
        keys.push(request.headers.authorization);
        socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      });
      await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
      const server = await startServer(target, {
        OPENAI_API_KEY: "sk-test-secret",
        OPENAI_REALTIME_URL: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`,
        EARSHOT_READY_NEEDS_BRAIN: "1",
      });
      try {
        await untilReady(server, { status: 503, reason: "brain_unreachable" });
        const health = JSON.parse((await askFor(server, "/health")).text);
        assertEquals([health.status, health.degradedBecause], ["degraded", [
          "The brain can't be reached (http_503)",
        ]]);
        const { text } = await askFor(server, "/metrics");
        assertMatch(text, /^earshot_degraded\{reason="unreachable",region="local"\} 1$/m);
        // Without a key it is refused, and that is an answer.
        status = 401;
        await untilReady(server, { status: 200, reason: null });
        assertLess(upgrades, 6, "it looks once in five seconds");
        assertEquals(new Set(keys), new Set([undefined]), "the key is not shown");
      } finally {
        await server.stop();
        http.close();
      }
    });
  });
}
