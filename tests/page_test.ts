/**
 * The page in a real browser: Chromium speaks into it through a fake microphone and hears itself
 * answered by the real server.
 *
 * With `EARSHOT_SCREENSHOTS=1` the pictures in docs/images are made anew.
 *
 * @module
 */

import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { type Counters, keepsPictures, PageLab, picture, skip } from "./page_browser.ts";

/** A question, its pauses, the answer and its playing take about six seconds. */
const ANSWER_LIMIT_MS = 15_000;
/** Bun gives a test 5 s unless it is told otherwise. */
const PATIENT = { timeout: 90_000 };

describe("the page", { skip }, () => {
  let lab: PageLab;

  before(async () => {
    lab = await PageLab.open();
  });

  after(async () => {
    await lab?.close();
  });

  function counters(page: Page): Promise<Counters> {
    return page.evaluate(() => globalThis.earshotPage.counters);
  }

  it(
    "is answered when it speaks: it hears sound, shows the words and the milliseconds",
    PATIENT,
    async () => {
      await lab.visit("", async (page) => {
        // By keyboard alone: the first Tab stops are the skip link, the brand and the three views.
        for (let i = 0; i < 6; i++) await page.keyboard.press("Tab");
        assertEquals(await page.evaluate(() => document.activeElement?.id), "talk-button");
        await page.keyboard.press("Enter");
        await page.locator("#call-facts", { hasText: "echo" }).waitFor();

        await page.locator("#caller-state", { hasText: "speaking" }).waitFor({
          timeout: ANSWER_LIMIT_MS,
        });
        const beforeAnswer = await counters(page);
        await page.locator("#talk-turns summary", { hasText: "Answer" }).waitFor({
          timeout: ANSWER_LIMIT_MS,
        });
        await page.locator("#agent-state", { hasText: "listening" }).waitFor({
          timeout: ANSWER_LIMIT_MS,
        });
        const after = await counters(page);

        // The question has 1.75 s of speech, and the echo brain says back what it heard.
        assertGreater(after.playedMs - beforeAnswer.playedMs, 1500);
        assertGreater(after.playedPeak, 0.05);
        assertGreater(after.marksHeard, 0);
        assertEquals(after.underruns, 0);
        assertEquals(after.framesDropped, 0);
        assertGreater(after.framesSent, 100);

        const latencyMs = Number(await page.textContent("#latency-ms"));
        assert(latencyMs > 0 && latencyMs < 5000, `the last answer took ${latencyMs} ms`);
        assertMatch(await page.innerText("#transcript"), /You\n+spoke for \d\.\d s/);
        assertMatch(await page.innerText("#transcript"), /Agent\n+.*of speech/);
        assertMatch(await page.innerText("#vad-text"), /speech from −\d+/);

        await page.fill("#chat-text", "Can I type as well?");
        await page.keyboard.press("Enter");
        await page.locator("#talk-turns summary", { hasText: "Typed" }).waitFor({
          timeout: ANSWER_LIMIT_MS,
        });
        await page.locator(".line.agent", { hasText: "Can I type as well?" }).waitFor();

        // Opened, a turn lists its stages, and they make up the whole.
        const answer = page.locator(".waterfall > li", {
          has: page.locator(".turn-name", { hasText: "Answer" }),
        }).last();
        await answer.locator("summary").click();
        const shown = await answer.locator("dd.number").allInnerTexts();
        const ms = shown.filter((text) => text.endsWith(" ms")).map((text) => parseInt(text));
        const totalMs = ms.pop()!;
        assertAlmostEquals(
          ms.reduce((sum, stageMs) => sum + stageMs, 0),
          totalMs,
          ms.length / 2 + 1,
        );

        // The pictures want both waveforms; the second question is answered within seven seconds.
        if (keepsPictures) {
          await page.waitForFunction(() => document.querySelectorAll(".waterfall > li").length > 3);
          await page.waitForTimeout(1000);
        }
        await picture(page, "talk");

        await page.keyboard.press("Escape");
        await page.locator("#call-status", { hasText: "Call ended." }).waitFor();
        assertEquals(await page.innerText("#talk-button"), "Talk");
      });
    },
  );

  it(
    "answers typed words without a microphone, and takes the microphone up later",
    PATIENT,
    async () => {
      await lab.visit("", async (page) => {
        await page.fill("#chat-text", "Hello by keyboard");
        await page.keyboard.press("Enter");
        await page.locator(".line.agent", { hasText: "Hello by keyboard" }).waitFor();
        await page.locator("#talk-turns summary", { hasText: "Typed" }).waitFor();
        await page.waitForFunction(() =>
          Number(document.getElementById("latency-ms")?.textContent) > 0
        );
        const typed = await counters(page);
        assertEquals(typed.framesSent, 0);
        assertGreater(typed.playedMs, 0);

        assertEquals(await page.innerText("#talk-button"), "Talk");
        await page.click("#talk-button");
        await page.locator("#talk-button", { hasText: "Hang up" }).waitFor();
        await page.waitForFunction(() =>
          document.getElementById("vad-text")?.textContent !== "no microphone"
        );
        assertGreater((await counters(page)).framesSent, 0);

        await page.click("#mute-button");
        assertEquals(await page.getAttribute("#mute-button", "aria-pressed"), "true");
        await page.click("#talk-button");
        await page.locator("#call-status", { hasText: "Call ended." }).waitFor();
      });
    },
  );

  const refusals = [
    ["NotAllowedError", "The microphone is blocked"],
    ["NotFoundError", "No microphone was found"],
    ["NotReadableError", "another program may hold it"],
  ] as const;
  for (const [name, advice] of refusals) {
    it(`says what to do when the browser answers ${name}`, PATIENT, async () => {
      await lab.visit("", async (page) => {
        await page.click("#talk-button");
        const problem = page.locator("#call-problem");
        await problem.waitFor();
        assertStringIncludes(await problem.innerText(), advice);
        assertEquals(await page.innerText("#talk-button"), "Talk");
      }, (page) =>
        page.addInitScript((name) => {
          navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", name));
        }, name));
    });
  }

  it("says that the server is full, and that the line broke", PATIENT, async () => {
    for (
      const [code, reason, text] of [
        [1013, "no new calls: full", "takes no new calls now (no new calls: full)"],
        [1011, "", "The line broke (code 1011)"],
      ] as const
    ) {
      await lab.visit("", async (page) => {
        await page.routeWebSocket(
          /browser\/stream/,
          (socket) => void setTimeout(() => socket.close({ code, reason }), 100),
        );
        await page.click("#talk-button");
        await page.locator("#call-problem", { hasText: text }).waitFor();
      });
    }
  });

  it("drops what it plays on `clear` and gives the marks back at once", PATIENT, async () => {
    const marks: string[] = [];
    await lab.visit("", async (page) => {
      await page.routeWebSocket(/browser\/stream/, (socket) => {
        const tell = (news: object) => socket.send(JSON.stringify(news));
        socket.onMessage((message) => {
          if (typeof message !== "string") return;
          const { type, name } = JSON.parse(message);
          if (type === "mark") marks.push(name);
          if (type === "mark" && name === "first") tell({ type: "clear" });
        });
        tell({ type: "ready", callId: "a", brain: "test", model: "", turns: "server" });
        // A tenth of a second and its mark, then half a minute that must never be heard.
        socket.send(Buffer.alloc(4800, 9));
        tell({ type: "mark", name: "first" });
        socket.send(Buffer.alloc(24_000 * 2 * 30, 9));
        tell({ type: "mark", name: "second" });
      });
      await page.fill("#chat-text", "x");
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => globalThis.earshotPage.counters.marksHeard === 2);
      const { playedMs } = await counters(page);
      assertEquals(marks, ["first", "second"]);
      assert(playedMs >= 50 && playedMs < 1500, `${playedMs} ms were played`);
    });
  });

  it("shows the server's health as it changes, and charts it", PATIENT, async () => {
    await lab.visit("#health", async (page) => {
      await page.locator(".tile", { hasText: "Status" }).getByText("ok").waitFor();
      await page.locator(".tile", { hasText: /0 of \d+/ }).waitFor();
      await page.locator("#chart-latency canvas").waitFor();
      await page.locator("#chart-calls .u-legend", { hasText: /live:?\s*0/ }).waitFor();
      const upFor = await page.innerText(".tile:nth-child(4)");
      await page.waitForFunction(
        (old) => document.querySelector<HTMLElement>(".tile:nth-child(4)")?.innerText !== old,
        upFor,
      );
      if (!keepsPictures) return await picture(page, "health");
      // The pictures want lines to look at: half a minute of a call beside this view.
      await lab.visit("", async (other) => {
        await other.click("#talk-button");
        await page.waitForTimeout(30_000);
        await picture(page, "health");
      });
    });
  });
});
