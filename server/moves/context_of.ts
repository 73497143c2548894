/**
 * What a call goes on with.
 *
 * @module
 */

import type { CallContext } from "../../call/context.ts";
import type { Parcel } from "./parcel.ts";

/** A call of which nothing is known any more is welcomed back; it is no new one. */
export function contextOf(parcel: Parcel, startedAtMs: number): CallContext {
  if (parcel.type === "context") return parcel.context;
  return { startedAtMs, lines: [], unanswered: [], owes: "welcome_back" };
}
