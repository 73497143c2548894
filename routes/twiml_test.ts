import test from "node:test";
import { assertEquals, assertNotMatch, assertStringIncludes } from "@std/assert";
import { busyTwiml, connectTwiml } from "./twiml.ts";

test("connectTwiml joins the call to our stream, with the token, and says something if it breaks", () => {
  assertEquals(
    connectTwiml("wss://example.com/twilio/stream", "https://example.com/twilio/status", {
      token: "1.a.b",
    }),
    '<?xml version="1.0" encoding="UTF-8"?><Response><Connect>' +
      '<Stream url="wss://example.com/twilio/stream" ' +
      'statusCallback="https://example.com/twilio/status">' +
      '<Parameter name="token" value="1.a.b"/></Stream></Connect>' +
      "<Say>Sorry, the connection was lost. Please call again.</Say><Hangup/></Response>",
  );
});

test("connectTwiml escapes what it is given", () => {
  const twiml = connectTwiml("wss://x/?a=1&b=2", "https://x/'<", { token: '"><Dial>' });
  assertNotMatch(twiml, /<Dial/);
  assertStringIncludes(twiml, "wss://x/?a=1&amp;b=2");
  assertStringIncludes(twiml, "&quot;>&lt;Dial>");
});

test("busyTwiml is polite and hangs up", () => {
  const twiml = busyTwiml();
  assertStringIncludes(twiml, "<Say>Sorry, all our lines are busy");
  assertStringIncludes(twiml, "<Hangup/></Response>");
  assertNotMatch(twiml, /Stream/);
});
