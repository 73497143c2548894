import test from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { BoundedLabel, cleanLabel, OTHER } from "./labels.ts";

test("BoundedLabel folds what comes after its maximum into other, and keeps the first ones", () => {
  const label = new BoundedLabel(2);
  assertEquals(label.valueOf("a"), "a");
  assertEquals(label.valueOf("b"), "b");
  assertEquals(label.valueOf("c"), OTHER);
  assertEquals(label.valueOf("a"), "a");
  assertEquals(label.size, 2);
});

test("BoundedLabel keeps known values in a flood of others", () => {
  const label = new BoundedLabel(3, ["server_error"]);
  for (let i = 0; i < 1000; i++) label.valueOf(`made-up-${i}`);
  assertEquals(label.valueOf("server_error"), "server_error");
  assertEquals(label.size, 3);
});

test("BoundedLabel: no input makes more series than the maximum, or a character that needs escaping", () => {
  fc.assert(
    fc.property(fc.array(fc.anything(), { maxLength: 40 }), (values) => {
      const label = new BoundedLabel(5);
      const got = new Set<string>();
      for (const value of values) {
        // What String() itself refuses (a null prototype) is not ours to print.
        try {
          String(value);
        } catch {
          continue;
        }
        got.add(label.valueOf(value));
      }
      got.delete(OTHER);
      assert(got.size <= 5);
      for (const value of got) assert(/^[A-Za-z0-9_.:-]{1,64}$/.test(value), value);
    }),
    { numRuns: 200 },
  );
});

test("cleanLabel replaces quotes, backslashes and line ends, cuts at 64, names the empty", () => {
  assertEquals(cleanLabel('a"b\\c\nd{e}'), "a_b_c_d_e_");
  assertEquals(cleanLabel("x".repeat(1000)).length, 64);
  assertEquals(cleanLabel(""), "unknown");
});

test("BoundedLabel refuses a maximum that cannot hold what is known", () => {
  assertThrows(() => new BoundedLabel(1, ["a", "b"]), RangeError, "maxValues is 1");
  assertThrows(() => new BoundedLabel(0), RangeError, "at least 1");
});
