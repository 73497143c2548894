import test from "node:test";
import { assertEquals } from "@std/assert";
import { severityOf } from "./severity.ts";

test("severityOf: what ends the session is fatal, whatever its type", () => {
  for (
    const code of ["session_expired", "insufficient_quota", "invalid_api_key", "model_not_found"]
  ) {
    assertEquals(severityOf(code), "fatal", code);
    assertEquals(severityOf(code, "server_error"), "fatal", code);
  }
});

test("severityOf: races that both sides get over are harmless, also if the server took the blame", () => {
  for (
    const code of [
      "response_cancel_not_active",
      "conversation_already_has_active_response",
      "input_audio_buffer_commit_empty",
    ]
  ) {
    assertEquals(severityOf(code), "harmless", code);
    assertEquals(severityOf(code, "server_error"), "harmless", code);
  }
});

test("severityOf: limits and failures of the server may pass", () => {
  assertEquals(severityOf("rate_limit_exceeded"), "retryable");
  assertEquals(severityOf("server_error"), "retryable");
  assertEquals(severityOf(null, "server_error"), "retryable");
  assertEquals(severityOf("", "server_error"), "retryable");
});

test("severityOf: an unknown or a missing code leaves the session open", () => {
  for (const code of ["made_up", "", null, undefined, "constructor"]) {
    assertEquals(severityOf(code), "harmless");
    assertEquals(severityOf(code, "invalid_request_error"), "harmless");
  }
});
