import test from "node:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { startTwilioApi, type TwilioApiOptions } from "../phone/test_twilio_api.ts";
import { checkTwilio } from "./twilio.ts";
import { about, findings, inShort, visitWith } from "./test_visit.ts";

const SID = `AC${"0".repeat(32)}`;
const TOKEN = "never-to-be-shown";
const ORIGIN = "https://earshot.example";

const NUMBER = {
  phone_number: "+15550001234",
  voice_url: `${ORIGIN}/twilio/voice`,
  voice_method: "POST",
  status_callback: `${ORIGIN}/twilio/status`,
  voice_application_sid: "",
  trunk_sid: null,
};

async function look(account: Partial<TwilioApiOptions>, env: Record<string, string> = {}) {
  const api = await startTwilioApi({ accountSid: SID, authToken: TOKEN, ...account });
  const visit = visitWith({
    TWILIO_API_URL: api.url,
    TWILIO_ACCOUNT_SID: SID,
    TWILIO_AUTH_TOKEN: TOKEN,
    PUBLIC_URL: ORIGIN,
    ...env,
  });
  const all = await findings(checkTwilio, visit);
  await api.close();
  const text = JSON.stringify(all);
  assertEquals(text.includes(TOKEN) || text.includes("5550001234"), false, text);
  return { all, visit };
}

test("an active account with one number that calls us is good, and gives its time", async () => {
  const other = { ...NUMBER, voice_url: "https://elsewhere.example/voice" };
  const { all, visit } = await look({ numbers: [other, NUMBER] });
  assertEquals(inShort(all), ["good account", "good numbers"]);
  assertEquals(about("numbers", all).values, { numbers: 2, ours: 1 });
  assertEquals(visit.clocks.length, 2);
});

test("no number that calls us is poor, and a near miss is named without its digits or password", async () => {
  const voice_url = "https://me:pass@old.example/twilio/voice?key=pass";
  const { all } = await look({ numbers: [{ ...NUMBER, voice_url }] });
  const { verdict, measured } = about("numbers", all);
  assertEquals(verdict, "poor");
  assertStringIncludes(measured, "…1234 calls https://old.example/twilio/voice");
  assertEquals(measured.includes("pass"), false);
  assertEquals(about("numbers", (await look({ numbers: [] })).all).verdict, "poor");
});

test("what keeps a number from working is told", async () => {
  const cases: [Record<string, string | null>, string, string][] = [
    [{ voice_method: "GET" }, "poor", "by GET"],
    [{ trunk_sid: "TK1" }, "poor", "SIP trunk"],
    [{ voice_application_sid: "AP1" }, "poor", "TwiML App"],
    [{ status_callback: "" }, "good", "no status callback"],
  ];
  for (const [change, verdict, words] of cases) {
    const { all } = await look({ numbers: [{ ...NUMBER, ...change }] });
    assertEquals(all.length, 3, words);
    assertEquals(all[2]!.verdict, verdict);
    assertStringIncludes(all[2]!.measured, words);
  }
});

test("a token of another account, and an account that is not active, are poor", async () => {
  const wrong = about("account", (await look({}, { TWILIO_AUTH_TOKEN: "another" })).all);
  assertEquals(wrong.verdict, "poor");
  assertStringIncludes(wrong.measured, "401");
  const closed = about("account", (await look({ status: "suspended" })).all);
  assertEquals(closed.verdict, "poor");
  assertStringIncludes(closed.measured, "suspended");
});

test("nobody at TWILIO_API_URL is told in plain words", async () => {
  const { all } = await look({}, { TWILIO_API_URL: "http://127.0.0.1:1" });
  assertEquals(inShort(all), ["poor account"]);
  assertStringIncludes(about("account", all).measured, "127.0.0.1:1: no connection");
});

test("without credentials there is nothing to ask", async () => {
  assertEquals(inShort(await findings(checkTwilio, visitWith({}))), ["skipped account"]);
  const half = visitWith({ TWILIO_AUTH_TOKEN: TOKEN });
  assertStringIncludes((await findings(checkTwilio, half))[0]!.measured, "TWILIO_ACCOUNT_SID");
});
