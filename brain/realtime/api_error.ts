/**
 * Errors as the Realtime API words them, and how a failed schema check becomes one.
 *
 * @module
 */

import type * as v from "valibot";

/** Becomes an `error` event; the session stays open. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    readonly code: string,
    message: string,
    /** The field at fault, as a path from the event: `session.audio.input.format.type`. */
    readonly param: string | null = null,
    readonly type: "invalid_request_error" | "server_error" = "invalid_request_error",
  ) {
    super(message);
  }
}

/** A client's value in a message: short, in quotes when text. */
export function show(value: unknown): string {
  const text = typeof value === "string" ? `'${value}'` : JSON.stringify(value) ?? String(value);
  return text.length > 80 ? text.slice(0, 77) + "..." : text;
}

/** What valibot says of one failure; its own type depends on the schema. */
type Issue = v.BaseIssue<unknown>;

function pathOf(issue: Issue, root: string): string {
  let path = root;
  for (const item of issue.path ?? []) {
    path += typeof item.key === "number" ? `[${item.key}]` : `${path && "."}${String(item.key)}`;
  }
  return path;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return "an object";
  return `a ${typeof value}`;
}

/** `("a" | "b")` as valibot writes it becomes `'a', 'b'`. */
function choices(expected: string): string {
  return expected.replace(/[()]/g, "").split(" | ").map((word) => word.replaceAll('"', "'"))
    .join(", ");
}

function wantedBy(issue: Issue): string {
  if (issue.type === "integer") return "Expected a whole number.";
  if (issue.type === "check" || issue.type === "regex") return issue.message;
  const what = issue.type.endsWith("_length") ? "a length " : "a number ";
  return `Expected ${what}${issue.expected ?? ""}.`;
}

/**
 * One failed check as the API would report it, naming the field and the value.
 *
 * @param root Path of what was checked, `""` for the event itself.
 */
export function errorFromIssue(issue: Issue, root: string): ApiError {
  // Of a choice between shapes, the branch that got furthest tells most.
  const nested = issue.issues?.filter((sub) => sub.path?.length) as Issue[] | undefined;
  if (issue.type === "union" && nested?.length) {
    return errorFromIssue(nested[0]!, pathOf(issue, root));
  }
  const param = pathOf(issue, root);
  const value = show(issue.input);
  if (issue.expected === "never") {
    return new ApiError("unknown_parameter", `Unknown parameter: '${param}'.`, param);
  }
  if (issue.received === "undefined") {
    return new ApiError(
      "missing_required_parameter",
      `Missing required parameter: '${param}'.`,
      param,
    );
  }
  if (issue.kind === "validation") {
    const wanted = wantedBy(issue);
    return new ApiError(
      "invalid_value",
      `Invalid value for '${param}': ${value}. ${wanted}`,
      param,
    );
  }
  const expected = issue.expected ?? "another value";
  if (/["(]/.test(expected) || /^\d/.test(expected)) {
    return new ApiError(
      "invalid_value",
      `Invalid value for '${param}': ${value}. Supported values are: ${choices(expected)}.`,
      param,
    );
  }
  return new ApiError(
    "invalid_type",
    `Invalid type for '${param}': expected ${expected.toLowerCase()}, but got ${
      kindOf(issue.input)
    }: ${value}.`,
    param,
  );
}
