import {
  assert,
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertStringIncludes,
} from "@std/assert";
import http from "node:http";
import net from "node:net";
import test from "node:test";
import type { BrainLink } from "../brain.ts";
import type { UpstreamError } from "../errors.ts";
import { closedEarly, createOpenAiBrain, type OpenAiSettings, refusedUpgrade } from "./openai.ts";
import { byHand, portOf, withServer, withWebSockets } from "./test_peers.ts";

const MODEL = "gpt-realtime-2.1";

/** A link whose handlers keep what they are told. */
interface Dialled {
  readonly link: BrainLink;
  readonly messages: string[];
  closes: number;
  /** Resolves with the first `closed`. */
  readonly closed: Promise<UpstreamError | undefined>;
}

function dial(settings: Partial<OpenAiSettings>, heard?: (text: string) => void): Dialled {
  const { promise, resolve } = Promise.withResolvers<UpstreamError | undefined>();
  const messages: string[] = [];
  const brain = createOpenAiBrain({ model: MODEL, connectTimeoutMs: 2000, ...settings });
  const dialled = {
    messages,
    closes: 0,
    closed: promise,
    link: brain.connect({
      message(text) {
        messages.push(text);
        heard?.(text);
      },
      closed(error) {
        dialled.closes++;
        resolve(error);
      },
    }),
  };
  return dialled;
}

const told = (error?: UpstreamError) => error && [error.code, error.status, error.retryable];

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const endMs = performance.now() + 2000; !holds();) {
    if (performance.now() > endMs) throw new Error(`Waited in vain for: ${what}`);
    await new Promise((go) => setTimeout(go, 2));
  }
}

test("the key travels in the header, the model in the query, and no compression is offered", async () => {
  let head = "";
  await withServer(byHand((_, text) => head = text), async (url) => {
    const { link, closed } = dial({ url: `${url}?deployment=x&model=old`, apiKey: "sk-key" });
    await until("the upgrade", () => head !== "");
    assertMatch(head, /^GET \/v1\/realtime\?deployment=x&model=gpt-realtime-2\.1 HTTP\/1\.1\r$/m);
    assertMatch(head, /^authorization: Bearer sk-key\r$/im);
    assertNotMatch(head, /sec-websocket-(extensions|protocol)/i);
    // It would select the old event shapes.
    assertNotMatch(head, /openai-beta/i);
    link.close();
    link.close();
    assertEquals(link.send("late"), false);
    void closed;
  });
});

test("a local endpoint without a key is asked without one", async () => {
  let headers: http.IncomingHttpHeaders | undefined;
  await withWebSockets((_, request) => headers = request.headers, async (url) => {
    dial({ url });
    await until("the upgrade", () => headers !== undefined);
    assertEquals(headers!.authorization, undefined);
  });
});

test("what is sent before the link is open goes out first, in order, up to its bound", async () => {
  const got: string[] = [];
  await withWebSockets(
    (socket) => socket.on("message", (data) => got.push(String(data))),
    async (url) => {
      const { link } = dial({ url, maxPendingMessages: 3 });
      assertEquals(["1", "2", "3", "4", "5"].map((text) => link.send(text)), [
        true,
        true,
        true,
        false,
        false,
      ]);
      await until("the pending messages", () => got.length === 3);
      assert(link.send("6"));
      assert(link.send("7"));
      await until("the later messages", () => got.length === 5);
      assertEquals(got, ["1", "2", "3", "6", "7"]);
    },
  );
});

test("messages arrive whole and in order, a megabyte too; binary ones are passed by", async () => {
  const big = "é".repeat(500_000);
  await withWebSockets((socket) => {
    socket.send("first");
    socket.send(new Uint8Array([1, 2, 3]));
    socket.on("message", (data) => socket.send(String(data)));
  }, async (url) => {
    const { link, messages } = dial({ url });
    link.send(big);
    await until("the echo", () => messages.length === 2);
    assertEquals(messages[0], "first");
    assert(messages[1] === big);
  });
});

test("a message over the limit ends the link for good", async () => {
  await withWebSockets((socket) => socket.send("x".repeat(2000)), async (url) => {
    const { closed, messages } = dial({ url, maxMessageBytes: 1000 });
    assertEquals(told(await closed), ["link_broken", undefined, false]);
    assertEquals(messages, []);
  });
});

for (
  const [status, retryable] of [[401, false], [403, false], [404, false], [429, true], [
    503,
    true,
  ]] as const
) {
  test(`an upgrade refused with ${status} tells its status, the code of its body, and whether to retry`, async () => {
    const body = { error: { code: "the_code", message: "sk-key is bad", type: "some_error" } };
    const server = http.createServer((_, response) => {
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(JSON.stringify(body));
    });
    await withServer(server, async (url) => {
      const beganMs = performance.now();
      const dialled = dial({ url, apiKey: "sk-key" });
      const error = await dialled.closed;
      assertEquals(told(error), ["the_code", status, retryable]);
      assert(performance.now() - beganMs < 1500, "it waited for the deadline");
      assertNotMatch(error!.message, /sk-key/);
      assertEquals(dialled.link.send("late"), false);
      await new Promise((go) => setTimeout(go, 20));
      assertEquals(dialled.closes, 1);
    });
  });
}

test("a refusal whose body never ends is told by its status when the time is up", async () => {
  const server = http.createServer((_, response) => {
    response.writeHead(429, { "Content-Length": "1000" });
    response.write('{"error":');
  });
  await withServer(server, async (url) => {
    const { closed } = dial({ url, connectTimeoutMs: 100 });
    assertEquals(told(await closed), ["http_429", 429, true]);
  });
});

test("refusedUpgrade reads any body", () => {
  assertEquals(told(refusedUpgrade(401, '{"error":{"code":"invalid_api_key"}}')), [
    "invalid_api_key",
    401,
    false,
  ]);
  for (const body of ["", "<html>", "null", "{}", '{"error":"no"}', '{"error":{"code":7}}']) {
    assertEquals(told(refusedUpgrade(500, body)), ["http_500", 500, true]);
    assertEquals(told(refusedUpgrade(408, body)), ["http_408", 408, true]);
    assertEquals(told(refusedUpgrade(404, body)), ["http_404", 404, false]);
  }
});

test("nobody at the port, and a peer that hangs up on us, are worth another try", async () => {
  const free = net.createServer();
  await new Promise<void>((go) => free.listen(0, "127.0.0.1", () => go()));
  const port = portOf(free);
  await new Promise<void>((go) => free.close(() => go()));
  const unreachable = await dial({ url: `ws://127.0.0.1:${port}/` }).closed;
  assertEquals(told(unreachable), ["connect_failed", undefined, true]);
  const rude = net.createServer((socket) => void socket.destroy());
  await withServer(rude, async (url) => {
    assertEquals(told(await dial({ url }).closed), ["connect_failed", undefined, true]);
  });
});

test("a server that takes the connection and says nothing costs the connect timeout", async () => {
  await withServer(net.createServer(), async (url) => {
    const beganMs = performance.now();
    const dialled = dial({ url, connectTimeoutMs: 100 });
    assertEquals(told(await dialled.closed), ["connect_timeout", undefined, true]);
    const tookMs = performance.now() - beganMs;
    assert(tookMs >= 95 && tookMs < 1000, `took ${tookMs} ms`);
    await new Promise((go) => setTimeout(go, 20));
    assertEquals(dialled.closes, 1);
  });
});

test("a peer that answers no ping is dead; one that answers, or speaks, is not", async () => {
  const settings = { pingMs: 20, pongTimeoutMs: 80 };
  await withServer(byHand(() => {}), async (url) => {
    assertEquals(told(await dial({ url, ...settings }).closed), ["ping_timeout", undefined, true]);
  });
  const speaks = byHand((socket) => {
    const timer = setInterval(() => socket.write(new Uint8Array([0x81, 2, 104, 105])), 20);
    socket.on("close", () => clearInterval(timer));
  });
  await withServer(speaks, async (url) => {
    const dialled = dial({ url, ...settings });
    await until("some speech", () => dialled.messages.length >= 10);
    assertEquals(dialled.closes, 0);
  });
  await withWebSockets(() => {}, async (url) => {
    const dialled = dial({ url, ...settings });
    await new Promise((go) => setTimeout(go, 250));
    assertEquals(dialled.closes, 0);
    assert(dialled.link.send("still here"));
  });
});

test("closedEarly: weather is worth another try, a verdict is not", () => {
  for (const code of [1001, 1005, 1006, 1011, 1012, 1013]) {
    assertEquals(told(closedEarly(code, "")), [`closed_${code}`, undefined, true]);
  }
  for (const code of [1002, 1003, 1007, 1008, 1009, 1010, 3000, 4001]) {
    assertEquals(told(closedEarly(code, "")), [`closed_${code}`, undefined, false]);
  }
  assertStringIncludes(closedEarly(1001, "Session ended").message, "(1001: Session ended)");
  assert(closedEarly(1001, "x".repeat(500)).message.length < 200);
});

test("the server's close is told by its code; 1000 is a normal end", async () => {
  for (
    const [code, wanted] of [[1000, undefined], [1001, true], [1008, false], [4001, false]] as const
  ) {
    await withWebSockets((socket) => socket.close(code, "bye"), async (url) => {
      const error = await dial({ url }).closed;
      const expected = wanted === undefined ? undefined : [`closed_${code}`, undefined, wanted];
      assertEquals<unknown>(told(error), expected);
    });
  }
});

test("a link that breaks without a word is closed_1006", async () => {
  await withServer(byHand((socket) => setTimeout(() => socket.destroy(), 20)), async (url) => {
    const error = await dial({ url }).closed;
    assert(error?.retryable);
    assertMatch(error.code, /^(closed_1006|link_broken)$/);
  });
});

test("our own close is normal, told once, before the link is open and after", async () => {
  let seen = 0;
  await withWebSockets((socket) => socket.on("close", (code) => seen = code), async (url) => {
    const early = dial({ url });
    early.link.send("never");
    early.link.close();
    assertEquals(await early.closed, undefined);
    const open = dial({ url });
    open.link.send("hello");
    await new Promise((go) => setTimeout(go, 50));
    open.link.close();
    open.link.close();
    assertEquals(open.link.send("late"), false);
    assertEquals(await open.closed, undefined);
    await until("the server's close", () => seen === 1000);
    assertEquals([early.closes, open.closes], [1, 1]);
  });
});

test("an end that we wanted is normal, even if the server then breaks the link", async () => {
  const rude = byHand((socket) => void socket.on("data", () => socket.destroy()));
  await withServer(rude, async (url) => {
    const { link, closed } = dial({ url });
    await new Promise((go) => setTimeout(go, 50));
    link.close();
    assertEquals(await closed, undefined);
  });
});

test("a brain that reads nothing is not fed past the bound", async () => {
  await withServer(byHand((socket) => void socket.pause()), async (url) => {
    const { link } = dial({ url, maxBufferedBytes: 100_000, maxPendingMessages: 1 });
    link.send("early");
    await new Promise((go) => setTimeout(go, 50));
    const text = "x".repeat(64 * 1024);
    let taken = 0;
    // The kernel takes a few MB on loopback before anything waits here.
    while (taken < 400 && link.send(text)) taken++;
    assert(taken < 400, "nothing was ever refused");
    assert(link.bufferedBytes() > 100_000);
    assert(link.bufferedBytes() < 100_000 + 2 * text.length);
    link.close();
  });
});

test("connect never throws: unusable settings arrive through closed, without their value", async () => {
  const bad: Partial<OpenAiSettings>[] = [
    { url: "nonsense" },
    { url: "ws://127.0.0.1:9/#fragment" },
    { url: "ws://127.0.0.1:9/", apiKey: "sk-sécret\n…" },
  ];
  for (const settings of bad) {
    const dialled = dial(settings);
    assertEquals(dialled.link.send("text"), false);
    assertEquals(dialled.link.bufferedBytes(), 0);
    assertEquals(dialled.closes, 0);
    const error = await dialled.closed;
    assertEquals(told(error), ["bad_settings", undefined, false]);
    assertNotMatch(error!.message, /cret|nonsense|fragment/);
  }
});

test("a handler that throws costs its own link, never the process", async () => {
  await withWebSockets((socket) => {
    socket.send("one");
    socket.send("two");
  }, async (url) => {
    const dialled = dial({ url }, () => {
      throw new RangeError("what was said");
    });
    const error = await dialled.closed;
    assertEquals(told(error), ["handler_failed", undefined, false]);
    assertNotMatch(error!.message, /what was said/);
    await new Promise((go) => setTimeout(go, 20));
    assertEquals([dialled.messages.length, dialled.closes], [1, 1]);
  });
});

test("createOpenAiBrain names itself and its model", () => {
  const brain = createOpenAiBrain({ model: "m" });
  assertEquals([brain.name, brain.model], ["openai", "m"]);
});
