/**
 * Who may call from the page: anybody, whoever has the admin token, or nobody.
 *
 * @module
 */

import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { ADMIN_TOKEN, PageLab, skip } from "./page_browser.ts";

/** Bun gives a test 5 s unless it is told otherwise. */
const PATIENT = { timeout: 60_000 };

describe("the page and its key", { skip }, () => {
  it(
    "asks for the admin token where one is set, and calls when it was given",
    PATIENT,
    async () => {
      const lab = await PageLab.open({ EARSHOT_OPEN_PAGE: "0" });
      try {
        await lab.visit(
          "#talk",
          async (page) => {
            await page.fill("#chat-text", "Is anybody there?");
            await page.keyboard.press("Enter");
            await page.fill("#talk-token", "a wrong one");
            await page.keyboard.press("Enter");
            await page.waitForSelector("text=The server refused this token.");
            await page.fill("#talk-token", ADMIN_TOKEN);
            await page.keyboard.press("Enter");
            await page.waitForSelector('#call-stage[data-call="live"]', { timeout: 15_000 });
          },
          undefined,
          /401/,
        );
      } finally {
        await lab.close();
      }
    },
  );

  it("says why it takes no calls, with a key in use and a public URL", PATIENT, async () => {
    const lab = await PageLab.open({
      EARSHOT_OPEN_PAGE: "0",
      EARSHOT_ADMIN_TOKEN: "",
      EARSHOT_BRAIN: "openai",
      OPENAI_API_KEY: "not-a-key",
      PUBLIC_URL: "https://voice.example",
    });
    try {
      await lab.visit(
        "#talk",
        async (page) => {
          await page.click("#talk-button");
          await page.waitForSelector("#call-problem:not([hidden])");
          const told = await page.textContent("#call-problem");
          assertEquals(told?.includes("EARSHOT_OPEN_PAGE=1"), true, String(told));
          assertEquals(await page.getAttribute("#call-stage", "data-call"), "idle");
        },
        undefined,
        /403/,
      );
    } finally {
      await lab.close();
    }
  });
});
