/**
 * A failure with Twilio's own error code, as its debugger would log it.
 *
 * @module
 */

/** `code` is one of Twilio's: 11200, 12100, 31901, 31920, … */
export class TwilioError extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.name = "TwilioError";
    this.code = code;
  }
}

/** The words of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
