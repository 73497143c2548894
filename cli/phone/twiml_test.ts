import { describe, it } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { parseTwiml } from "./twiml.ts";
import { parseXml } from "./xml.ts";

describe("parseTwiml", () => {
  it("reads <Connect><Stream> with parameters, comments and entities", () => {
    const verbs = parseTwiml(`<?xml version="1.0" encoding="UTF-8"?>
      <Response><!-- fallback below -->
        <Connect action='/after?a=1&amp;b=2'>
          <Stream url="wss://host/twilio/stream" statusCallback="https://host/s">
            <Parameter name="token" value="a&quot;b&#x3c;&#62;"/>
            <Parameter name="empty" value=""/>
          </Stream>
        </Connect>
        <Say voice="alice">Sorry,<![CDATA[ <later> ]]>&amp; bye</Say><Hangup/>
      </Response>`);
    assertEquals(verbs, [
      {
        verb: "Connect",
        url: "wss://host/twilio/stream",
        name: undefined,
        track: undefined,
        statusCallback: "https://host/s",
        parameters: { token: 'a"b<>', empty: "" },
        action: "/after?a=1&b=2",
      },
      { verb: "Say", text: "Sorry, <later> & bye" },
      { verb: "Hangup" },
    ]);
  });

  it("reads Reject, Pause and Redirect, and names what it does not know", () => {
    const source = `<Response><Pause length="2"/><Start><Stream url="wss://x"/></Start>` +
      `<Redirect>/next</Redirect><Reject reason="busy"/></Response>`;
    assertEquals(parseTwiml(source), [
      { verb: "Pause", seconds: 2 },
      { verb: "Other", name: "Start" },
      { verb: "Redirect", url: "/next" },
      { verb: "Reject", reason: "busy" },
    ]);
  });

  it("refuses what Twilio refuses", () => {
    for (
      const source of [
        "",
        "plain text",
        "<Response>",
        "<Response></Connect>",
        "<Response><Say>a & b</Say></Response>",
        "<Response><Connect><Stream/></Connect></Response>",
        '<Response><Connect><Stream url="wss://x"><Parameter name="a"/></Stream></Connect></Response>',
        "<Other/>",
        "<Response/><Response/>",
        '<Response a="1" a="2"/>',
        "<Response/>trailing",
        "<!DOCTYPE x><Response/>",
      ]
    ) assertThrows(() => parseTwiml(source), SyntaxError);
  });
});

describe("parseXml", () => {
  it("gives back any attribute and text that was escaped into it", () => {
    const escape = (text: string) => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
    const plain = fc.string({ unit: "grapheme", maxLength: 40 });
    fc.assert(
      fc.property(plain, plain, (attribute, text) => {
        const element = parseXml(`<a b="${escape(attribute)}">${escape(text)}</a>`);
        assertEquals(element.attributes.b, attribute);
        assertEquals(element.text, text);
      }),
      { numRuns: 200 },
    );
  });

  it("ends on any input, with an element or a SyntaxError", () => {
    const pieces = fc.constantFrom(
      "<a>",
      "</a>",
      "<b/>",
      "<!--",
      "-->",
      "&amp;",
      "&",
      "x",
      '"',
      "<",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        try {
          parseXml(parts.join(""));
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error;
        }
      }),
      { numRuns: 300 },
    );
  });
});

it("half a surrogate in the declaration is a SyntaxError as well", () => {
  assertThrows(() => parseTwiml('<?xml version="1.0" \ud800'), SyntaxError);
});
