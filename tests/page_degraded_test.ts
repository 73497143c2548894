/**
 * The page of an instance whose calls lose their brain: it says so, in words and with the figures.
 *
 * @module
 */

import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { Phone } from "../cli/phone/phone.ts";
import { PageLab, picture, skip } from "./page_browser.ts";

/** Three calls have to end first, each with an apology. */
const PATIENT = { timeout: 120_000 };

describe("the page of an instance that is degraded", { skip }, () => {
  it("says what callers notice, above everything else", PATIENT, async () => {
    const lab = await PageLab.open({
      EARSHOT_BRAIN: "openai",
      OPENAI_REALTIME_URL: "ws://127.0.0.1:9/v1/realtime",
    });
    try {
      await Promise.all([1, 2, 3].map(async () => {
        const phone = new Phone({ webhookUrl: `${lab.url}/twilio/voice` });
        await phone.dial();
        await phone.ended;
      }));
      await lab.visit("#health", async (page) => {
        await page.locator(".tile.bad", { hasText: "Status" }).getByText("degraded").waitFor();
        const notice = page.locator("#health-degraded .notice.bad", {
          hasText: "3 of the 3 calls that ended in the last 5 minutes lost their brain",
        });
        await notice.waitFor();
        // It is told again each second, and stands where it stood.
        await notice.evaluate((element) => element.setAttribute("data-seen", "yes"));
        await page.waitForTimeout(2500);
        assertEquals(await notice.getAttribute("data-seen"), "yes");
        await picture(page, null);
      });
    } finally {
      await lab.close();
    }
  });
});
