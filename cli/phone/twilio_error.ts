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

/** Twilio's code of whatever was thrown; 0 when it has none. */
export function codeOf(error: unknown): number {
  return error instanceof TwilioError ? error.code : 0;
}

/** The words of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
