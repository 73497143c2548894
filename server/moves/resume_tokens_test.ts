import test from "node:test";
import { assert, assertEquals, assertLess, assertNotEquals } from "@std/assert";
import { ResumeTokens } from "./resume_tokens.ts";

const SECRET = "a secret that all instances share";
const ABOUT = { address: "http://127.0.0.1:8080", startedAtMs: 5000, ttlMs: 60_000 };

function wrong(answer: unknown, words: RegExp): void {
  assert(typeof answer === "string" && words.test(answer), JSON.stringify(answer));
}

test("ResumeTokens: any instance with the secret reads what another one has signed", () => {
  const token = new ResumeTokens(SECRET, () => 1000).issue("CA1", ABOUT);
  const ticket = new ResumeTokens(SECRET, () => 60_999).read(token, "CA1");
  assert(typeof ticket !== "string", String(ticket));
  assertEquals(
    { ...ticket, nonce: "" },
    { callId: "CA1", untilMs: 61_000, startedAtMs: 5000, address: ABOUT.address, nonce: "" },
  );
});

test("ResumeTokens: each token has a nonce of its own", () => {
  const tokens = new ResumeTokens(SECRET);
  assertNotEquals(tokens.issue("CA1", ABOUT), tokens.issue("CA1", ABOUT));
});

test("ResumeTokens refuses what is missing, malformed, forged, another call's, or too old", () => {
  let nowMs = 1000;
  const tokens = new ResumeTokens(SECRET, () => nowMs);
  const token = tokens.issue("CA1", ABOUT);
  wrong(tokens.read(undefined, "CA1"), /missing/);
  for (const bad of ["x", "a.b", token + "A", `${token}.x`, "A".repeat(10_000)]) {
    wrong(tokens.read(bad, "CA1"), /malformed/);
  }
  wrong(tokens.read(token, "CA2"), /not for this call/);
  wrong(new ResumeTokens("another secret").read(token, "CA1"), /not for this call/);
  // Another address under the old signature: nobody is sent anywhere by it.
  const [, signature] = token.split(".");
  const said = JSON.stringify([61_000, 5000, "nonce", "http://169.254.169.254"]);
  const forged = `${Buffer.from(said).toString("base64url")}.${signature}`;
  wrong(tokens.read(forged, "CA1"), /not for this call/);
  nowMs = 61_000;
  wrong(tokens.read(token, "CA1"), /too old/);
});

test("ResumeTokens: the longest address fits into a <Parameter>", () => {
  const address = `http://${"a".repeat(193)}`;
  const tokens = new ResumeTokens(SECRET);
  const token = tokens.issue("CA1", { ...ABOUT, address, startedAtMs: Date.now() });
  assertLess("resume".length + token.length, 500);
  assert(typeof tokens.read(token, "CA1") !== "string");
});
