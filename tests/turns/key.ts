/**
 * What tells two worlds apart: everything but names and the time of day. Times count from now, and
 * names by the order in which they are met, so that a path which only came later by a different way
 * is not gone twice.
 *
 * Left out is what nobody looks at again: ids that were given out, what was seen, when the caller
 * last heard a sound (liveness asks only for sounds after itself), and, where the call's limits are
 * out of reach, what they count from.
 *
 * @module
 */

import type { Budget } from "./moves.ts";
import type { World } from "./world.ts";

const SKIPPED = new Set(["settings", "subject", "seen", "ids", "lastId", "lastSoundMs"]);
const LIMITS = new Set(["startedAtMs", "lastActivityMs", "activeMs"]);
/** Lengths, not moments. */
const LENGTHS = /^(heard|received|spoken|audio|kept|audioEnd|retryAfter)Ms$|^ms$/;

const enum Kind {
  Value,
  Skipped,
  Limit,
  Moment,
  /** A number that the machine gave to an utterance or an answer. */
  Ours,
}

const kinds = new Map<string, Kind>();

function kindOf(key: string): Kind {
  let kind = kinds.get(key);
  if (kind === undefined) {
    kind = SKIPPED.has(key)
      ? Kind.Skipped
      : LIMITS.has(key)
      ? Kind.Limit
      : /Ms$/.test(key) && !LENGTHS.test(key)
      ? Kind.Moment
      : /^(utterance|answer|earlyUtterance)$/.test(key)
      ? Kind.Ours
      : Kind.Value;
    kinds.set(key, kind);
  }
  return kind;
}

/** Our numbers also occur in names: `answer_3` is 3. */
const NAME = /^(?:(answer|commit|text)_(\d+)|[ritc]\d+)$/;

class Writer {
  #text = "";
  readonly #names = new Map<string, number>();

  constructor(readonly nowMs: number, readonly withLimits: boolean) {}

  get text(): string {
    return this.#text;
  }

  /** @param ours Numbers called `id` in it are the machine's and not the world's. */
  write(value: unknown, ours: boolean): void {
    if (typeof value === "string") return this.#string(value);
    if (typeof value !== "object" || value === null) {
      this.#text += `${value},`;
      return;
    }
    if (Array.isArray(value)) {
      this.#text += "[";
      for (const item of value) {
        // Lists of numbers hold ids of what was said.
        if (typeof item === "number") this.#name(`s${item}`);
        else this.write(item, ours);
      }
      this.#text += "]";
      return;
    }
    this.#text += "{";
    for (const key in value) this.#field(key, (value as Record<string, unknown>)[key], ours);
    this.#text += "}";
  }

  #field(key: string, value: unknown, ours: boolean): void {
    const kind = kindOf(key);
    if (kind === Kind.Skipped || kind === Kind.Limit && !this.withLimits) return;
    if (typeof value !== "number") return this.write(value, ours || key === "state");
    // It counts for what is not heard soon after it.
    if (key === "sessionSinceMs") this.#text += `${Math.max(value - this.nowMs, -1000)},`;
    else if (kind === Kind.Moment || kind === Kind.Limit) this.#text += `${value - this.nowMs},`;
    else if (key === "ref" || (key === "id" && !ours)) this.#name(value === 0 ? "0" : `s${value}`);
    else if (key === "id" || kind === Kind.Ours) this.#name(value === 0 ? "0" : `m${value}`);
    else this.#text += `${value},`;
  }

  #string(value: string): void {
    const match = NAME.exec(value);
    if (!match) this.#text += `${value},`;
    else if (match[2] === undefined) this.#name(value);
    else {
      this.#text += match[1];
      this.#name(`m${match[2]}`);
    }
  }

  #name(name: string): void {
    let n = this.#names.get(name);
    if (n === undefined) this.#names.set(name, n = this.#names.size);
    this.#text += `#${n},`;
  }
}

export function keyOf<S>(w: World<S>, budget: Budget): string {
  const writer = new Writer(w.nowMs, w.settings.limits || !w.ready);
  writer.write(w, false);
  writer.write(budget, false);
  return writer.text;
}
