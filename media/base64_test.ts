import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { base64ByteLength, decodeBase64Into, encodeBase64 } from "./base64.ts";

/** RFC 4648, section 10. */
const VECTORS = [
  ["", ""],
  ["f", "Zg=="],
  ["fo", "Zm8="],
  ["foo", "Zm9v"],
  ["foob", "Zm9vYg=="],
  ["fooba", "Zm9vYmE="],
  ["foobar", "Zm9vYmFy"],
] as const;

const out = new Uint8Array(1024);
/** Canonical means: what Buffer reads and writes again is the same text. */
const isCanonical = (text: string) => Buffer.from(text, "base64").toString("base64") === text;

describe("base64", () => {
  it("decodes and encodes the vectors of RFC 4648", () => {
    for (const [plain, text] of VECTORS) {
      const bytes = new TextEncoder().encode(plain);
      assertEquals(encodeBase64(bytes), text);
      assertEquals(base64ByteLength(text), bytes.length);
      assertEquals(decodeBase64Into(text, out), bytes.length);
      assertEquals(out.slice(0, bytes.length), bytes);
    }
  });

  it("gives back any bytes, leaving the rest of out alone", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        const text = encodeBase64(bytes);
        assertEquals(text, Buffer.from(bytes).toString("base64"));
        assertEquals(base64ByteLength(text), bytes.length);
        out.fill(0xaa);
        assertEquals(decodeBase64Into(text, out), bytes.length);
        assertEquals(out.slice(0, bytes.length), bytes);
        assertEquals(out[bytes.length], 0xaa);
      }),
      { numRuns: 200 },
    );
  });

  it("refuses whitespace, the URL alphabet, bad padding, stray bits and odd lengths", () => {
    const bad = [
      "Zm9v\n",
      "Zm9 v",
      " Zm9",
      "Zm9\n",
      "Zm\n=",
      "Z g==",
      "\tZg=",
      "Zg= =",
      "Zg = =",
      "Zm9vYg\n\n",
      "_-_-",
      "Zm9_",
      "Zg",
      "Zg=",
      "Zm8",
      "Z",
      "Z===",
      "=",
      "==",
      "===",
      "====",
      "Zg==Zg==",
      "Z=g=",
      "=Zg=",
      "Zh==",
      "Zm9=",
      "Zm9vY\u0141==",
      "Zm9\u0141",
      "Zm9\u{1f600}",
      "Zm9\0",
      "Zm9%",
    ];
    for (const text of bad) assertEquals(decodeBase64Into(text, out), -1, JSON.stringify(text));
  });

  it("accepts exactly the canonical texts among near misses", () => {
    const chars = fc.constantFrom(..."ABQgwEIZ09az+/-_= \n\tÿŁ");
    let accepted = 0;
    fc.assert(
      fc.property(fc.string({ unit: chars, maxLength: 12 }), (text) => {
        const written = decodeBase64Into(text, out);
        if (written >= 0) accepted++;
        assertEquals(written >= 0, isCanonical(text), JSON.stringify(text));
      }),
      { numRuns: 5000 },
    );
    assert(accepted > 0, "the property met no canonical text");
  });

  it("refuses one wrong character anywhere in a frame", () => {
    const text = encodeBase64(Uint8Array.from({ length: 160 }, (_, i) => i * 37));
    for (let at = 0; at < text.length; at++) {
      for (const wrong of [" ", "-", "=", "é"]) {
        const broken = text.slice(0, at) + wrong + text.slice(at + 1);
        if (broken !== text) assertEquals(decodeBase64Into(broken, out), -1, `${wrong} at ${at}`);
      }
    }
  });

  it("refuses what does not fit, and fills what fits exactly", () => {
    const text = encodeBase64(new Uint8Array(160));
    assertEquals(decodeBase64Into(text, new Uint8Array(159)), -1);
    assertEquals(decodeBase64Into(text, new Uint8Array(160)), 160);
  });
});
