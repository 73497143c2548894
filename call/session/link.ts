/**
 * One link to a brain and the session on it: opens it, checks that the session stands as asked, passes
 * audio on without looking at the rest, and turns everything else into events.
 *
 * @module
 */

import type { Brain, BrainLink } from "../../brain/brain.ts";
import { UpstreamError } from "../../brain/errors.ts";
import { AudioDelta } from "../../brain/openai/audio_delta.ts";
import { type BrainEvent, BrainProtocolError, readBrainEvent } from "../../brain/openai/events.ts";
import { updateSession } from "../../brain/openai/requests.ts";
import {
  checkSession,
  type EffectiveFormats,
  sessionRequest,
  type SessionWish,
} from "../../brain/openai/session.ts";

/** What is told of one link. Nothing follows `failed`. */
export interface SessionLinkPort {
  /** The session stands, once. `differences` are fit for a log. */
  ready(formats: EffectiveFormats, differences: readonly string[]): void;
  /** The audio road: one piece of an answer. `scanned` is false when the full parser had to look. */
  audio(responseId: string, itemId: string, payload: string, scanned: boolean): void;
  said(event: BrainEvent): void;
  /** It is of no more use; once. */
  failed(error: UpstreamError): void;
  /** Something wrong that the session survives. */
  problem(error: Error): void;
}

/** Codes that no other session of the same brain changes. */
const PERMANENT = new Set(["insufficient_quota", "invalid_api_key", "model_not_found"]);

/** It stands, and makes no answers. */
export const NO_ANSWERS = "no_answers";
/** Refusals that no second try changes, on a brain that has taken the call before. */
const VERDICTS = new Set([
  "http_401",
  "http_403",
  "invalid_api_key",
  "insufficient_quota",
  "model_not_found",
  "wrong_format",
  "bad_settings",
  "handler_failed",
  "internal_error",
  NO_ANSWERS,
]);

export const isVerdict = ({ code, status }: UpstreamError) =>
  VERDICTS.has(code) || status === 401 || status === 403;

export class SessionLink {
  readonly brain: Brain;
  readonly #wish: SessionWish;
  readonly #port: SessionLinkPort;
  readonly #delta = new AudioDelta();
  readonly #link: BrainLink;
  #ready = false;
  #done = false;
  #messages = 0;
  #lastText = "";
  #expiresAtMs: number | null = null;

  constructor(brain: Brain, wish: SessionWish, port: SessionLinkPort) {
    this.brain = brain;
    this.#wish = wish;
    this.#port = port;
    this.#link = brain.connect({
      message: (text) => this.#message(text),
      closed: (error) => this.fail(error ?? new UpstreamError("The brain left", "closed", true)),
    });
    this.#link.send(updateSession(sessionRequest(wish)));
  }

  /** Whether the session stands. */
  get ready(): boolean {
    return this.#ready && !this.#done;
  }

  /** Messages that came so far: a brain that says nothing at all may be dead. */
  get messages(): number {
    return this.#messages;
  }

  /** When the session ends by the brain's word, by the wall clock. */
  get expiresAtMs(): number | null {
    return this.#expiresAtMs;
  }

  /** @returns False when the brain is slow or gone and the text was not taken. */
  send(text: string): boolean {
    return this.#link.send(text);
  }

  /** Bytes that wait to leave. */
  bufferedBytes(): number {
    return this.#link.bufferedBytes();
  }

  /**
   * Asks for a sign of life: a change of nothing, which a session answers at once, whatever it thinks
   * about. Pings of the socket would be answered by a session that is stuck, too.
   */
  probe(): void {
    this.#link.send(updateSession({ type: "realtime" }));
  }

  /** Gives the link up, with one word to its owner. */
  fail(error: UpstreamError): void {
    if (this.#done) return;
    this.#done = true;
    this.#link.close();
    this.#port.failed(error);
  }

  close(): void {
    this.#done = true;
    this.#link.close();
  }

  #message(text: string): void {
    if (this.#done || this.#isRepeated(text)) return;
    this.#messages++;
    try {
      const delta = this.#delta;
      if (delta.read(text)) {
        return this.#port.audio(delta.responseId, delta.itemId, delta.payload, true);
      }
      const event = readBrainEvent(text);
      if (event.type === "audio") {
        return this.#port.audio(event.responseId, event.itemId, event.payload, false);
      }
      if (event.type === "session") return this.#session(event);
      if (event.type !== "error" || (event.severity !== "fatal" && this.#ready)) {
        return this.#port.said(event);
      }
      const retryable = !PERMANENT.has(event.code);
      this.fail(new UpstreamError("The brain refused the session", event.code, retryable));
    } catch (error) {
      // An event that was cut off: something of the answer is missing, and more may be.
      if (error instanceof BrainProtocolError && text.startsWith("{")) {
        return this.fail(new UpstreamError(error.message, "malformed", true));
      }
      if (error instanceof BrainProtocolError) return this.#port.problem(error);
      const { name, code } = error as Error & { code?: unknown };
      const known = typeof code === "string" ? code : "internal_error";
      this.fail(new UpstreamError(`What the brain said could not be taken: ${name}`, known, false));
    }
  }

  /** Each event has an id of its own: the same text twice is one event. */
  #isRepeated(text: string): boolean {
    const repeated = text === this.#lastText && text.includes('"event_id"');
    this.#lastText = text;
    return repeated;
  }

  #session({ updated, session, expiresAtMs }: Extract<BrainEvent, { type: "session" }>): void {
    this.#expiresAtMs = expiresAtMs ?? this.#expiresAtMs;
    if (this.#ready || !updated) return;
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
