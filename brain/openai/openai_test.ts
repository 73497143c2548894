import { assert, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import http from "node:http";
import test from "node:test";
import { createOpenAiBrain, type OpenAiSettings, refusedUpgrade } from "./openai.ts";
import { dial, told, until } from "./test_link.ts";
import { byHand, withServer, withWebSockets } from "./test_peers.ts";

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
