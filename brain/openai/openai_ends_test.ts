import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import net from "node:net";
import test from "node:test";
import { closedEarly } from "./openai.ts";
import { dial, told, until } from "./test_link.ts";
import { byHand, portOf, withServer, withWebSockets } from "./test_peers.ts";

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

test("closedEarly: a failure that may pass is worth another try, a refusal is not", () => {
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
