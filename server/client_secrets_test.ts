import test from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { ClientSecrets } from "./client_secrets.ts";
import { StreamTokens } from "./stream_tokens.ts";

/** Secrets under a time of day that a test turns by hand. */
function secretsAt(secret?: string) {
  const clock = { nowMs: 1_700_000_000_400 };
  return { clock, secrets: new ClientSecrets(secret, () => clock.nowMs) };
}

test("a client secret opens several sessions until its second, and one page", () => {
  const { secrets, clock } = secretsAt();
  const { value, expiresAt } = secrets.issue(10);
  assertMatch(value, /^ek_[\w.-]+$/);
  assertEquals(expiresAt, 1_700_000_010);
  assertEquals([secrets.check(value), secrets.check(value)], [null, null]);
  assertEquals(secrets.redeem(value), null);
  assertEquals(secrets.redeem(value), "the token was used before");
  const other = secrets.issue(10).value;
  clock.nowMs = expiresAt * 1000 - 1;
  assertEquals(secrets.check(other), null);
  clock.nowMs = expiresAt * 1000;
  assertEquals(secrets.check(other), "the token is too old");
});

test("forged client secrets, and tokens for something else, open nothing", () => {
  const { secrets } = secretsAt("the operator's");
  const { value } = secrets.issue();
  const [until, nonce, signature] = value.slice(3).split(".") as [string, string, string];
  const stream = new StreamTokens("the operator's", {}, () => 1_700_000_000_400);
  const forged = [
    undefined,
    "",
    "ek_",
    "ek_..",
    value.slice(3),
    `ek_${Number(until) + 1}.${nonce}.${signature}`,
    `ek_${until}.${nonce}x.${signature}`,
    `ek_${until}.${nonce}.${signature.slice(0, -2)}`,
    `ek_${until}.${nonce}.${"A".repeat(43)}`,
    `ek_Infinity.${nonce}.${signature}`,
    `ek_${stream.issue("client")}`,
    `ek_${stream.issue("CA1")}`,
    `ek_${"9".repeat(100_000)}`,
    secretsAt("another's").secrets.issue().value,
  ];
  for (const token of forged) assert(secrets.check(token) !== null, token?.slice(0, 60));
  assertEquals(stream.check(value.slice(3), "client"), "the token is not for this call");
});

test("any machine that knows the operator's secret takes what another has given out", () => {
  const { value } = secretsAt("shared").secrets.issue();
  assertEquals(secretsAt("shared").secrets.check(value), null);
  assert(secretsAt().secrets.check(value) !== null);
});

test("what is attached to secrets is bounded, the oldest goes first", () => {
  const { secrets } = secretsAt();
  const values = Array.from({ length: 300 }, () => secrets.issue().value);
  for (const value of values) secrets.attach(value, { type: "realtime", instructions: value });
  const kept = values.filter((value) => secrets.attachedTo(value));
  assertEquals(kept, values.slice(-200));
});
