import test from "node:test";
import { assert, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { hideSecrets, isSecretField, REDACTED, safeFields, safeText } from "./redact.ts";

test("isSecretField knows telling names in any spelling, and leaves measures and flags alone", () => {
  // deno-fmt-ignore
  const secret = [
    "token", "streamToken", "api_key", "apiKey", "OPENAI_API_KEY", "Authorization", "secret",
    "text", "finalText", "transcript", "from", "To", "payload", "x-twilio-signature", "password",
  ];
  for (const name of secret) assert(isSecretField(name, "value"), name);
  assert(isSecretField("to", 4915112345678));
  // deno-fmt-ignore
  const open: [string, unknown][] = [
    ["callId", "CA1"], ["total", 3], ["textTokens", 12], ["payloadBytes", 160], ["fromMs", 20],
    ["tokenPresent", true], ["monkey", "x"], ["tomorrow", "x"], ["context", "x"], ["stage", "x"],
  ];
  for (const [name, value] of open) assertFalse(isSecretField(name, value), name);
});

test("safeFields: nothing under a telling name gets out, however deep or odd it is", () => {
  const needle = "NEEDLE";
  const secretName = fc.constantFrom("token", "apiKey", "from", "to", "transcript", "user_text");
  const hidden = fc.oneof(
    fc.constant(needle),
    fc.constant({ inner: needle }),
    fc.constant([needle, [needle]]),
    fc.constant(new Error(needle)),
  );
  const leaf = fc.record({ secretName, hidden, open: fc.string() }).map((r) => ({
    [r.secretName]: r.hidden,
    open: r.open.replaceAll(needle, ""),
  }));
  const tree = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 6 },
      leaf,
      fc.record({ a: tie("node"), list: fc.array(tie("node"), { maxLength: 3 }) }),
    ),
  })).node as fc.Arbitrary<Record<string, unknown>>;
  fc.assert(
    fc.property(tree, (fields) => {
      assertFalse(JSON.stringify(safeFields(fields)).includes(needle));
    }),
    { numRuns: 200 },
  );
});

test("safeFields: any value becomes bounded JSON, cycles and huge lists too", () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  assert(JSON.stringify(safeFields(cycle)).length < 200);
  assert(JSON.stringify(safeFields({ list: new Array(1e5).fill("x") })).length < 500);
  const wide = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`f${i}`, i]));
  assertEquals(Object.keys(safeFields(wide)).length, 33);
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.anything()), (fields) => {
      JSON.stringify(safeFields(fields));
    }),
    { numRuns: 200 },
  );
});

test("safeFields: errors keep name, code and message, and bytes only their number", () => {
  const error = Object.assign(new RangeError("too long"), { code: "http_401", token: "t" });
  assertEquals(safeFields({ error, frame: new Uint8Array(160) }), {
    error: { name: "RangeError", code: "http_401", message: "too long" },
    frame: "[160 bytes]",
  });
});

test("safeText blanks keys, bearer values, tokens of URLs and phone numbers within a sentence", () => {
  const cases: [string, string][] = [
    ["Incorrect API key provided: sk-proj-abcdef123456.", "sk-proj-abcdef123456"],
    ["Authorization: Bearer abc.def-ghi", "abc.def-ghi"],
    ["wss://host/twilio/stream?token=abc%20def&x=1", "abc%20def"],
    ["call from +4915112345678 failed", "4915112345678"],
    ["ek_68af296e8e408191a1120ab6383263c2 expired", "68af296e8e408191a1120ab6383263c2"],
    ["jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.c2lnbmF0dXJl", "eyJzdWIiOiIx"],
  ];
  for (const [text, secret] of cases) {
    const safe = safeText(text);
    assertFalse(safe.includes(secret), safe);
    assertStringIncludes(safe, REDACTED);
  }
  assertEquals(safeText("answer in 512 ms, 3 of 100 calls"), "answer in 512 ms, 3 of 100 calls");
});

test("safeText cuts what is long and says how long it was; a key on the cut does not show", () => {
  const cut = safeText("x".repeat(5000));
  assert(cut.length < 330);
  assertStringIncludes(cut, "(5000 chars)");
  const straddling = safeText("x ".repeat(145) + "sk-" + "abcdef1234".repeat(5));
  assertFalse(straddling.includes("abcdef"), straddling);
});

test("hideSecrets: the process's own secrets are blanked in whatever holds them", () => {
  hideSecrets(["plain words 7", "abc", ""]);
  try {
    assertEquals(safeText("it said: plain words 7!"), "it said: [redacted]!");
    const error = new Error("no: plain words 7");
    assertEquals(safeFields({ error }), { error: { name: "Error", message: "no: [redacted]" } });
    assertEquals(safeText("abc"), "abc");
  } finally {
    hideSecrets([]);
  }
});
