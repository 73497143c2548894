/**
 * What `POST /v1/realtime/client_secrets` is asked for and answers, in the API's own shape.
 *
 * Source: OpenAI API reference, "Create client secret".
 *
 * @module
 */

import * as v from "valibot";
import { ApiError, errorFromIssue } from "./api_error.ts";
import { type SessionPatch, sessionPatchSchema } from "./session_schema.ts";

/** Bounds on how long a secret may live, seconds. */
export interface SecretSeconds {
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

/** What a client asks for. */
export interface SecretWish {
  readonly seconds: number;
  /** What sessions that are opened with the secret begin with. */
  readonly session: SessionPatch | undefined;
}

/**
 * Reads the body of a request; an empty one asks for the defaults.
 *
 * @throws {ApiError} Naming the field and the value.
 */
export function readSecretWish(body: string, seconds: SecretSeconds): SecretWish {
  let json: unknown;
  try {
    json = body.trim() === "" ? {} : JSON.parse(body);
  } catch {
    throw new ApiError("invalid_json", `The body of ${body.length} characters is not valid JSON.`);
  }
  const schema = v.strictObject({
    expires_after: v.optional(v.strictObject({
      anchor: v.optional(v.literal("created_at")),
      seconds: v.optional(
        v.pipe(v.number(), v.integer(), v.minValue(seconds.min), v.maxValue(seconds.max)),
      ),
    })),
    session: v.optional(sessionPatchSchema),
  });
  const parsed = v.safeParse(schema, json, { abortEarly: true });
  if (!parsed.success) throw errorFromIssue(parsed.issues[0], "");
  const { expires_after: after, session } = parsed.output;
  return { seconds: after?.seconds ?? seconds.default, session };
}
