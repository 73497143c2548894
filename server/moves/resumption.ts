/**
 * How a call begins that is not a new one.
 *
 * @module
 */

import type { CallContext } from "../../call/context.ts";
import type { Parcel } from "./parcel.ts";

export interface Resumption {
  readonly context: CallContext;
  /** False when nobody knows what was said: the caller is welcomed back. */
  readonly known: boolean;
}

/** What to go on with; nothing that is known still means no second greeting. */
export function resumptionOf(parcel: Parcel, startedAtMs: number): Resumption {
  if (parcel.type === "context") return { context: parcel.context, known: true };
  return {
    context: { startedAtMs, lines: [], unanswered: [], owes: "greeting" },
    known: false,
  };
}
