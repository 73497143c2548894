/**
 * What a leg owes a caller whose audio stops coming: silence, so that a detector's clock goes on
 * and the turn can end. Phones that send nothing while nobody speaks, microphones that are taken
 * away, tabs that fall asleep: all end a turn by absence.
 *
 * A leg says when audio came, and looks every {@linkcode LOOK_MS}. There is no clock inside.
 *
 * @module
 */

export interface StallSettings {
  /** Without audio for this long, the stream counts as still. */
  readonly stallMs: number;
  /** Silence that one stall is filled with, at most: by then every turn is over. */
  readonly maxStallMs: number;
}

export const STALL_DEFAULTS: StallSettings = {
  stallMs: 750,
  maxStallMs: 30_000,
};

/** Time between two looks: silence is handed over in pieces of this length. */
export const LOOK_MS = 100;
/** What silence is made of. */
export const SILENT_FRAME_MS = 20;

export class StallWatch {
  readonly #settings: StallSettings;
  #lookedAtMs = 0;
  /** False until the first frame: who never spoke is not missed. */
  #began = false;
  /** Audio came since the last look. */
  #came = false;
  /** For how long it has been still, counted from a look, so rather too little. */
  #quietMs = 0;
  #filledMs = 0;

  constructor(settings: StallSettings) {
    this.#settings = settings;
  }

  /**
   * Audio came. Hot: it asks no clock.
   *
   * @returns The silence that filled the stall which ends here, in ms; 0 where there was none.
   */
  heard(): number {
    this.#came = true;
    const filledMs = this.#filledMs;
    this.#filledMs = 0;
    return filledMs;
  }

  /**
   * How much silence is due now: what was missed when the stream is first found still, and from then
   * on as much as time has passed.
   *
   * @returns Milliseconds, whole frames of {@linkcode SILENT_FRAME_MS}.
   */
  look(nowMs: number): number {
    const passedMs = nowMs - this.#lookedAtMs;
    this.#lookedAtMs = nowMs;
    if (this.#came) {
      this.#began = true;
      this.#came = false;
      this.#quietMs = 0;
      return 0;
    }
    if (!this.#began) return 0;
    // A look that is late says that we stood still ourselves: the audio of that time may wait in the
    // socket, behind this look.
    this.#quietMs += passedMs > 2 * LOOK_MS ? LOOK_MS : passedMs;
    const { stallMs, maxStallMs } = this.#settings;
    if (this.#quietMs < stallMs) return 0;
    const owedMs = Math.min(this.#quietMs, maxStallMs) - this.#filledMs;
    const dueMs = owedMs - owedMs % SILENT_FRAME_MS;
    this.#filledMs += dueMs;
    return dueMs;
  }
}
