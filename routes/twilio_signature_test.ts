import test from "node:test";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { getExpectedTwilioSignature, validateRequest } from "twilio/lib/webhooks/webhooks.js";
import { isSignedByTwilio, signRequest } from "./twilio_signature.ts";

fc.configureGlobal({ seed: 20 });

/** The parameters as the SDK wants them: a repeated one as an array. */
function sdkParams(params: URLSearchParams): Record<string, string | string[]> {
  return Object.fromEntries([...new Set(params.keys())].map((name) => {
    const values = params.getAll(name);
    return [name, values.length === 1 ? values[0]! : values];
  }));
}

const host = fc.oneof(
  fc.constantFrom("example.com", "a.b-c.example", "127.0.0.1", "[::1]", "localhost"),
  // Hosts that occur elsewhere in their own URL.
  fc.constantFrom("t", "s", "p", "ws", "http", "https", "twilio", "voice"),
);
const query = fc.oneof(
  fc.constant(""),
  fc.constantFrom(
    "?",
    "?a=1",
    "?a=1&a=2&b=",
    "?twilio=voice:80",
    "?a=%2F%20x",
    "?u=https://t:443/",
  ),
);
const url = fc.record({
  scheme: fc.constantFrom("https://", "http://", "wss://", "ws://"),
  user: fc.constantFrom("", "", "", "user:pass@"),
  host,
  port: fc.constantFrom("", "", ":80", ":443", ":8080", ":3000"),
  path: fc.constantFrom("/", "/twilio/voice", "/twilio/stream", "/a:80/b", "/p@q"),
  query,
});
const written = (u: Record<"scheme" | "user" | "host" | "port" | "path" | "query", string>) =>
  u.scheme + u.user + u.host + u.port + u.path + u.query;

const word = fc.oneof(
  fc.constantFrom(
    "CallSid",
    "From",
    "To",
    "a",
    "A",
    "Z",
    "ä",
    "constructor",
    "__proto__",
    "10",
    "9",
  ),
  fc.string({ maxLength: 8 }),
);
const params = fc.array(fc.tuple(word, word), { maxLength: 8 })
  .map((pairs) => new URLSearchParams(pairs));
const token = fc.string({ minLength: 1, maxLength: 32 });

test("signRequest signs as the SDK does, repeated parameters included", () => {
  fc.assert(
    fc.property(token, url, params, (authToken, u, form) => {
      assertEquals(
        signRequest(authToken, written(u), form),
        getExpectedTwilioSignature(authToken, written(u), sdkParams(form)),
      );
    }),
    { numRuns: 300 },
  );
});

test("isSignedByTwilio says what the SDK says, however the signed URL spelled its port", () => {
  let yes = 0;
  const signed = fc.record({
    port: fc.constantFrom("as it is", "", ":80", ":443", ":8080"),
    path: fc.constantFrom("as it is", "as it is", "as it is", "/other"),
  });
  fc.assert(
    fc.property(token, url, params, signed, (authToken, u, form, { port, path }) => {
      const bySigner = {
        ...u,
        port: port === "as it is" ? u.port : port,
        path: path === "as it is" ? u.path : path,
      };
      const signature = getExpectedTwilioSignature(authToken, written(bySigner), sdkParams(form));
      // What our routes hand over is what `URL` makes of it, without a default port.
      const { href } = new URL(written(u));
      const wanted = validateRequest(authToken, signature, href, sdkParams(form));
      assertEquals(isSignedByTwilio(authToken, signature, href, form), wanted, href);
      if (wanted) yes++;
    }),
    { numRuns: 1000 },
  );
  assert(yes > 200 && yes < 900, `${yes} of 1000 were signed`);
});

test("isSignedByTwilio refuses another token, URL or form, and whatever is no signature", () => {
  fc.assert(fc.property(token, token, url, params, word, (ours, theirs, u, form, extra) => {
    fc.pre(ours !== theirs);
    const signature = signRequest(ours, written(u), form);
    assert(isSignedByTwilio(ours, signature, written(u), form));
    assertEquals(isSignedByTwilio(theirs, signature, written(u), form), false);
    assertEquals(isSignedByTwilio(ours, signature, `${written(u)}x`, form), false);
    const more = new URLSearchParams(form);
    more.append(`${extra}+`, "1");
    assertEquals(isSignedByTwilio(ours, signature, written(u), more), false);
    const bad = [
      "",
      "=",
      signature.slice(0, -1),
      `${signature}=`,
      signature.toLowerCase() + " ",
      "é",
    ];
    for (const other of [undefined, ...bad]) {
      assertEquals(isSignedByTwilio(ours, other, written(u), form), false);
    }
  }));
});

test("the example of Twilio's documentation has the signature that it prints", () => {
  const form = new URLSearchParams({
    CallSid: "CA1234567890ABCDE",
    Caller: "+14158675309",
    Digits: "1234",
    From: "+14158675309",
    To: "+18005551212",
  });
  // Twilio docs, "Webhooks security".
  const exampleUrl = "https://mycompany.com/myapp.php?foo=1&bar=2";
  assertEquals(signRequest("12345", exampleUrl, form), "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
});

test("a stream's upgrade is signed over its wss URL and nothing else", () => {
  const streamUrl = "wss://example.com/twilio/stream";
  const signature = getExpectedTwilioSignature("token", streamUrl, {});
  assert(isSignedByTwilio("token", signature, streamUrl));
  assertEquals(isSignedByTwilio("token", signature, "https://example.com/twilio/stream"), false);
  assertEquals(isSignedByTwilio("token", signature, "wss://example.com/twilio/stream/"), false);
  assertEquals(isSignedByTwilio("other", signature, streamUrl), false);
});
