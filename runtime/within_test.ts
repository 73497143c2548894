import test from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { within } from "./within.ts";

const after = <T>(ms: number, value: T) =>
  new Promise<T>((resolve) => setTimeout(() => resolve(value), ms));

test("within: the work's own result, in time", async () => {
  assertEquals(await within(1000, after(1, "done"), () => "late"), "done");
  await assertRejects(
    () => within(1000, Promise.reject(new RangeError("no")), () => "late"),
    RangeError,
    "no",
  );
});

test("within: what late gives or throws, and a failure after that is nobody's", async () => {
  const work = after(30, "done").then(() => Promise.reject(new Error("too late to matter")));
  assertEquals(await within<unknown>(5, work, () => "late"), "late");
  const never = new Promise<void>(() => {});
  const fail = () => {
    throw new TypeError("late");
  };
  await assertRejects(() => within(5, never, fail), TypeError, "late");
  await after(40, null);
});
