/**
 * Label values from outside, made safe for Prometheus: a bounded number of them, and no character
 * that its text format or a query would trip over.
 *
 * @module
 */

/** Longest label value that is kept. */
const MAX_LABEL_CHARS = 64;

/** Stands for every value beyond the bound. */
export const OTHER = "other";

/**
 * Lets at most `maxValues` different values of one label through; later ones become `other`. Each
 * value of a label is a time series that Prometheus keeps, so error codes and model names that the
 * far side chooses must not be able to make them without end.
 */
export class BoundedLabel {
  readonly #known = new Set<string>();
  readonly #maxValues: number;

  /**
   * @param maxValues How many different values may pass, `known` included.
   * @param known Values that always pass, so that a flood of new ones cannot displace them.
   * @throws {RangeError} If `maxValues` cannot hold `known`, or is not a whole number from 1.
   */
  constructor(maxValues: number, known: readonly string[] = []) {
    if (!Number.isInteger(maxValues) || maxValues < 1 || maxValues < known.length) {
      throw new RangeError(
        `Cannot bound a label: maxValues is ${maxValues}, needs a whole number of at least ${
          Math.max(1, known.length)
        }`,
      );
    }
    this.#maxValues = maxValues;
    for (const value of known) this.#known.add(value);
  }

  /** How many values have a place. */
  get size(): number {
    return this.#known.size;
  }

  /** The label value to use for `raw`. Never throws. */
  valueOf(raw: unknown): string {
    const text = typeof raw === "string" ? raw : String(raw);
    if (this.#known.has(text)) return text;
    const clean = cleanLabel(text);
    if (this.#known.has(clean)) return clean;
    if (this.#known.size >= this.#maxValues) return OTHER;
    this.#known.add(clean);
    return clean;
  }
}

/**
 * Keeps letters, digits and `_ . : -`; anything else becomes `_`. Empty text becomes `unknown`.
 * Quotes, backslashes and line ends are the characters that the text format reserves.
 */
export function cleanLabel(raw: string): string {
  const cut = raw.length > MAX_LABEL_CHARS ? raw.slice(0, MAX_LABEL_CHARS) : raw;
  const clean = cut.replace(/[^A-Za-z0-9_.:-]/g, "_");
  return clean === "" ? "unknown" : clean;
}
