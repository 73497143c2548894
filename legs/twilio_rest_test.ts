import test from "node:test";
import {
  assert,
  assertEquals,
  assertNotMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { hangUpCall } from "./twilio_rest.ts";

const ACCOUNT = { accountSid: "AC0123456789abcdef0123456789abcdef", authToken: "the-token" };

interface Seen {
  readonly method?: string;
  readonly url?: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** An API that answers with each of `statuses` in turn; 0 breaks the connection. */
async function withApi(
  statuses: readonly number[],
  use: (apiUrl: string, seen: Seen[]) => Promise<void>,
): Promise<void> {
  const seen: Seen[] = [];
  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => body += piece);
    request.on("end", () => {
      const { method, url, headers } = request;
      const status = statuses[seen.length] ?? 500;
      seen.push({ method, url, headers, body });
      if (status === 0) return request.socket.destroy();
      response.writeHead(status, { "Content-Type": "application/json", Connection: "close" });
      response.end(JSON.stringify({ status }));
    });
  });
  await new Promise<void>((go) => server.listen(0, "127.0.0.1", () => go()));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen);
  } finally {
    server.close();
  }
}

test("hangUpCall asks once, as Twilio's API wants it", async () => {
  await withApi([200], async (apiUrl, seen) => {
    await hangUpCall({ ...ACCOUNT, apiUrl }, "CA1");
    assertEquals(seen.length, 1);
    const { method, url, headers, body } = seen[0]!;
    assertEquals(
      [method, url, body],
      ["POST", `/2010-04-01/Accounts/${ACCOUNT.accountSid}/Calls/CA1.json`, "Status=completed"],
    );
    assertEquals(headers.authorization, `Basic ${btoa(`${ACCOUNT.accountSid}:the-token`)}`);
    assertStringIncludes(headers["content-type"]!, "application/x-www-form-urlencoded");
  });
});

test("hangUpCall puts ids into the path and nowhere else", async () => {
  await withApi([200], async (apiUrl, seen) => {
    await hangUpCall({ ...ACCOUNT, apiUrl }, "../../Accounts?x=1#");
    assertStringIncludes(seen[0]!.url!, "/Calls/..%2F..%2FAccounts%3Fx%3D1%23.json");
  });
});

test("hangUpCall: a call that is gone already is what we wanted", async () => {
  await withApi([404], async (apiUrl, seen) => {
    await hangUpCall({ ...ACCOUNT, apiUrl }, "CA1");
    assertEquals(seen.length, 1);
  });
});

test("hangUpCall tries again when Twilio or the network stumbles", async () => {
  for (const first of [500, 503, 429, 0]) {
    await withApi([first, 200], async (apiUrl, seen) => {
      await hangUpCall({ ...ACCOUNT, apiUrl }, "CA1");
      assertEquals(seen.length, 2, `after ${first}`);
    });
  }
});

test("hangUpCall does not repeat what can only fail, and tells the status without the token", async () => {
  await withApi([401, 200], async (apiUrl, seen) => {
    const error = await assertRejects(() => hangUpCall({ ...ACCOUNT, apiUrl }, "CA1"));
    assertStringIncludes(error.message, "CA1");
    assertStringIncludes(error.message, "HTTP 401");
    assertNotMatch(error.message, /the-token/);
    assertEquals(seen.length, 1);
  });
});

test("hangUpCall gives up after three attempts", async () => {
  await withApi([500, 502, 503, 200], async (apiUrl, seen) => {
    const beganMs = performance.now();
    await assertRejects(() => hangUpCall({ ...ACCOUNT, apiUrl }, "CA1"), Error, "HTTP 503");
    assertEquals(seen.length, 3);
    assert(performance.now() - beganMs >= 700, "the pauses are 250 and 500 ms");
  });
});
