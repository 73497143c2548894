/**
 * A Realtime server: an answerer and the settings that its sessions share.
 *
 * @module
 */

import type { Answerer } from "./answerer.ts";
import { createIds } from "./ids.ts";
import { RealtimeSession } from "./session.ts";
import { defaultConfig, sessionOnWire } from "./session_config.ts";
import type { SessionPatch } from "./session_schema.ts";
import { beginWith } from "./session_update.ts";
import { type RealtimeSettings, resolveSettings } from "./settings.ts";

/** Opens sessions. */
export class RealtimeServer {
  readonly #answerer: Answerer;
  readonly #settings: RealtimeSettings;

  /** @throws {RangeError} When a setting is out of range. */
  constructor(answerer: Answerer, settings: Partial<RealtimeSettings> = {}) {
    this.#answerer = answerer;
    this.#settings = resolveSettings(settings);
  }

  /** The model of a session whose client names none. */
  get model(): string {
    return this.#settings.model;
  }

  /**
   * Opens a session, which sends `session.created` before this returns.
   *
   * @param send Takes one server event. May throw once the link is gone: that ends the session.
   * @param close Called once, when the session ends the link itself.
   * @param model As named in the URL; without it, the setting, until an update names one.
   * @param patch What the session begins with, from its client secret.
   */
  open(
    send: (text: string) => void,
    close: (code: number, reason: string) => void,
    model?: string,
    patch?: SessionPatch,
  ): RealtimeSession {
    return new RealtimeSession(this.#answerer, this.#settings, send, close, model, patch);
  }

  /**
   * A session as it would begin, without one being opened.
   *
   * @throws {ApiError} When the patch can't be.
   */
  describe(patch: SessionPatch | undefined): Record<string, unknown> {
    const { clock, sessionLimitMs, model } = this.#settings;
    const expiresAtMs = performance.timeOrigin + clock.nowMs() + sessionLimitMs;
    const config = defaultConfig(createIds()("sess"), model, expiresAtMs);
    return sessionOnWire(patch ? beginWith(config, patch, this.#settings) : config);
  }
}
