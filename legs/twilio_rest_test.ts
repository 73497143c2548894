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
import { endCall, redirectCall } from "./twilio_rest.ts";

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

test("endCall asks once, as Twilio's API wants it", async () => {
  await withApi([200], async (apiUrl, seen) => {
    await endCall({ ...ACCOUNT, apiUrl }, "CA1", null);
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

test("endCall puts ids into the path and nowhere else", async () => {
  await withApi([200], async (apiUrl, seen) => {
    await endCall({ ...ACCOUNT, apiUrl }, "../../Accounts?x=1#", null);
    assertStringIncludes(seen[0]!.url!, "/Calls/..%2F..%2FAccounts%3Fx%3D1%23.json");
  });
});

test("endCall: a call that is gone already is what we wanted", async () => {
  await withApi([404], async (apiUrl, seen) => {
    await endCall({ ...ACCOUNT, apiUrl }, "CA1", null);
    assertEquals(seen.length, 1);
  });
});

test("endCall tries again when Twilio or the network stumbles", async () => {
  for (const first of [500, 503, 429, 0]) {
    await withApi([first, 200], async (apiUrl, seen) => {
      await endCall({ ...ACCOUNT, apiUrl }, "CA1", null);
      assertEquals(seen.length, 2, `after ${first}`);
    });
  }
});

test("endCall does not repeat what can only fail, and tells the status without the token", async () => {
  await withApi([401, 200], async (apiUrl, seen) => {
    const error = await assertRejects(() => endCall({ ...ACCOUNT, apiUrl }, "CA1", null));
    assertStringIncludes(error.message, "CA1");
    assertStringIncludes(error.message, "HTTP 401");
    assertNotMatch(error.message, /the-token/);
    assertEquals(seen.length, 1);
  });
});

test("endCall gives up after three attempts", async () => {
  await withApi([500, 502, 503, 200], async (apiUrl, seen) => {
    const beganMs = performance.now();
    await assertRejects(() => endCall({ ...ACCOUNT, apiUrl }, "CA1", null), Error, "HTTP 503");
    assertEquals(seen.length, 3);
    assert(performance.now() - beganMs >= 700, "the pauses are 250 and 500 ms");
  });
});

test("endCall hands a call over by TwiML, and hangs up when Twilio takes none", async () => {
  await withApi([200], async (apiUrl, asked) => {
    await endCall({ ...ACCOUNT, apiUrl }, "CA1", "<Response/>");
    assertEquals(asked.map(({ body }) => body), ["Twiml=%3CResponse%2F%3E"]);
  });
  await withApi([400, 200], async (apiUrl, asked) => {
    await endCall({ ...ACCOUNT, apiUrl }, "CA1", "<Response/>");
    assertEquals(asked.at(-1)!.body, "Status=completed");
  });
});

test("redirectCall doesn't repeat what Twilio has done, though its answer was lost", async () => {
  for (const first of [503, 0]) {
    await withApi([first, 200], async (apiUrl, seen) => {
      await redirectCall({ ...ACCOUNT, apiUrl }, "CA1", "<Response/>", () => seen.length > 0);
      assertEquals(seen.length, 1, `after ${first}`);
    });
  }
});

test("redirectCall asks once more when the stream stays, a while later, and then no more", async () => {
  await withApi([503, 200], async (apiUrl, seen) => {
    const beganMs = performance.now();
    await redirectCall({ ...ACCOUNT, apiUrl }, "CA1", "<Response/>", () => false);
    assertEquals(seen.length, 2);
    assert(performance.now() - beganMs >= 900, "Twilio is given a second to act");
  });
  await withApi([503, 500, 200], async (apiUrl, seen) => {
    const redirected = redirectCall({ ...ACCOUNT, apiUrl }, "CA1", "<Response/>", () => false);
    await assertRejects(() => redirected, Error, "did not redirect call CA1: HTTP 500");
    assertEquals(seen.length, 2);
  });
});
