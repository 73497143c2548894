/**
 * Marks on their way to the caller's ear and back. Those from before a restart count for nothing: the
 * leg gives them back when it is cleared, though what was before them was not heard.
 *
 * @module
 */

/** Marks that may be on their way; a leg that never answers them costs no more. */
const MAX_MARKS = 1000;

export class Marks {
  #generation = 0;
  #lastNumber = 0;
  /** Name and position, in order. */
  #pending: { readonly name: string; readonly positionMs: number }[] = [];

  get pending(): number {
    return this.#pending.length;
  }

  /** @returns The name of a mark behind what ends at `positionMs`. */
  at(positionMs: number): string {
    const name = `${this.#generation}:${++this.#lastNumber}`;
    this.#pending.push({ name, positionMs });
    if (this.#pending.length > MAX_MARKS) this.#pending.shift();
    return name;
  }

  /** @returns Up to where everything was heard; null when the mark counts for nothing. */
  heard(name: string): number | null {
    const index = this.#pending.findIndex((mark) => mark.name === name);
    if (index < 0) return null;
    const { positionMs } = this.#pending[index]!;
    this.#pending.splice(0, index + 1);
    return positionMs;
  }

  restart(): void {
    this.#generation++;
    this.#pending = [];
  }
}
