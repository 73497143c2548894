/**
 * The caller's own words on the page. They come late, often after the answer has begun, and belong
 * in the line that was put down when the caller spoke.
 *
 * @module
 */

import { after, before, describe, it } from "node:test";
import type { Page, WebSocketRoute } from "playwright-core";
import { assertEquals, assertMatch } from "@std/assert";
import { PageLab, picture, skip } from "./page_browser.ts";

const ANSWER_LIMIT_MS = 15_000;
/** Bun gives a test 5 s unless it is told otherwise. */
const PATIENT = { timeout: 60_000 };

/** What stands in the transcript, line by line: who, and what. */
function lines(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll("#transcript .line")].map((line) =>
      `${line.querySelector(".who")?.textContent}: ${line.querySelector(".words")?.textContent}`
    )
  );
}

describe("the caller's words on the page", { skip }, () => {
  let lab: PageLab;

  before(async () => {
    lab = await PageLab.open({ EARSHOT_TRANSCRIBE: "gpt-realtime-whisper", EARSHOT_GREETING: "" });
  });

  after(async () => {
    await lab?.close();
  });

  it("fill the line that was put down when the caller spoke", PATIENT, async () => {
    await lab.visit("", async (page) => {
      await page.click("#talk-button");
      const words = page.locator(".line.caller .words", { hasText: /^\(\d\.\d s of speech\)$/ });
      await words.first().waitFor({ timeout: ANSWER_LIMIT_MS });
      await page.locator(".line.agent").first().waitFor({ timeout: ANSWER_LIMIT_MS });
      const [first, second] = await lines(page);
      assertMatch(first!, /^You: \(\d\.\d s of speech\)$/);
      assertMatch(second!, /^Agent: /);
      assertEquals(await page.locator(".line.caller.wordless").count(), 0);
      await picture(page, null);
    });
  });

  /** A server of our own, that says what a test wants. */
  async function withServer(
    work: (page: Page, tell: (news: object) => void) => Promise<void>,
  ): Promise<void> {
    await lab.visit("", async (page) => {
      let socket!: WebSocketRoute;
      const opened = new Promise<void>((go) =>
        page.routeWebSocket(/browser\/stream/, (route) => {
          socket = route;
          go();
        })
      );
      await page.fill("#chat-text", "x");
      await page.keyboard.press("Enter");
      await opened;
      const tell = (news: object) => socket.send(JSON.stringify(news));
      tell({ type: "ready", callId: "a", brain: "test", model: "", turns: "server" });
      tell({ type: "state", caller: "silent", agent: "listening" });
      await work(page, tell);
    });
  }

  const speak = (tell: (news: object) => void) => {
    tell({ type: "state", caller: "speaking", agent: "listening" });
    tell({ type: "state", caller: "silent", agent: "listening" });
  };
  const said = (role: string, itemId: string, text: string, final: boolean) => ({
    type: "transcript",
    role,
    itemId,
    text,
    final,
  });

  it("that come after the answer has begun stand before it", PATIENT, async () => {
    await withServer(async (page, tell) => {
      speak(tell);
      tell(said("agent", "a1", "It is on", false));
      tell(said("caller", "c1", "Where is my order?", true));
      tell(said("agent", "a1", "It is on its way.", true));
      await page.locator(".words", { hasText: "on its way." }).waitFor();
      assertEquals(await lines(page), [
        "You: x",
        "You: Where is my order?",
        "Agent: It is on its way.",
      ]);
    });
  });

  it("are not put into the line of a cough, which nobody wrote down", PATIENT, async () => {
    await withServer(async (page, tell) => {
      tell(said("agent", "a1", "We open at nine.", true));
      speak(tell); // a cough: the brain never made an item of it
      tell(said("agent", "a2", "Anything else?", true));
      speak(tell);
      // The brain has taken this one for a turn, and its words will come.
      tell(said("caller", "c1", "", false));
      tell(said("agent", "a3", "Yes.", true));
      tell(said("caller", "c1", "On Sundays too?", true));
      await page.locator(".words", { hasText: "On Sundays too?" }).waitFor();
      const shown = await lines(page);
      assertMatch(shown[2]!, /^You: spoke for \d\.\d s$/);
      assertEquals(shown.filter((_, i) => i !== 2), [
        "You: x",
        "Agent: We open at nine.",
        "Agent: Anything else?",
        "You: On Sundays too?",
        "Agent: Yes.",
      ]);
    });
  });

  it("that were none leave the line as it was, and the next words in theirs", PATIENT, async () => {
    await withServer(async (page, tell) => {
      speak(tell);
      tell(said("agent", "a1", "Pardon?", true));
      speak(tell);
      tell(said("caller", "c1", "", true));
      tell(said("caller", "c2", "On Sundays?", true));
      await page.locator(".words", { hasText: "On Sundays?" }).waitFor();
      const [, noise, agent, words] = await lines(page);
      assertMatch(noise!, /^You: spoke for \d\.\d s$/);
      assertEquals([agent, words], ["Agent: Pardon?", "You: On Sundays?"]);
    });
  });

  it("come piece by piece where the brain says them so", PATIENT, async () => {
    await withServer(async (page, tell) => {
      speak(tell);
      tell(said("caller", "c1", "", false));
      tell(said("caller", "c1", "On Sun", false));
      tell(said("caller", "c1", "days", false));
      await page.locator(".words", { hasText: /^On Sundays$/ }).waitFor();
      tell(said("caller", "c1", "On Sundays?", true));
      await page.locator(".words", { hasText: /^On Sundays\?$/ }).waitFor();
      assertEquals((await lines(page)).length, 2);
    });
  });
});
