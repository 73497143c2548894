/**
 * Whether a caller's wire takes what we send. A peer that stops reading is told by nothing else for
 * minutes: the kernel takes megabytes for it, and as long as it sends, every keep-alive is content.
 *
 * Two bounds: what was said without a mark coming back, in seconds of sound, and what waits in our
 * own memory, in bytes.
 *
 * @module
 */

export interface ReadSettings {
  /**
   * Sound that may go out while no mark comes back. Playback sends at most a second ahead and a mark
   * each 400 ms; a network that stands still this long is given up by the ping, too.
   */
  readonly maxUnheardMs: number;
  /** Bytes that may wait for the kernel: above 5 s of PCM16 at 48 kHz. */
  readonly maxWaitingBytes: number;
}

export const READ_DEFAULTS: ReadSettings = {
  maxUnheardMs: 20_000,
  maxWaitingBytes: 512 * 1024,
};

export class ReadWatch {
  readonly #settings: ReadSettings;
  #unheardMs = 0;

  constructor(settings: ReadSettings) {
    this.#settings = settings;
  }

  /** So much sound went out. Hot. */
  sent(ms: number): void {
    this.#unheardMs += ms;
  }

  /** A mark came back: whoever sends one has read. */
  marked(): void {
    this.#unheardMs = 0;
  }

  /** @param waitingBytes What our socket holds that the kernel has not taken. */
  stalled(waitingBytes: number): boolean {
    const { maxUnheardMs, maxWaitingBytes } = this.#settings;
    return this.#unheardMs > maxUnheardMs || waitingBytes > maxWaitingBytes;
  }
}
