import test from "node:test";
import { assertEquals } from "@std/assert";
import { Circuit } from "./circuit.ts";

const failing = (times: number, everyMs: number) => {
  const circuit = new Circuit();
  for (let n = 0; n < times; n++) circuit.failed(n * everyMs);
  return circuit;
};

test("opens after five failures in a row, unless they are all of the same moment", () => {
  assertEquals(failing(4, 1000).isOpen(60_000), false);
  assertEquals(failing(5, 3000).isOpen(12_000), true);
  assertEquals(failing(50, 10).isOpen(5000), false, "a hiccup that many calls notice at once");
  assertEquals(failing(50, 10).isOpen(10_000), true, "longer than a call would wait");
});

test("while it is open, one attempt in two seconds finds out, and one that stands closes it", () => {
  const circuit = failing(5, 3000);
  assertEquals([15_000, 15_100, 16_999, 17_000, 17_001].map((ms) => circuit.allows(ms)), [
    true,
    false,
    false,
    true,
    false,
  ]);
  circuit.stood();
  assertEquals([circuit.isOpen(17_002), circuit.allows(17_002), circuit.allows(17_003)], [
    false,
    true,
    true,
  ]);
});
