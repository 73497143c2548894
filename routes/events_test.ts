/**
 * The stream of events over real sockets: what it tells, and that whoever leaves, or reads too slowly,
 * leaves nothing behind.
 *
 * @module
 */

import net from "node:net";
import test from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { History } from "../server/history.ts";
import { readConfig } from "../config.ts";
import type { TurnRecord } from "../telemetry/turn.ts";
import type { Bindings } from "./bindings.ts";
import { EventFeed, type EventFeedSettings, eventText } from "../server/event_feed.ts";
import { eventRoutes } from "./events.ts";

const { runtime } = "Bun" in globalThis
  ? await import("../runtime/bun.ts")
  : await import("../runtime/deno.ts");

const LIMITS = {
  maxMessageBytes: 1000,
  pingSeconds: 5,
  pongTimeoutSeconds: 20,
  maxBufferedBytes: 1000,
};

const TURN: TurnRecord = {
  callId: "CA1",
  n: 1,
  kind: "answer",
  startedAtMs: 0,
  stages: { firstSentMs: 500 },
  totalMs: 500,
};

/** What the feed holds on to while somebody listens. */
class WatchedHistory extends History {
  watchers = 0;
  override watch(watcher: Parameters<History["watch"]>[0]) {
    this.watchers++;
    const leave = super.watch(watcher);
    return () => {
      this.watchers--;
      leave();
    };
  }
}

async function serve(
  settings: Partial<EventFeedSettings> = {},
  health: unknown = { status: "ok" },
) {
  const history = new WatchedHistory();
  const feed = new EventFeed(history, () => health, { healthEveryMs: 20, ...settings });
  const app = eventRoutes({ config: readConfig({}), events: feed });
  const server = await runtime.serve(
    { port: 0, hostname: "127.0.0.1", limits: LIMITS },
    (request, context) => app.fetch(request, context as unknown as Bindings["Bindings"]),
  );
  return { history, feed, server, url: `http://127.0.0.1:${server.port}/` };
}

async function until(what: string, condition: () => boolean, ms = 5000): Promise<void> {
  const endMs = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > endMs) throw new Error(`Waited ${ms} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A listener that gathers what it hears. */
async function follow(url: string) {
  const abort = new AbortController();
  const answer = await fetch(url, { signal: abort.signal });
  let heard = "";
  const ended = (async () => {
    try {
      for await (const text of answer.body!.pipeThrough(new TextDecoderStream())) heard += text;
      return "closed";
    } catch {
      return "broken";
    }
  })();
  return {
    answer,
    ended,
    leave: () => abort.abort(),
    events: () =>
      heard.split("\n\n").slice(0, -1).map((text) => {
        const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(text)!;
        return [event, JSON.parse(data!)] as const;
      }),
  };
}

test("a listener hears of health at once and again, and of calls and turns as they come", async () => {
  const { history, feed, server, url } = await serve();
  const listener = await follow(url);
  assertEquals(listener.answer.headers.get("content-type"), "text/event-stream");
  await until("health", () => listener.events().length >= 3);
  assertEquals(listener.events()[0], ["health", { status: "ok" }]);
  history.began("CA1", "twilio", () => null);
  history.turned("CA1", TURN);
  history.ended("CA1", "caller_hung_up");
  const news = () => listener.events().filter(([event]) => event !== "health");
  await until("news", () => news().length === 4);
  assertEquals(news().map(([event]) => event), ["call", "turn", "call", "call"]);
  assertEquals(news()[1]![1], { callId: "CA1", turn: TURN });
  assertEquals(news().map(([, data]) => data.state), ["live", undefined, "live", "done"]);
  assertEquals(news()[3]![1], history.list()[0]);
  feed.close();
  assertEquals(await listener.ended, "closed");
  await server.stop();
});

test("who leaves is forgotten, and nothing runs on when nobody is left", async () => {
  const { history, feed, server, url } = await serve();
  const first = await follow(url);
  const second = await follow(url);
  assertEquals([feed.listeners, history.watchers], [2, 1]);
  first.leave();
  await until("one to be gone", () => feed.listeners === 1);
  second.leave();
  await until("both to be gone", () => feed.listeners === 0);
  assertEquals(history.watchers, 0);
  const third = await follow(url);
  await until("health", () => third.events().length >= 2);
  third.leave();
  await until("the last to be gone", () => feed.listeners === 0);
  await server.stop();
});

test("one listener too many is refused with the setting's name, and fits in when one has left", async () => {
  const { feed, server, url } = await serve({ maxListeners: 1 });
  const listener = await follow(url);
  const refused = await fetch(url);
  assertEquals(refused.status, 429);
  assertStringIncludes(await refused.text(), "EARSHOT_MAX_LISTENERS is 1");
  listener.leave();
  await until("room", () => feed.listeners === 0);
  const next = await fetch(url);
  assertEquals(next.status, 200);
  await next.body!.cancel();
  feed.close();
  await server.stop();
});

test("a listener who does not read is dropped, and those who read go on", async () => {
  const { feed, server, url } = await serve(
    { healthEveryMs: 1, maxWaiting: 50 },
    { filler: "x".repeat(20_000) },
  );
  const reader = await follow(url);
  const socket = net.connect(server.port, "127.0.0.1");
  socket.on("error", () => {});
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  socket.pause();
  socket.write("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  await until("both to listen", () => feed.listeners === 2);
  await until("the slow one to be dropped", () => feed.listeners === 1, 10_000);
  const before = reader.events().length;
  await until("more", () => reader.events().length > before);
  socket.destroy();
  reader.leave();
  await until("all to be gone", () => feed.listeners === 0);
  await server.stop();
});

test("what waits for a listener is bounded in characters too, and reading makes room again", async () => {
  let tell: Parameters<History["watch"]>[0] = () => {};
  const history = {
    watch(watcher: typeof tell) {
      tell = watcher;
      return () => {};
    },
  };
  const size = eventText("turn", { callId: "CA1", turn: TURN }).length;
  const feed = new EventFeed(history, () => "", { maxWaitingChars: 3 * size });
  const listener = feed.listen()!;
  let dropped = 0;
  listener.dropped = () => dropped++;
  await listener.next();
  const turn = () => tell({ type: "turn", callId: "CA1", turn: TURN });
  for (let i = 0; i < 3; i++) turn();
  assertEquals((await listener.next())!.length, 3 * size);
  for (let i = 0; i < 3; i++) turn();
  assertEquals([dropped, feed.listeners], [0, 1]);
  turn();
  assertEquals([dropped, feed.listeners], [1, 0]);
  assertEquals(await listener.next(), null);
});

test("HEAD takes no listener's place: nobody would ever leave it", async () => {
  const { feed, server, url } = await serve();
  const answer = await fetch(url, { method: "HEAD" });
  assertEquals([answer.status, feed.listeners], [200, 0]);
  assertEquals(answer.headers.get("content-type"), "text/event-stream");
  await server.stop();
});

test("a closed feed takes nobody", () => {
  const feed = new EventFeed(new History(), () => ({}));
  const listener = feed.listen()!;
  feed.close();
  assertEquals([feed.listeners, feed.listen()], [0, null]);
  return listener.next().then((text) => assertEquals(text, null));
});

test("a burst is told in order, in one piece", async () => {
  const history = new History();
  const feed = new EventFeed(history, () => 0);
  const listener = feed.listen()!;
  history.began("CA1", "browser", () => null);
  history.turned("CA1", TURN);
  const text = (await listener.next())!;
  assert(text.startsWith(eventText("health", 0) + "event: call\n"));
  assertStringIncludes(text, eventText("turn", { callId: "CA1", turn: TURN }));
  listener.leave();
});

test("what is in the data stays in the data, whatever line breaks it holds", () => {
  assertEquals(eventText("call", { id: "a\n\nevent: x" }).split("\n").length, 4);
});
