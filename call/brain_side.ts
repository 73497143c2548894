/**
 * A call's side of its brain: opens the session and checks that it stands as asked, passes audio on
 * without looking at the rest, and turns everything else into a few words for the call.
 *
 * @module
 */

import { AudioDelta } from "../brain/audio_delta.ts";
import type { Brain, BrainLink } from "../brain/brain.ts";
import { UpstreamError } from "../brain/errors.ts";
import { type BrainEvent, BrainProtocolError, readBrainEvent } from "../brain/events.ts";
import { updateSession } from "../brain/requests.ts";
import {
  checkSession,
  type EffectiveFormats,
  sessionRequest,
  type SessionWish,
} from "../brain/session.ts";

/** What the call is told. */
export interface BrainSidePort {
  /** The session stands, once. `differences` are fit for a log. */
  ready(formats: EffectiveFormats, differences: readonly string[]): void;
  /** The audio road: one piece of an answer. `scanned` is false when the full parser had to look. */
  audio(responseId: string, itemId: string, payload: string, scanned: boolean): void;
  said(event: BrainEvent): void;
  /** The brain is of no more use; once. */
  failed(error: Error, code: string): void;
  /** Something wrong that the session survives. */
  problem(error: Error): void;
}

export class BrainSide {
  readonly link: BrainLink;
  readonly #wish: SessionWish;
  readonly #port: BrainSidePort;
  readonly #delta = new AudioDelta();
  #ready = false;
  #done = false;

  constructor(brain: Brain, wish: SessionWish, port: BrainSidePort) {
    this.#wish = wish;
    this.#port = port;
    this.link = brain.connect({
      message: (text) => this.#message(text),
      closed: (error) => this.fail(error ?? new UpstreamError("The brain left", "closed", true)),
    });
    this.link.send(updateSession(sessionRequest(wish)));
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** Gives the brain up, with one word to the call. */
  fail(error: Error): void {
    if (this.#done) return;
    this.#done = true;
    const { code } = error as { code?: unknown };
    this.#port.failed(error, typeof code === "string" ? code : "internal_error");
  }

  close(): void {
    this.#done = true;
    this.link.close();
  }

  #message(text: string): void {
    if (this.#done) return;
    try {
      const delta = this.#delta;
      if (delta.read(text)) {
        return this.#port.audio(delta.responseId, delta.itemId, delta.payload, true);
      }
      const event = readBrainEvent(text);
      if (event.type === "audio") {
        return this.#port.audio(event.responseId, event.itemId, event.payload, false);
      }
      if (event.type !== "session") this.#port.said(event);
      else if (event.updated) this.#sessionUpdated(event.session);
    } catch (error) {
      if (error instanceof BrainProtocolError) this.#port.problem(error);
      else this.fail(error as Error);
    }
  }

  #sessionUpdated(session: unknown): void {
    if (this.#ready) return;
    let checked: ReturnType<typeof checkSession>;
    try {
      checked = checkSession(this.#wish, session);
    } catch (error) {
      return this.fail(new UpstreamError((error as Error).message, "wrong_format", false));
    }
    this.#ready = true;
    this.#port.ready(checked.formats, checked.differences);
  }
}
