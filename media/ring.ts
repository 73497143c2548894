/**
 * A bounded ring over typed arrays: keeps the last N milliseconds of audio, or queues audio up to N.
 *
 * @module
 */

/** What a ring holds: bytes (G.711, or PCM as it crosses the wire) or 16-bit samples. */
export type RingArray = Uint8Array | Int16Array;

/** What happens to what does not fit: the oldest is lost, or the new part is refused. */
export type RingWhenFull = "overwrite-oldest" | "refuse";

/**
 * A first-in first-out ring of fixed capacity. All memory is allocated by the constructor; reading
 * and writing copy, so no view of the ring's own memory ever leaves it.
 */
export class Ring<T extends RingArray> {
  /** Elements the ring holds at most. */
  readonly capacity: number;
  readonly #whenFull: RingWhenFull;
  readonly #items: RingArray;
  /** Where the oldest element is. */
  #head = 0;
  #length = 0;
  #lost = 0;

  /**
   * @param items Memory the ring takes over; its length is the capacity.
   * @param whenFull What a write that does not fit does.
   * @throws {RangeError} If `items` is empty.
   */
  constructor(items: T, whenFull: RingWhenFull) {
    if (items.length === 0) {
      throw new RangeError("Cannot make a ring: capacity 0, needs at least 1");
    }
    this.#items = items;
    this.#whenFull = whenFull;
    this.capacity = items.length;
  }

  /** Elements waiting to be read. */
  get length(): number {
    return this.#length;
  }

  /** Elements that were overwritten or refused since the start or {@link clear}. */
  get lost(): number {
    return this.#lost;
  }

  /**
   * Adds elements at the end.
   *
   * When they do not fit, "overwrite-oldest" drops as many of the oldest as needed (and of `input`
   * too, when it alone is longer than the ring); "refuse" takes what fits from the start of `input`.
   *
   * @returns Elements taken: with "overwrite-oldest" always `input.length`.
   */
  write(input: T): number {
    const items = this.#items;
    const capacity = this.capacity;
    let from = 0;
    let count = input.length;
    const excess = this.#length + count - capacity;
    if (excess > 0) {
      this.#lost += excess;
      if (this.#whenFull === "refuse") {
        count -= excess;
      } else {
        const dropped = Math.min(excess, this.#length);
        this.#head = (this.#head + dropped) % capacity;
        this.#length -= dropped;
        from = excess - dropped;
      }
    }
    const end = this.#whenFull === "refuse" ? count : input.length;
    let at = this.#head + this.#length;
    if (at >= capacity) at -= capacity;
    // An element at a time: for frames of 160 to 960 this needs no view, so nothing is allocated.
    for (let i = from; i < end; i++) {
      items[at] = input[i]!;
      if (++at === capacity) at = 0;
    }
    this.#length += end - from;
    return end;
  }

  /** Moves up to `out.length` of the oldest elements out of the ring. Returns how many. */
  read(out: T): number {
    const count = this.#copy(out, this.#head, this.#length);
    this.#head = (this.#head + count) % this.capacity;
    this.#length -= count;
    return count;
  }

  /** Copies up to `out.length` of the newest elements, in order; the ring keeps them. */
  peekNewest(out: T): number {
    const count = Math.min(out.length, this.#length);
    return this.#copy(out, (this.#head + this.#length - count) % this.capacity, count);
  }

  /** Forgets up to `count` of the oldest elements. Returns how many there were. */
  skip(count: number): number {
    const skipped = Math.min(Math.max(0, count), this.#length);
    this.#head = (this.#head + skipped) % this.capacity;
    this.#length -= skipped;
    return skipped;
  }

  /** Empties the ring and its count of losses. */
  clear(): void {
    this.#head = 0;
    this.#length = 0;
    this.#lost = 0;
  }

  #copy(out: T, from: number, available: number): number {
    const items = this.#items;
    const count = Math.min(out.length, available);
    let at = from;
    for (let i = 0; i < count; i++) {
      out[i] = items[at]!;
      if (++at === this.capacity) at = 0;
    }
    return count;
  }
}

/** A ring of bytes. */
export function byteRing(capacityBytes: number, whenFull: RingWhenFull): Ring<Uint8Array> {
  return new Ring(new Uint8Array(capacityBytes), whenFull);
}

/** A ring of 16-bit samples. */
export function pcm16Ring(capacitySamples: number, whenFull: RingWhenFull): Ring<Int16Array> {
  return new Ring(new Int16Array(capacitySamples), whenFull);
}
