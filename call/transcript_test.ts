import test from "node:test";
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Transcript } from "./transcript.ts";

const said = (transcript: Transcript) => transcript.lines().map(({ role, text }) => [role, text]);

test("keeps both sides in the order of the conversation, though words come late", () => {
  const transcript = new Transcript();
  transcript.callerSpoke("c1");
  transcript.agentSaid("a1", "Yes, ", false);
  transcript.agentSaid("a1", "we are open.", false);
  transcript.callerSaid("c1", "Are you open?");
  assertEquals(said(transcript), [["caller", "Are you open?"], ["agent", "Yes, we are open."]]);
});

test("of an answer that was cut, only whole words that were heard remain", () => {
  const transcript = new Transcript();
  transcript.agentSaid("a1", "We have a table at eight.", true);
  transcript.cut("a1", 1000, 2000);
  assertEquals(said(transcript), [["agent", "We have a"]]);
  transcript.agentSaid("a1", "We have a table at eight, and more.", true);
  assertEquals(said(transcript), [["agent", "We have a"]], "late words were not heard");
});

test("an item that was never heard is no part of it", () => {
  const transcript = new Transcript();
  transcript.agentSaid("a1", "Hello", true);
  transcript.remove("a1");
  transcript.cut("a1", 10, 20);
  assertEquals(said(transcript), []);
});

test("is bounded in lines and in the length of one", () => {
  const transcript = new Transcript({ maxLines: 3, maxLineChars: 5 });
  for (let n = 0; n < 10; n++) transcript.callerSaid(`c${n}`, `line number ${n}`);
  for (let n = 0; n < 10; n++) transcript.agentSaid("a", "more ", false);
  assertEquals(said(transcript), [["caller", "line "], ["caller", "line "], ["agent", "more "]]);
});

test("what was heard is always a beginning of what was said", () => {
  fc.assert(fc.property(fc.string(), fc.nat(3000), fc.nat(3000), (text, heardMs, receivedMs) => {
    const transcript = new Transcript();
    transcript.agentSaid("a", text, true);
    transcript.cut("a", heardMs, receivedMs);
    const [line] = transcript.lines();
    assertEquals(text.startsWith(line!.text), true);
    if (heardMs === 0 || receivedMs === 0) assertEquals(line!.text, "");
  }));
});
