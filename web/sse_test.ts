import { describe, it } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { EventReader } from "./sse.js";

function read(pieces: string[]): [string, string][] {
  const events: [string, string][] = [];
  const reader = new EventReader((event: string, data: string) => events.push([event, data]));
  for (const piece of pieces) reader.push(piece);
  return events;
}

describe("EventReader", () => {
  const stream =
    ': keep-alive\n\nevent: health\ndata: {"a":1}\n\nid: 7\r\ndata:x\r\ndata: y\r\n\r\nevent: end\n\n';
  const events: [string, string][] = [["health", '{"a":1}'], ["message", "x\ny"]];

  it("reads names and data, joins lines, and passes over comments and events without data", () => {
    assertEquals(read([stream]), events);
  });

  it("reads the same wherever the stream is cut", () => {
    const cuts = fc.array(fc.integer({ min: 0, max: stream.length }), { maxLength: 20 });
    fc.assert(
      fc.property(cuts, (at) => {
        const sorted = [0, ...at.toSorted((a, b) => a - b), stream.length];
        assertEquals(read(sorted.slice(1).map((end, i) => stream.slice(sorted[i], end))), events);
      }),
      { numRuns: 200 },
    );
  });

  it("keeps an event for later whose end has not come", () => {
    assertEquals(read(["data: half"]), []);
  });

  it("refuses a line without end instead of filling the memory", () => {
    assertThrows(() => read(Array.from({ length: 11 }, () => "x".repeat(100_000))), RangeError);
    assertThrows(
      () => read(Array.from({ length: 1_100_000 / 1000 }, () => "data: " + "x".repeat(994) + "\n")),
      RangeError,
    );
  });
});
