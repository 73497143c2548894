import test from "node:test";
import { assertEquals, assertNotMatch, assertStringIncludes } from "@std/assert";
import { busyTwiml, connectTwiml, hangUpTwiml, lostTwiml } from "./twiml.ts";

const URLS = {
  streamUrl: "wss://example.com/twilio/stream",
  statusUrl: "https://example.com/twilio/status",
  againUrl: "https://example.com/twilio/voice/again?n=1&resume=a.b",
};

test("connectTwiml joins the call to our stream, with the token, and asks us again when it ends", () => {
  assertEquals(
    connectTwiml({ ...URLS, parameters: { token: "1.a.b" } }),
    '<?xml version="1.0" encoding="UTF-8"?><Response><Connect>' +
      '<Stream url="wss://example.com/twilio/stream" ' +
      'statusCallback="https://example.com/twilio/status">' +
      '<Parameter name="token" value="1.a.b"/></Stream></Connect>' +
      '<Redirect method="POST">https://example.com/twilio/voice/again?n=1&amp;resume=a.b</Redirect>' +
      "</Response>",
  );
});

test("connectTwiml escapes what it is given", () => {
  const twiml = connectTwiml({
    ...URLS,
    streamUrl: "wss://x/?a=1&b=2",
    parameters: { token: '"><Dial>' },
  });
  assertNotMatch(twiml, /<Dial/);
  assertStringIncludes(twiml, "wss://x/?a=1&amp;b=2");
  assertStringIncludes(twiml, "&quot;>&lt;Dial>");
});

test("lostTwiml says so, and hangs up; hangUpTwiml says nothing", () => {
  const end = "<Hangup/></Response>";
  assertStringIncludes(
    lostTwiml(),
    `<Say>Sorry, the connection was lost. Please call again.</Say>${end}`,
  );
  assertStringIncludes(hangUpTwiml(), `<Response>${end}`);
});

test("busyTwiml is polite and hangs up", () => {
  const twiml = busyTwiml();
  assertStringIncludes(twiml, "<Say>Sorry, all our lines are busy");
  assertStringIncludes(twiml, "<Hangup/></Response>");
  assertNotMatch(twiml, /Stream/);
});
