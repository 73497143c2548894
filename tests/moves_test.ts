/**
 * Calls that outlive their machine, against the binary: two instances behind one address, and one of
 * them goes.
 *
 * @module
 */

import process from "node:process";
import { describe, it } from "node:test";
import { WebSocket } from "ws";
import { assert, assertEquals, assertLess } from "@std/assert";
import { within } from "../runtime/within.ts";
import { clientSecret } from "./calls/browser.ts";
import { PageLab, skip } from "./page_browser.ts";
import { startBadApi } from "./moves/bad_api.ts";
import { Fleet } from "./moves/fleet.ts";
import { ANSWER_WORDS } from "./faults/words.ts";
import { type FaultCall, wordsOfCaller } from "./faults/fault_call.ts";

const late = (what: string) => () => {
  throw new Error(`It took too long until ${what}`);
};

/** A call that was greeted, asked something and got its answer. */
async function talking(fleet: Fleet): Promise<FaultCall> {
  const call = fleet.phone();
  await call.dial();
  assert(await call.heard(0, ANSWER_WORDS, 8000), "the greeting");
  const { question } = call.ask();
  assert(await call.heard(question, ANSWER_WORDS, 10_000), "the first answer");
  return call;
}

const greetings = (fleet: Fleet) =>
  fleet.brain.counting.answers.filter(({ question }) => question === 0).length;

async function answers(call: FaultCall, what: string): Promise<void> {
  const { question } = call.ask();
  assert(await call.heard(question, ANSWER_WORDS, 10_000), what);
}

describe("a call whose machine goes", () => {
  it("is moved at the drain's deadline, between two turns, and isn't greeted again", async () => {
    const fleet = await Fleet.start(2);
    try {
      const call = await talking(fleet);
      const [a, b] = fleet.instances;
      a!.signal("SIGTERM");
      // The stream is there before its socket is open, and so before it has started.
      const started = () => Number.isFinite(call.phone.streams[1]?.startedAtMs);
      await call.phone.waitFor(started, 5000, "a second stream");
      const [first, second] = call.phone.streams;
      assertLess(second!.startedAtMs - first!.end!.atMs, 3000);
      assertEquals(await within(10_000, a!.exited, late("A has gone")), 0);
      await answers(call, "an answer at B");
      assertEquals(greetings(fleet), 1);
      assert(/"A call goes on here"[^\n]*"known":true/.test(b!.output()), b!.output());
      assertEquals(fleet.front.replays, 1);
      assertEquals(call.phone.end, undefined);
      await call.phone.hangUp();
    } finally {
      await fleet.close();
    }
  });

  it("is moved in the midst of an answer, and each word of it is heard", async () => {
    const fleet = await Fleet.start(2);
    try {
      const call = await talking(fleet);
      const { question } = call.ask();
      assert(await call.heard(question, 3, 10_000), "three words");
      fleet.instances[0]!.signal("SIGTERM");
      assert(await call.heard(question, ANSWER_WORDS, 10_000), "the rest");
      const answer = call.answerTo(question)!;
      assert(answer.times.every((times) => times > 0), String(answer.times));
      // The word that was cut is said again, and no other.
      assert(answer.times.filter((times) => times > 1).length <= 1, String(answer.times));
      assertLess(answer.longestSilenceMs, 3000);
      assertEquals(call.phone.streams.length, 2);
      await call.phone.hangUp();
    } finally {
      await fleet.close();
    }
  });

  it("is moved in the midst of a question, which is answered as a whole", async () => {
    const fleet = await Fleet.start(2);
    try {
      const call = await talking(fleet);
      const asked = call.ask();
      await new Promise((go) => setTimeout(go, 700));
      fleet.instances[0]!.signal("SIGTERM");
      assert(await call.heard(asked.question, ANSWER_WORDS, 10_000), "the answer");
      const counted = fleet.brain.counting.answers.findLast((one) =>
        one.question === asked.question
      );
      // Nobody carries what is said between two streams; a word or two of 200 ms.
      assertLess(wordsOfCaller(asked, counted!.frames).lost, 3);
      await call.phone.hangUp();
    } finally {
      await fleet.close();
    }
  });

  for (const fault of ["fails", "hangs", "fails after it has acted"] as const) {
    it(`goes on with what was said though Twilio's API ${fault}`, async () => {
      const api = await startBadApi(fault);
      const fleet = await Fleet.start(2, { TWILIO_API_URL: api.url });
      api.good = fleet.api.url;
      try {
        const call = await talking(fleet);
        const [a, b] = fleet.instances;
        a!.signal("SIGTERM");
        const started = () => Number.isFinite(call.phone.streams[1]?.startedAtMs);
        await call.phone.waitFor(started, 8000, "a second stream");
        assertEquals(await within(10_000, a!.exited, late("A has gone")), 0);
        await answers(call, "an answer at B");
        assertEquals(call.phone.streams.length, 2);
        assertEquals(greetings(fleet), 1);
        assert(/"A call goes on here"[^\n]*"known":true/.test(b!.output()), b!.output());
        assert(api.asked.every((form) => form.startsWith("Twiml=")), "nobody hung up");
        await call.phone.hangUp();
      } finally {
        await fleet.close();
        await api.close();
      }
    });
  }

  it("comes back when the machine is killed, and isn't greeted again", async () => {
    const fleet = await Fleet.start(2);
    try {
      const call = await talking(fleet);
      const [a, b] = fleet.instances;
      process.kill(a!.pid, "SIGKILL");
      const goneAtMs = call.phone.now();
      await call.phone.waitFor(() => call.phone.streams.length === 2, 5000, "a second stream");
      const backAtMs = await call.phone.waitForAudio(5000, goneAtMs + 100);
      assertLess(backAtMs - goneAtMs, 6000);
      await call.phone.waitForSilence(300, 8000);
      await answers(call, "an answer at B");
      assert(/"A call goes on here"[^\n]*"known":false/.test(b!.output()), b!.output());
      await call.phone.hangUp();
    } finally {
      await fleet.close();
    }
  });
});

type News = { type: string; callId?: string; token?: string } & Record<string, unknown>;

/** A browser's wire, without a browser. */
class Page {
  readonly news: News[] = [];
  readonly closed: Promise<number>;
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data, isBinary) => {
      if (!isBinary) this.news.push(JSON.parse(String(data)));
    });
    this.closed = new Promise((resolve) => socket.on("close", (code: number) => resolve(code)));
  }

  /** @returns The page, or the status with which it was refused. */
  static async dial(fleet: Fleet, query = ""): Promise<Page | number> {
    const url = `${fleet.front.url.replace("http", "ws")}/browser/stream?rate=8000${query}`;
    // Who comes back has a token already.
    const key = query === "" ? [`openai-insecure-api-key.${await clientSecret(url)}`] : [];
    return await new Promise((resolve, reject) => {
      const socket = new WebSocket(url, ["realtime", ...key]);
      const page = new Page(socket);
      socket.on("open", () => resolve(page));
      socket.on("unexpected-response", (_request, { statusCode }) => resolve(statusCode!));
      socket.on("error", reject);
    });
  }

  async told(type: string): Promise<News> {
    for (let i = 0; i < 500; i++) {
      const found = this.news.find((news) => news.type === type);
      if (found) return found;
      await new Promise((go) => setTimeout(go, 10));
    }
    throw new Error(`Nobody said ${type}: ${JSON.stringify(this.news)}`);
  }

  /** How another wire goes on with this call. */
  async resume(): Promise<string> {
    const { callId, token } = await this.told("resume");
    return `&call=${callId}&resume=${token}`;
  }

  type(text: string): void {
    this.#socket.send(JSON.stringify({ type: "text", text }));
  }

  /** The network goes: nobody says goodbye. */
  lose(): void {
    this.#socket.terminate();
  }
}

async function dialled(fleet: Fleet, query = ""): Promise<Page> {
  const page = await Page.dial(fleet, query);
  if (typeof page === "number") throw new Error(`The page was refused with ${page}`);
  await page.told("ready");
  return page;
}

describe("a browser whose line breaks", () => {
  it("goes on where it was, with a token that is good once, for its own call", async () => {
    const fleet = await Fleet.start(1);
    try {
      const page = await dialled(fleet);
      const other = await dialled(fleet);
      const again = await page.resume();
      page.lose();
      const callId = (await page.told("ready")).callId;
      const otherToken = (await other.told("resume")).token;
      assertEquals(await Page.dial(fleet, `&call=${callId}&resume=${otherToken}`), 403);
      assertEquals(await Page.dial(fleet, `&call=${callId}&resume=x.y`), 403);
      assertEquals(await Page.dial(fleet, `&call=${callId}`), 403);
      assertEquals(await Page.dial(fleet, again.replace("WEB", "CA")), 403);
      const back = await dialled(fleet, again);
      assertEquals((await back.told("ready")).callId, callId);
      assertEquals(await Page.dial(fleet, again), 403, "a second time");
      const [a] = fleet.instances;
      assert(/"A call goes on here"[^\n]*"known":true/.test(a!.output()), a!.output());
      // A line that only seems to be alive is taken over too.
      const taken = await dialled(fleet, await back.resume());
      assertEquals(await within(2000, back.closed, late("the old line is closed")), 1000);
      taken.lose();
      other.lose();
    } finally {
      await fleet.close();
    }
  });

  it("is told by an instance that goes, and goes on at another one", async () => {
    const fleet = await Fleet.start(2);
    try {
      const page = await dialled(fleet);
      const [a, b] = fleet.instances;
      a!.signal("SIGTERM");
      await page.told("reconnect");
      assertEquals(await within(2000, page.closed, late("the line is closed")), 1012);
      const back = await dialled(fleet, await page.resume());
      assertEquals((await back.told("ready")).callId, (await page.told("ready")).callId);
      assert(/"A call goes on here"[^\n]*"known":true/.test(b!.output()), b!.output());
      assertEquals(await within(10_000, a!.exited, late("A has gone")), 0);
      back.lose();
    } finally {
      await fleet.close();
    }
  });

  it(
    "says so on the page, and the call goes on when its machine was killed",
    { skip },
    async () => {
      const fleet = await Fleet.start(2);
      const lab = await PageLab.at({ url: fleet.front.url, stop() {} });
      try {
        await lab.visit(
          "",
          async (page) => {
            await page.fill("#chat-text", "Where is my order?");
            await page.keyboard.press("Enter");
            await page.locator("#call-status", { hasText: "Type, or press Talk" }).waitFor();
            const shown = page.locator("#call-status", { hasText: "Reconnecting" }).waitFor();
            process.kill(fleet.instances[0]!.pid, "SIGKILL");
            await shown;
            await page.locator("#call-status", { hasText: "Type, or press Talk" }).waitFor();
            await page.fill("#chat-text", "Are you still there?");
            await page.keyboard.press("Enter");
            const lines = page.locator(".line.agent");
            await page.waitForFunction(
              (before) => document.querySelectorAll(".line.agent").length > before,
              await lines.count(),
            );
            assertEquals(await page.getAttribute("#call-stage", "data-call"), "live");
          },
          undefined,
          /WebSocket|Failed to load/,
        );
        const [, b] = fleet.instances;
        assert(/"A call goes on here"/.test(b!.output()), b!.output());
      } finally {
        await lab.close();
        await fleet.close();
      }
    },
  );
});
