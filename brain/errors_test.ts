import test from "node:test";
import { assertEquals, assertInstanceOf } from "@std/assert";
import { UpstreamError } from "./errors.ts";

test("UpstreamError carries what callers decide by", () => {
  const error = new UpstreamError("No", "http_429", true, 429);
  assertInstanceOf(error, Error);
  const { name, code, retryable, status } = error;
  assertEquals([name, code, retryable, status], ["UpstreamError", "http_429", true, 429]);
  assertEquals(new UpstreamError("No", "closed_1006", true).status, undefined);
});
