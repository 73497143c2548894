/**
 * The state of a call in one line, for failed waits and reports.
 *
 * @module
 */

import type { CallEnd } from "./phone_options.ts";
import type { PhoneStream } from "./phone_stream.ts";

export function describeCall(stream: PhoneStream | undefined, end: CallEnd | undefined): string {
  const parts = stream === undefined ? ["no stream"] : [
    `${stream.framesSent} frames sent`,
    `${stream.framesReceived} media`,
    `${stream.clears.total} clears`,
    `${stream.echoes.total} marks echoed`,
    `${stream.violations.total} violations`,
  ];
  if (end !== undefined) {
    parts.push(`ended by ${end.by}${end.error ? `: ${end.error.code} ${end.error.detail}` : ""}`);
  }
  return parts.join(", ");
}
