/**
 * The Calls view in a real browser. The answers of `/calls` and `/events` are written here, so that
 * every number on the page is known beforehand; the page itself comes from the real server.
 *
 * @module
 */

import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ADMIN_TOKEN, PageLab, picture, skip } from "./page_browser.ts";

/** Bun gives a test 5 s unless it is told otherwise. */
const PATIENT = { timeout: 60_000 };
const TOKEN = "the right one";

const LIVE = {
  id: "CA00000000000000000000000000000001",
  kind: "twilio",
  state: "live",
  startedAt: "2026-11-20T10:00:00.000Z",
  durationMs: 61_000,
  turns: 2,
  bargeIns: 1,
  answerMs: { p50: 512, p95: 733 },
  costUsd: 0.0214,
};
const DONE = { ...LIVE, id: "WEB7", kind: "browser", state: "done", durationMs: 5000, turns: 1 };
const TURNS = [
  {
    n: 1,
    kind: "answer",
    stages: {
      endpointMs: 200,
      commitMs: 20,
      createdMs: 30,
      firstDeltaMs: 200,
      firstSentMs: 10,
      firstHeardMs: 40,
    },
    totalMs: 500,
    costUsd: 0.002,
  },
  {
    n: 2,
    kind: "answer",
    stages: {},
    totalMs: 0,
    bargeIn: { onsetToClearMs: 90, lastHeardMs: 130 },
  },
];
const NEXT_TURN = { n: 3, kind: "answer", stages: { firstDeltaMs: 1000 }, totalMs: 1000 };

/** Answers in the server's place, to the right token only. */
async function answerFor(page: Page) {
  const json = (body: unknown) => ({ contentType: "application/json", body: JSON.stringify(body) });
  const news = [
    `event: turn\ndata: ${JSON.stringify({ callId: LIVE.id, turn: NEXT_TURN })}\n\n`,
    `event: call\ndata: ${JSON.stringify({ ...LIVE, turns: 3 })}\n\n`,
  ].join("");
  let told = false;
  await page.route(/\/(calls(\/.*)?|events)$/, async (route) => {
    const { pathname } = new URL(route.request().url());
    if (route.request().headers().authorization !== `Bearer ${TOKEN}`) {
      await route.fulfill({ status: 401, body: "wrong token" });
    } else if (pathname === "/calls") {
      await route.fulfill(json({ calls: [DONE, { ...LIVE, turns: told ? 3 : 2 }] }));
    } else if (pathname === "/events") {
      // Later than the call's own turns: what is live comes on top of what was.
      await new Promise((done) => setTimeout(done, 1500));
      told = true;
      await route.fulfill({ contentType: "text/event-stream", body: news });
    } else if (pathname === `/calls/${LIVE.id}`) {
      await route.fulfill(json({ ...LIVE, turns: TURNS }));
    } else await route.fulfill({ status: 404, body: "no such call" });
  });
}

/** As in a tab where the token was given before. */
function withToken(page: Page, token = TOKEN) {
  return page.addInitScript((token) => {
    sessionStorage.setItem("earshot-admin-token", token);
  }, token);
}

describe("the Calls view", { skip }, () => {
  let lab: PageLab;

  before(async () => {
    lab = await PageLab.open();
  });

  after(async () => {
    await lab?.close();
  });

  it("lists the calls and draws one's turns, which grow as news comes", PATIENT, async () => {
    await lab.visit("#calls", async (page) => {
      const row = page.locator("table.calls tbody tr", { hasText: "CA0000…000001" });
      await row.waitFor();
      assertEquals(await page.innerText("#calls-count"), "1 live, 1 recent");
      const cells = await row.locator("td").allInnerTexts();
      assertStringIncludes(cells[0]!, "phone");
      assertMatch(cells[2]!, /^1:0[1-3]$/);
      assertEquals(cells.slice(3, 8), ["2", "1", "512 ms", "733 ms", "$0.021"]);

      // By keyboard: the call's name is a link.
      await row.locator("a").focus();
      await page.keyboard.press("Enter");
      const turns = page.locator("#call-detail .waterfall > li");
      await turns.nth(1).waitFor();
      assertMatch(await turns.nth(0).innerText(), /1 Answer\s+500 ms/);
      assertMatch(await turns.nth(1).innerText(), /2 Answer\s+90 ms/);

      // The bar is drawn to the scale of 500 ms: each stage where it began, as wide as it lasted.
      const bars = turns.nth(0).locator(".stage-bar");
      const drawn = await bars.evaluateAll((all) =>
        all.map((bar) => [(bar as HTMLElement).style.left, (bar as HTMLElement).style.width])
      );
      assertEquals(drawn, [
        ["0%", "40%"],
        ["40%", "4%"],
        ["44%", "6%"],
        ["50%", "40%"],
        ["90%", "2%"],
        ["92%", "8%"],
      ]);
      await turns.nth(1).locator("summary").click();
      assertMatch(await turns.nth(1).innerText(), /Last heard\s+130 ms/);

      await turns.nth(2).waitFor();
      assertMatch(await turns.nth(2).innerText(), /3 Answer\s+1000 ms/);
      assertEquals(await bars.nth(0).evaluate((bar) => (bar as HTMLElement).style.width), "20%");
      await page.waitForFunction(() =>
        document.querySelector("table.calls tbody tr.selected td:nth-child(4)")?.textContent === "3"
      );
      await picture(page, null);

      await page.keyboard.press("Escape");
      await page.locator("#call-detail").waitFor({ state: "hidden" });
      assert(page.url().endsWith("#calls"));
      await picture(page, null);
    }, async (page) => {
      await withToken(page);
      await answerFor(page);
    });
  });

  it(
    "asks for the token when the server wants one, says when it is wrong, and keeps the right one",
    PATIENT,
    async () => {
      await lab.visit(
        "#calls",
        async (page) => {
          for (
            const [token, outcome] of [["a wrong one", ".bad-text"], [
              TOKEN,
              "table.calls",
            ]] as const
          ) {
            await page.fill("#admin-token", token);
            await page.keyboard.press("Enter");
            await page.locator(outcome).waitFor();
          }
          await page.reload();
          await page.locator("table.calls").waitFor();
        },
        answerFor,
        /401 \(Unauthorized\)/,
      );
    },
  );

  it("says so when a call is gone, and when there is no list at all", PATIENT, async () => {
    await lab.visit("#calls/CA-long-gone", async (page) => {
      await page.locator("#call-detail", { hasText: "no longer kept" }).waitFor();
      await page.route("**/calls", (route) => route.fulfill({ status: 404, body: "" }));
      await page.reload();
      await page.locator("#calls-gate", { hasText: "keeps no record" }).waitFor();
      await page.route("**/calls", (route) => route.abort());
      await page.reload();
      await page.locator("#calls-gate", { hasText: "can't be reached" }).waitFor();
    }, async (page) => {
      await withToken(page);
      await answerFor(page);
    }, /404|ERR_FAILED/);
  });

  it("shows the server's own records, or says that it keeps none", PATIENT, async () => {
    await lab.visit(
      "",
      async (page) => {
        await page.fill("#chat-text", "Keep this one");
        await page.keyboard.press("Enter");
        await page.locator("#talk-turns summary", { hasText: "Typed" }).waitFor();
        const kept = (await page.request.get(`${lab.url}/calls`)).status() !== 404;
        await page.click("[data-view=calls]");
        if (!kept) {
          return await page.locator("#calls-gate", { hasText: "keeps no record" }).waitFor();
        }
        await page.locator("table.calls a").first().click();
        await page.locator("#call-detail .turn-name", { hasText: "Typed" }).waitFor();
        await picture(page, "calls");
      },
      (page) => withToken(page, ADMIN_TOKEN),
      /404/,
    );
  });
});
