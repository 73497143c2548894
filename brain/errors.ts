/**
 * How a link to a brain fails.
 *
 * @module
 */

/** A failure of the far side. Callers read `retryable`, never the message. */
export class UpstreamError extends Error {
  override readonly name = "UpstreamError";
  constructor(
    message: string,
    /** The API's own code, or `http_401`, `connect_failed`, `closed_1006` and their like. */
    readonly code: string,
    readonly retryable: boolean,
    /** The HTTP status of a refused upgrade, when there was one. */
    readonly status?: number,
  ) {
    super(message);
  }
}
