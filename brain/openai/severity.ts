/**
 * The errors that a brain reports in an open session: which of them end it, and how long to wait.
 *
 * @module
 */

/** Fatal ends the session, retryable may pass, harmless is a race that both sides get over. */
export type Severity = "fatal" | "retryable" | "harmless";

const HARMLESS = new Set([
  "response_cancel_not_active",
  "conversation_already_has_active_response",
  "input_audio_buffer_commit_empty",
  "item_truncate_invalid",
  "invalid_event",
  "invalid_value",
  "unknown_parameter",
  "missing_required_parameter",
]);

const FATAL = new Set([
  "session_expired",
  "insufficient_quota",
  "invalid_api_key",
  "model_not_found",
]);

/**
 * Sorts the code of an `error` event. Most errors leave the session open (Realtime guide, error
 * handling), so what we don't know is harmless unless its type says that the server failed.
 */
export function severityOf(code: string | null | undefined, type?: string | null): Severity {
  if (code && FATAL.has(code)) return "fatal";
  if (code && HARMLESS.has(code)) return "harmless";
  if (code === "rate_limit_exceeded" || code === "server_error" || type === "server_error") {
    return "retryable";
  }
  return "harmless";
}

/** The wait that a message asks for, as in "Please try again in 1.2s."; 0 when it names none. */
export function retryAfterMs(message: string): number {
  const found = /try again in (\d+(?:\.\d+)?)\s*(ms|s|m)\b/i.exec(message);
  if (!found) return 0;
  const unitMs = { ms: 1, s: 1000, m: 60_000 }[found[2]!.toLowerCase()]!;
  return Math.ceil(Number(found[1]) * unitMs);
}
