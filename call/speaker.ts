/**
 * The agent's side of the audio road: from the brain's pieces by way of playback to the leg, in the
 * leg's format; and what the caller's own microphone may bring back of it.
 *
 * @module
 */

import type { Leg } from "../legs/leg.ts";
import type { AudioFormat } from "../media/format.ts";
import type { Clock } from "../runtime/clock.ts";
import { Downlink } from "./downlink.ts";
import { EchoGuard } from "./echo_guard.ts";
import { Playback } from "./playback.ts";
import { PLAYBACK_DEFAULTS } from "./playback_port.ts";

/** Whom the speaker tells. */
export interface SpeakerPort {
  /** The first audio of an answer was sent. */
  sent(nowMs: number): void;
  /** The first audio of an answer was heard. */
  heard(atMs: number): void;
  /** Nothing of ours is to be heard now. */
  silent(): void;
  /** What was on its way was dropped. */
  cleared(): void;
  problem(error: Error): void;
}

const { maxChunkMs } = PLAYBACK_DEFAULTS;

export class Speaker {
  readonly playback: Playback;
  readonly #leg: Leg;
  #downlink: Downlink;
  #echo: EchoGuard;

  /** @param format The brain's. */
  constructor(leg: Leg, format: AudioFormat, clock: Clock, port: SpeakerPort) {
    this.#leg = leg;
    this.#downlink = new Downlink(leg, format, maxChunkMs);
    this.#echo = new EchoGuard(format, maxChunkMs);
    this.playback = new Playback(format, {
      send: (payload, startsAtMs, begins) => {
        if (this.#echo.playing(payload, startsAtMs)) this.#downlink.send(payload, begins);
        else port.problem(new TypeError(`A delta of ${payload.length} characters is not base64`));
      },
      finish: () => this.#downlink.finish(),
      mark: leg.mark && ((name) => leg.mark!(name)),
      clear: () => {
        this.#downlink.clear();
        this.#echo.cleared(clock.nowMs());
        port.cleared();
      },
      cork: (write) => leg.cork(write),
      sent: port.sent,
      heard: port.heard,
      silent: port.silent,
      overflow: (ms) =>
        port.problem(new RangeError(`An answer is too long: ${ms} ms of it were dropped`)),
    }, clock);
  }

  /** The brain has settled on a format, perhaps not the one that was asked for. Before any answer. */
  set format(format: AudioFormat) {
    this.playback.format = format;
    this.#downlink = new Downlink(this.#leg, format, maxChunkMs);
    this.#echo = new EchoGuard(format, maxChunkMs);
  }

  /** How loud our own voice may come back just now, dBFS; -Infinity when it can't. */
  expectedEchoDbfs(nowMs: number): number {
    return this.#echo.expectedDbfs(nowMs);
  }

  /** The caller is silent while we speak: what comes back is our own voice, this loud. */
  learnEcho(levelDbfs: number, nowMs: number): void {
    this.#echo.learn(levelDbfs, nowMs);
  }
}
