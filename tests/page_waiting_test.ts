/**
 * The page before the agent is there: it says so, takes what is typed, pressed and said, and gives
 * it to the server in order. The server is a stub, so that a test says when its session stands.
 *
 * @module
 */

import { after, before, describe, it } from "node:test";
import type { Page, WebSocketRoute } from "playwright-core";
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { PageLab, picture, skip } from "./page_browser.ts";

/** Bun gives a test 5 s unless it is told otherwise. */
const PATIENT = { timeout: 60_000 };
const READY = { type: "ready", callId: "a", brain: "test", model: "m", turns: "server" };

/** The server's end of one call. */
class Stub {
  readonly messages: Record<string, unknown>[] = [];
  frames = 0;
  readonly #socket: WebSocketRoute;

  constructor(socket: WebSocketRoute) {
    this.#socket = socket;
    socket.onMessage((message) => {
      if (typeof message === "string") this.messages.push(JSON.parse(message));
      else this.frames++;
    });
  }

  tell(news: object): void {
    this.#socket.send(JSON.stringify(news));
  }

  hangUp(code: number, reason: string): Promise<void> {
    return this.#socket.close({ code, reason });
  }

  async until(fits: () => boolean): Promise<void> {
    for (let i = 0; i < 300 && !fits(); i++) await new Promise((go) => setTimeout(go, 20));
    assert(fits(), JSON.stringify(this.messages));
  }
}

async function type(page: Page, text: string): Promise<void> {
  await page.fill("#chat-text", text);
  await page.keyboard.press("Enter");
}

describe("the page, before the agent is there", { skip }, () => {
  let lab: PageLab;

  before(async () => {
    lab = await PageLab.open();
  });

  after(async () => {
    await lab?.close();
  });

  /** Visits the page with a stub in the server's place. */
  async function visit(work: (page: Page, stub: () => Promise<Stub>) => Promise<void>) {
    await lab.visit("", async (page) => {
      let opened!: (stub: Stub) => void;
      const stub = new Promise<Stub>((go) => opened = go);
      await page.routeWebSocket(/browser\/stream/, (socket) => opened(new Stub(socket)));
      await work(page, () => stub);
    });
  }

  it(
    "sends what is typed and pressed at once, in order, and says what it waits for",
    PATIENT,
    async () => {
      await visit(async (page, opened) => {
        await type(page, "First");
        const stub = await opened();
        await page.locator("#call-status", { hasText: "Waiting for the agent" }).waitFor();
        assertEquals(await page.innerText("#call-facts"), "What you type is kept for it.");
        await type(page, "Second");
        await page.click("#keypad-button");
        await page.click("#keypad button:text-is('7')");
        await stub.until(() => stub.messages.length >= 3);
        assertEquals(stub.messages, [
          { type: "text", text: "First" },
          { type: "text", text: "Second" },
          { type: "digit", digit: "7" },
        ]);
        // Not a word of readiness so far.
        assertEquals(await page.getAttribute("#call-stage", "data-call"), "connecting");
        assertEquals(await page.innerText("#talk-button"), "Cancel");
        await picture(page, null);

        stub.tell(READY);
        await page.locator("#call-status", { hasText: "Type, or press Talk to speak." }).waitFor();
        await type(page, "Third");
        await stub.until(() => stub.messages.length >= 4);
        assertEquals(stub.messages.slice(3), [{ type: "text", text: "Third" }]);
      });
    },
  );

  it("sends what is said as well, and can be muted", PATIENT, async () => {
    await visit(async (page, opened) => {
      await page.click("#talk-button");
      const stub = await opened();
      await page.locator("#call-facts", { hasText: "What you say or type is kept" }).waitFor();
      await stub.until(() => stub.frames > 10);
      await page.click("#mute-button");
      assertEquals(await page.getAttribute("#mute-button", "aria-pressed"), "true");
      const muted = stub.frames;
      await stub.until(() => stub.frames > muted + 10);
      stub.tell(READY);
      await page.locator("#call-status", { hasText: "Speak: the agent listens." }).waitFor();
      assertGreater(stub.frames, 20);
    });
  });

  it("keeps what is typed until its socket is open", PATIENT, async () => {
    await lab.visit("", async (page) => {
      const sent: string[] = [];
      await page.exposeFunction("sentBySocket", (text: string) => void sent.push(text));
      // A socket that opens when a test says so.
      await page.evaluate(() => {
        class Slow extends EventTarget {
          static OPEN = 1;
          static CONNECTING = 0;
          readyState = 0;
          bufferedAmount = 0;
          onopen = () => {};
          onclose = (_event: object) => {};
          constructor() {
            super();
            Object.assign(globalThis, { slowSocket: this });
          }
          send(data: unknown) {
            if (typeof data === "string") {
              (globalThis as unknown as { sentBySocket(text: string): void }).sentBySocket(data);
            }
          }
          close(code: number, reason: string) {
            this.readyState = 3;
            setTimeout(() => this.onclose({ code, reason }), 10);
          }
        }
        Object.assign(globalThis, { WebSocket: Slow });
      });
      await type(page, "First");
      await type(page, "Second");
      await page.waitForFunction(() => "slowSocket" in globalThis);
      await page.waitForTimeout(100);
      assertEquals(sent, []);
      assertMatch(await page.innerText("#call-status"), /^Connecting/);
      await page.evaluate(() => {
        const socket = (globalThis as unknown as {
          slowSocket: { readyState: number; onopen(): void };
        }).slowSocket;
        socket.readyState = 1;
        socket.onopen();
      });
      await page.locator("#call-status", { hasText: "Waiting for the agent" }).waitFor();
      assertEquals(sent.map((text) => JSON.parse(text).text), ["First", "Second"]);

      // Between the last word of the line and the page's hearing of it, nothing is lost in silence.
      await page.evaluate(() => {
        (globalThis as unknown as { slowSocket: { readyState: number } }).slowSocket.readyState = 2;
      });
      await type(page, "Third");
      await page.locator("#call-problem", { hasText: "was not sent" }).waitFor();
      assertEquals(sent.length, 2);
    });
  });

  it("says that nobody has answered when the call ends before", PATIENT, async () => {
    await visit(async (page, opened) => {
      await type(page, "Hello?");
      const stub = await opened();
      await stub.until(() => stub.messages.length === 1);
      stub.tell({ type: "error", code: "session_timeout", message: "The brain failed." });
      stub.tell({ type: "bye", reason: "brain_failed" });
      await stub.hangUp(1000, "brain_failed");
      await page.locator(".note", { hasText: "before the agent was there" }).waitFor();
      await page.locator("#call-problem:not([hidden])").waitFor();
      assertEquals(await page.innerText("#talk-button"), "Talk");
      // What was typed is still there to be read, and sent again.
      assertMatch(await page.innerText("#transcript"), /Hello\?/);
    });
  });

  it("shows that too many lines wait", PATIENT, async () => {
    await visit(async (page, opened) => {
      await type(page, "One too many");
      const stub = await opened();
      stub.tell({ type: "error", code: "too_many_lines", message: "50 lines wait: not this one." });
      await page.locator("#call-problem", { hasText: "50 lines wait: not this one." }).waitFor();
      stub.tell({ type: "error", code: "too_many_lines" });
      await page.locator("#call-problem", { hasText: "Too many lines wait" }).waitFor();
      stub.tell(READY);
      await page.locator("#call-status", { hasText: "Type, or press Talk" }).waitFor();
    });
  });
});
