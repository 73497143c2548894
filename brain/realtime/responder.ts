/**
 * All responses of a session: one at a time into the conversation, a few beside it.
 *
 * @module
 */

import { ApiError } from "./api_error.ts";
import type { ResponseParams } from "./client_events.ts";
import type { SessionContext } from "./context.ts";
import { ActiveResponse } from "./response.ts";
import { planResponse, type ResponsePlan } from "./response_plan.ts";
import { voiceError } from "./session_update.ts";
import { PromptCache } from "./usage.ts";

/** Nothing is limited; clients only want to see the event, with numbers that make sense. */
const RATE_LIMIT_TOKENS = 1_000_000;

/** Creates, cancels and ends responses. */
export class Responder {
  readonly #context: SessionContext;
  readonly #idle: (audioMs: number) => void;
  readonly #beside = new Map<string, ActiveResponse>();
  readonly #cache = new PromptCache();
  #active: ActiveResponse | undefined;
  #audioSent = false;

  /** @param idle Called when a response to the conversation is done, with its ms of audio. */
  constructor(context: SessionContext, idle: (audioMs: number) => void) {
    this.#context = context;
    this.#idle = idle;
  }

  /** A response to the conversation is running. */
  get active(): boolean {
    return this.#active !== undefined;
  }

  /** Audio has left in this session, so the voice is settled. */
  get audioSent(): boolean {
    return this.#audioSent || (this.#active?.audioMs ?? 0) > 0;
  }

  /**
   * Starts a response.
   *
   * @throws {ApiError} When one is running, or the parameters can't be followed.
   */
  create(params: ResponseParams = {}): void {
    const { config, settings } = this.#context;
    if (config.type !== "realtime") {
      throw new ApiError("invalid_event", "A transcription session creates no responses.", "type");
    }
    const beside = params.conversation === "none";
    if (!beside && this.#active) {
      throw new ApiError(
        "conversation_already_has_active_response",
        `Conversation already has an active response in progress: ${this.#active.id}. Wait until the response is finished before creating a new one.`,
      );
    }
    if (beside && this.#beside.size >= settings.maxSideResponses) {
      throw new ApiError(
        "too_many_responses",
        `${this.#beside.size} responses outside the conversation are running, at most ${settings.maxSideResponses} may.`,
        "response.conversation",
      );
    }
    const voice = params.audio?.output?.voice;
    const current = config.audio.output.voice;
    if (voice && this.audioSent && JSON.stringify(voice) !== JSON.stringify(current)) {
      throw voiceError(voice);
    }
    this.#start(planResponse(this.#context, params, this.#cache));
  }

  #start(plan: ResponsePlan): void {
    const response = new ActiveResponse(this.#context, plan, (done) => {
      if (done.audioMs > 0) this.#audioSent = true;
      this.#beside.delete(done.id);
      if (this.#active !== done) return;
      this.#active = undefined;
      this.#idle(done.audioMs);
    });
    if (plan.inConversation) this.#active = response;
    else this.#beside.set(response.id, response);
    response.start();
    const { text, audio, image } = plan.input;
    this.#context.emit("rate_limits.updated", {
      rate_limits: [{
        name: "tokens",
        limit: RATE_LIMIT_TOKENS,
        remaining: Math.max(0, RATE_LIMIT_TOKENS - text - audio - image),
        reset_seconds: 0,
      }],
    });
    if (plan.failure) response.fail(plan.failure);
    else response.think();
  }

  /** The user began to speak over the answer. */
  interrupt(): void {
    this.#active?.cancel("turn_detected");
  }

  /**
   * Cancels the running response, or the one named.
   *
   * @throws {ApiError} When there is none.
   */
  cancel(responseId?: string): void {
    const found = responseId === undefined || this.#active?.id === responseId
      ? this.#active
      : this.#beside.get(responseId);
    if (found) return found.cancel("client_cancelled");
    const which = responseId === undefined ? "" : ` with id '${responseId}'`;
    throw new ApiError(
      "response_cancel_not_active",
      `Cancellation failed: no active response found${which}.`,
      responseId === undefined ? null : "response_id",
    );
  }

  /** Stops everything without an event. */
  end(): void {
    this.#active?.end();
    for (const response of this.#beside.values()) response.end();
    this.#beside.clear();
    this.#active = undefined;
  }
}
