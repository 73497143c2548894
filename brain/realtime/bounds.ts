/**
 * Bounds on what a client may put into a session or a response.
 *
 * @module
 */

import { ApiError } from "./api_error.ts";
import type { Tools } from "./session_schema.ts";
import type { RealtimeSettings } from "./settings.ts";

/** @throws {ApiError} When `text` is longer than the setting allows. */
export function checkText(
  text: string | undefined,
  param: string,
  settings: RealtimeSettings,
): void {
  if (text !== undefined && text.length > settings.maxTextChars) {
    throw new ApiError(
      "string_above_max_length",
      `Invalid '${param}': string too long. Expected at most ${settings.maxTextChars} characters, but got ${text.length}.`,
      param,
    );
  }
}

/** @throws {ApiError} When there are too many tools, or two of one name. */
export function checkTools(
  tools: Tools | undefined,
  param: string,
  settings: RealtimeSettings,
): void {
  if (!tools) return;
  if (tools.length > settings.maxTools) {
    throw new ApiError(
      "array_above_max_length",
      `Invalid '${param}': array too long. Expected at most ${settings.maxTools} tools, but got ${tools.length}.`,
      param,
    );
  }
  const names = new Set<string>();
  for (const [index, tool] of tools.entries()) {
    if (tool.type !== "function") continue;
    if (names.has(tool.name)) {
      const field = `${param}[${index}].name`;
      throw new ApiError(
        "invalid_value",
        `Duplicate tool name in '${field}': '${tool.name}'.`,
        field,
      );
    }
    names.add(tool.name);
  }
}

/** @throws {ApiError} When the session, as its events show it, is longer than the setting allows. */
export function checkSession(shown: object, settings: RealtimeSettings): void {
  const { length } = JSON.stringify(shown);
  if (length <= settings.maxSessionChars) return;
  throw new ApiError(
    "string_above_max_length",
    `Invalid 'session': too long. Expected at most ${settings.maxSessionChars} characters in all, but got ${length}.`,
    "session",
  );
}
