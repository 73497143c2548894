/**
 * The last stretch of a byte stream, addressed by position since the stream began.
 *
 * @module
 */

const FIRST_CAPACITY_BYTES = 8192;

/**
 * Bytes are appended at the end and dropped at the front. Memory grows by doubling, to a
 * quarter over the bound; beyond the bound the oldest bytes go.
 */
export class Tape {
  readonly #maxBytes: number;
  readonly #maxCapacity: number;
  #memory = new Uint8Array(FIRST_CAPACITY_BYTES);
  #from = 0;
  #to = 0;
  #endPosition = 0;

  /** @param maxBytes Bytes kept at most. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#maxCapacity = Math.max(FIRST_CAPACITY_BYTES, Math.ceil(maxBytes * 1.25));
  }

  /** Position behind the last byte: bytes ever appended. */
  get end(): number {
    return this.#endPosition;
  }

  /** Position of the oldest byte kept. */
  get start(): number {
    return this.#endPosition - (this.#to - this.#from);
  }

  /** Copies `bytes` to the end. Not more than the bound at once. */
  append(bytes: Uint8Array): void {
    const count = bytes.length;
    const excess = this.#to - this.#from + count - this.#maxBytes;
    if (excess > 0) this.#from += excess;
    if (this.#to + count > this.#memory.length) this.#makeRoom(count);
    this.#memory.set(bytes, this.#to);
    this.#to += count;
    this.#endPosition += count;
  }

  #makeRoom(count: number): void {
    const kept = this.#to - this.#from;
    let capacity = this.#memory.length;
    // Moving pays when it frees a quarter; otherwise the next append would move again.
    while (kept + count > capacity * 0.75 && capacity < this.#maxCapacity) {
      capacity = Math.min(capacity * 2, this.#maxCapacity);
    }
    if (capacity === this.#memory.length) {
      this.#memory.copyWithin(0, this.#from, this.#to);
    } else {
      const larger = new Uint8Array(capacity);
      larger.set(this.#memory.subarray(this.#from, this.#to));
      this.#memory = larger;
    }
    this.#from = 0;
    this.#to = kept;
  }

  /** A copy of the bytes of `[from, to)` that are still kept. */
  slice(from: number, to: number): Uint8Array {
    const start = this.start;
    const first = Math.max(from, start) - start + this.#from;
    const last = Math.min(to, this.#endPosition) - start + this.#from;
    return last <= first ? new Uint8Array(0) : this.#memory.slice(first, last);
  }

  /** Forgets everything before `position`. */
  dropBefore(position: number): void {
    const drop = Math.min(position, this.#endPosition) - this.start;
    if (drop > 0) this.#from += drop;
    // Empty and grown: give the memory back.
    if (this.#from === this.#to) {
      this.#from = this.#to = 0;
      if (this.#memory.length > 16 * FIRST_CAPACITY_BYTES) {
        this.#memory = new Uint8Array(FIRST_CAPACITY_BYTES);
      }
    }
  }
}
