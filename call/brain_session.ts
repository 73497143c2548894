/**
 * A call's session with its brain. It owns the link, which may be replaced by another one: opens it,
 * checks that the session stands as asked, passes audio on without looking at the rest, and turns
 * everything else into events. Nobody else in the call holds a link.
 *
 * @module
 */

import { AudioDelta } from "../brain/openai/audio_delta.ts";
import type { Brain, BrainLink } from "../brain/brain.ts";
import { UpstreamError } from "../brain/errors.ts";
import { type BrainEvent, BrainProtocolError, readBrainEvent } from "../brain/openai/events.ts";
import { updateSession } from "../brain/openai/requests.ts";
import {
  checkSession,
  type EffectiveFormats,
  sessionRequest,
  type SessionWish,
} from "../brain/openai/session.ts";

/** What the call is told. */
export interface BrainSessionPort {
  /** The session stands, once a link. `differences` are fit for a log. */
  ready(formats: EffectiveFormats, differences: readonly string[]): void;
  /** The audio road: one piece of an answer. `scanned` is false when the full parser had to look. */
  audio(responseId: string, itemId: string, payload: string, scanned: boolean): void;
  said(event: BrainEvent): void;
  /** The brain is of no more use; once a link. */
  failed(error: Error, code: string): void;
  /** Something wrong that the session survives. */
  problem(error: Error): void;
}

export class BrainSession {
  readonly #wish: SessionWish;
  readonly #port: BrainSessionPort;
  readonly #delta = new AudioDelta();
  #link!: BrainLink;
  /** Counts links: what one says that was replaced is not for us any more. */
  #generation = 0;
  #formats: EffectiveFormats;
  #ready = false;
  #done = false;

  constructor(brain: Brain, wish: SessionWish, port: BrainSessionPort) {
    this.#wish = wish;
    this.#port = port;
    this.#formats = { input: wish.format, output: wish.format };
    this.connect(brain);
  }

  /** Opens a session over a new link, and lets go of the one before. */
  connect(brain: Brain): void {
    const generation = ++this.#generation;
    const isCurrent = () => generation === this.#generation;
    const before = this.#link as BrainLink | undefined;
    this.#ready = false;
    this.#done = false;
    this.#link = brain.connect({
      message: (text) => {
        if (isCurrent()) this.#message(text);
      },
      closed: (error) => {
        const left = error ?? new UpstreamError("The brain left", "closed", true);
        if (isCurrent()) this.fail(left);
      },
    });
    before?.close();
    this.#link.send(updateSession(sessionRequest(this.#wish)));
  }

  /** Whether the session stands. */
  get ready(): boolean {
    return this.#ready;
  }

  /** What the brain hears and speaks: as wished, until it says otherwise. */
  get formats(): EffectiveFormats {
    return this.#formats;
  }

  /** The silence in front of an item's voice that counts as part of it, in ms. */
  get prefixMs(): number {
    const { turn_detection: detection } = sessionRequest(this.#wish).audio!.input!;
    return detection?.type === "server_vad" ? detection.prefix_padding_ms ?? 0 : 0;
  }

  /** @returns False when the brain is slow or gone and the text was not taken. */
  send(text: string): boolean {
    return this.#link.send(text);
  }

  /** Bytes that wait to leave. */
  bufferedBytes(): number {
    return this.#link.bufferedBytes();
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
    this.#link.close();
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
    this.#formats = checked.formats;
    this.#port.ready(checked.formats, checked.differences);
  }
}
