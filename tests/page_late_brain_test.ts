/**
 * The whole road with a brain that takes its time: what is typed and pressed before its session
 * stands is answered when it does.
 *
 * @module
 */

import { after, before, describe, it } from "node:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { PageLab, skip } from "./page_browser.ts";
import {
  begin,
  type BrainSession,
  finish,
  type ScriptedBrain,
  startScriptedBrain,
} from "./scripted_brain.ts";

/** Bun gives a test 5 s unless it is told otherwise. */
const PATIENT = { timeout: 60_000 };

/** A whole answer, a fifth of a second long. */
function says(session: BrainSession, n: number, transcript: string): void {
  begin(session, n);
  session.send({
    type: "response.output_audio_transcript.done",
    response_id: `resp_${n}`,
    item_id: `item_${n}`,
    transcript,
  });
  session.audio(`resp_${n}`, `item_${n}`, new Uint8Array(9600));
  finish(session, n);
}

describe("the page, with a brain that is late", { skip }, () => {
  let brain: ScriptedBrain;
  let lab: PageLab;

  before(async () => {
    let answers = 0;
    brain = await startScriptedBrain({
      confirms: false,
      onEvent: (event, session) => {
        if (event.type === "response.create") says(session, ++answers, "It is on its way.");
      },
    });
    lab = await PageLab.open({
      EARSHOT_BRAIN: "openai",
      OPENAI_REALTIME_URL: brain.url,
      EARSHOT_GREETING: "",
      EARSHOT_DIGIT_PAUSE_MS: "200",
    });
  });

  after(async () => {
    await lab?.close();
    await brain?.close();
  });

  /** The words of the next item that the brain is told. */
  async function told(session: BrainSession): Promise<string> {
    const { item } = await session.next("conversation.item.create") as {
      item: { content: { text: string }[] };
    };
    return item.content[0]!.text;
  }

  it("is ready when the session stands, and then nothing early is missing", PATIENT, async () => {
    await lab.visit("", async (page) => {
      await page.fill("#chat-text", "Where is my order?");
      await page.keyboard.press("Enter");
      await page.locator("#call-status", { hasText: "Waiting for the agent" }).waitFor();
      await page.click("#keypad-button");
      await page.click("#keypad button:text-is('7')");
      const session = brain.sessions.at(-1)!;
      const { session: asked } = await session.next("session.update");
      // Longer than the pause that ends a row of digits.
      await page.waitForTimeout(500);
      assertEquals(await page.getAttribute("#call-stage", "data-call"), "connecting");
      assertEquals(session.events.length, 1);

      session.send({ type: "session.updated", session: asked });
      await page.locator("#call-status", { hasText: "Type, or press Talk" }).waitFor();
      assertEquals(await told(session), "Where is my order?");
      assertStringIncludes(await told(session), "7");
      await page.locator(".line.agent", { hasText: "It is on its way." }).first().waitFor();
    });
  });
});
