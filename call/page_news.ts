/**
 * What a caller with eyes is shown while they talk: who speaks, and what the detector sees. A phone
 * has no eyes, and costs nothing here.
 *
 * @module
 */

import type { Leg } from "../legs/leg.ts";
import type { Vad } from "../vad/vad.ts";
import { isOwed } from "./turns/deadlines.ts";
import type { CallState } from "./turns/state.ts";

/** The detector's view is shown once in so many frames: ten times a second. */
const VAD_EVERY_FRAMES = 5;

export class PageNews {
  readonly #leg: Leg;
  #shown = "";
  #frames = 0;

  constructor(leg: Leg) {
    this.#leg = leg;
  }

  state(s: CallState): void {
    if (!this.#leg.hasScreen) return;
    const caller = s.voiceSinceMs !== null || s.brainItem !== null ? "speaking" : "silent";
    // An answer that is held until the turn is over is still a thought.
    const speaks = s.soundSinceMs !== null && s.earlyUtterance === 0;
    const agent = speaks ? "speaking" : isOwed(s) ? "thinking" : "listening";
    if (this.#shown === caller + agent) return;
    this.#shown = caller + agent;
    this.#leg.tell({ type: "state", caller, agent });
  }

  frame(vad: Vad): void {
    if (!this.#leg.hasScreen || ++this.#frames % VAD_EVERY_FRAMES !== 0) return;
    const { levelDbfs, floorDbfs, thresholdDbfs, confidence } = vad;
    this.#leg.tell({ type: "vad", levelDbfs, floorDbfs, thresholdDbfs, confidence });
  }
}
