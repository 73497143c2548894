import test from "node:test";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { StreamTokens, TOKEN_DEFAULTS, type TokenSettings } from "./stream_tokens.ts";

fc.configureGlobal({ seed: 20 });

const CALL = "CA0123456789abcdef0123456789abcdef";

/** Tokens under a time of day that a test turns by hand. */
function tokensAt(
  secret: string | undefined = "auth token",
  settings: Partial<TokenSettings> = {},
) {
  const clock = { nowMs: 1_700_000_000_000 };
  return { clock, tokens: new StreamTokens(secret, settings, () => clock.nowMs) };
}

test("a token opens the stream of its call, once", () => {
  const { tokens } = tokensAt();
  const token = tokens.issue(CALL);
  assertEquals(tokens.redeem(token, CALL), null);
  assertEquals(tokens.redeem(token, CALL), "the token was used before");
});

test("a token is bound to its call, and a wrong guess does not use it up", () => {
  const { tokens } = tokensAt();
  const token = tokens.issue(CALL);
  for (const other of ["CA1", "", `${CALL}.`, CALL.toLowerCase() + "x"]) {
    assertEquals(tokens.redeem(token, other), "the token is not for this call");
  }
  assertEquals(tokens.redeem(token, CALL), null);
});

test("a token ends with its time, to the millisecond", () => {
  const { tokens, clock } = tokensAt("s", { ttlMs: 1000 });
  const [early, late] = [tokens.issue(CALL), tokens.issue(CALL)];
  clock.nowMs += 999;
  assertEquals(tokens.redeem(early, CALL), null);
  clock.nowMs += 1;
  assertEquals(tokens.redeem(late, CALL), "the token is too old");
  assertEquals(TOKEN_DEFAULTS.ttlMs, 60_000);
});

test("any machine with the same secret takes it, and none with another", () => {
  const { tokens: one } = tokensAt("the same");
  const { tokens: two } = tokensAt("the same");
  const { tokens: other } = tokensAt("another");
  const token = one.issue(CALL);
  assertEquals(other.redeem(token, CALL), "the token is not for this call");
  assertEquals(two.redeem(token, CALL), null);
  assertEquals(two.redeem(token, CALL), "the token was used before");
});

test("without a secret each machine has a key of its own", () => {
  // Not through the default of `tokensAt`: undefined is what a missing setting gives.
  const [one, two] = [new StreamTokens(undefined), new StreamTokens(undefined)];
  const token = one.issue(CALL);
  assertEquals(two.redeem(token, CALL), "the token is not for this call");
  assertEquals(one.redeem(token, CALL), null);
});

test("what is no token is told so, and never throws", () => {
  const { tokens } = tokensAt();
  assertEquals(tokens.redeem(undefined, CALL), "the token is missing");
  assertEquals(tokens.redeem("", CALL), "the token is missing");
  for (const token of ["a", "a.b", "a.b.c.d", "..", "1.2.!!!", "1.2.é"]) {
    assert(tokens.redeem(token, CALL) !== null, token);
  }
  assertEquals(tokens.redeem("a.b", CALL), "the token is malformed");
  assertEquals(tokens.redeem("1.2.!!!", CALL), "the token is malformed");
  fc.assert(fc.property(fc.string(), (text) => {
    assertNotEquals(tokens.redeem(text, CALL), null);
  }));
});

test("no changed character gets a token through: neither its time, its nonce nor its signature", () => {
  const { tokens } = tokensAt();
  const token = tokens.issue(CALL);
  const change = fc.record({
    at: fc.nat(token.length - 1),
    put: fc.constantFrom("0", "1", "9", "A", "z", "-", "_", ".", "", "é"),
  });
  fc.assert(
    fc.property(change, ({ at, put }) => {
      const changed = token.slice(0, at) + put + token.slice(at + 1);
      // Of the last character two bits are unused: another spelling of the same signature.
      fc.pre(changed !== token && at < token.length - 1);
      assertNotEquals(tokens.redeem(changed, CALL), null);
    }),
    { numRuns: 300 },
  );
  const [, nonce, signature] = token.split(".");
  assertNotEquals(tokens.redeem(`9999999999999.${nonce}.${signature}`, CALL), null);
  assertEquals(tokens.redeem(token, CALL), null);
});

test("another spelling of a used token's signature does not open it again", () => {
  const { tokens } = tokensAt();
  const token = tokens.issue(CALL);
  assertEquals(tokens.redeem(token, CALL), null);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (const last of alphabet) {
    assertNotEquals(tokens.redeem(token.slice(0, -1) + last, CALL), null);
  }
  for (const tail of ["=", " ", "\n", "A", "AAAA"]) {
    assertNotEquals(tokens.redeem(token + tail, CALL), null);
  }
});

test("no two tokens are alike, and they fit into a TwiML parameter", () => {
  const { tokens } = tokensAt();
  const issued = new Set(Array.from({ length: 1000 }, () => tokens.issue(CALL)));
  assertEquals(issued.size, 1000);
  for (const token of issued) assert(/^[\w.-]{1,120}$/.test(token), token);
});

test("of used tokens at most maxUsed are remembered, the oldest are forgotten first", () => {
  const { tokens } = tokensAt("s", { maxUsed: 3 });
  const list = Array.from({ length: 5 }, () => tokens.issue(CALL));
  for (const token of list) assertEquals(tokens.redeem(token, CALL), null);
  for (const token of list.slice(2)) {
    assertEquals(tokens.redeem(token, CALL), "the token was used before");
  }
  assertEquals(tokens.redeem(list[0], CALL), null);
});

test("tokens whose time is over make room for others", () => {
  const { tokens, clock } = tokensAt("s", { maxUsed: 3, ttlMs: 1000 });
  for (let i = 0; i < 3; i++) tokens.redeem(tokens.issue(CALL), CALL);
  clock.nowMs += 1000;
  const fresh = Array.from({ length: 3 }, () => tokens.issue(CALL));
  for (const token of fresh) assertEquals(tokens.redeem(token, CALL), null);
  for (const token of fresh) assertEquals(tokens.redeem(token, CALL), "the token was used before");
});
