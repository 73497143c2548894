/**
 * The API's side of an answer: one at a time, thought over, streamed faster than real time,
 * cancelled when told to, and now and then in a mood.
 *
 * @module
 */

import { ApiError } from "../../brain/realtime/api_error.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Random } from "../vad/random.ts";
import { type BrainSettings, drawn } from "./brain_settings.ts";
import type { CallerItem } from "./caller_audio.ts";
import type { Mood } from "./moods.ts";

type Fields = Record<string, unknown>;

/** What an answer was asked with; null when the API began it by itself. */
export interface Request {
  readonly eventId: string | null;
  readonly instructions: string;
  readonly metadata: Fields | null;
  /** Runs beside the conversation (`conversation: "none"`). */
  readonly apart: boolean;
}

export interface Answer {
  readonly id: string;
  readonly request: Request | null;
  readonly mood: Mood | null;
  /** The caller's items that stood when it was created: it answers all of them. */
  readonly covers: readonly CallerItem[];
  readonly fromMs: number;
  toMs: number;
  status: string;
  /** Its items, and how much of each is meant to come. */
  readonly items: { readonly id: string; readonly source: number; readonly ms: number }[];
}

/** The numbers by which sounds of the agent are known begin here; below are the caller's. */
export const FIRST_ANSWER_SOURCE = 1024;

/** What answering needs of the conversation. */
export interface AnsweringPort {
  /** Sends an event; `sent` runs when it leaves. */
  say(event: Fields, sent?: () => void): void;
  refuse(error: ApiError, eventId: string | null): void;
  /** The client asked for an answer while another was open. */
  collided(detail: string): void;
  /** Nothing leaves before that much time is over. */
  stall(ms: number): void;
  covers(): readonly CallerItem[];
  nextId(prefix: string): string;
  added(itemId: string, audio: Uint8Array<ArrayBuffer>): void;
  sent(itemId: string, ms: number): void;
}

const NO_ANSWER: ReadonlySet<Mood | null> = new Set<Mood | null>(["failed", "empty", "filtered"]);

export class Answering {
  readonly answers: Answer[] = [];
  readonly #port: AnsweringPort;
  readonly #settings: BrainSettings;
  readonly #random: Random;
  readonly #clock: Clock;
  #active: Answer | null = null;
  #requests = 0;
  #items = 0;
  #limitedUntilMs = -Infinity;

  constructor(port: AnsweringPort, settings: BrainSettings, random: Random, clock: Clock) {
    this.#port = port;
    this.#settings = settings;
    this.#random = random;
    this.#clock = clock;
  }

  get active(): Answer | null {
    return this.#active;
  }

  create(request: Request | null): void {
    const eventId = request?.eventId ?? null;
    if (this.#active && !request?.apart) {
      const detail = `Conversation already has an active response in progress: ${this.#active.id}`;
      const code = "conversation_already_has_active_response";
      if (request) this.#port.collided(detail);
      return this.#port.refuse(new ApiError(code, detail), eventId);
    }
    const nowMs = this.#clock.nowMs();
    const drawnMood = this.#settings.mood(this.#random, this.#requests++);
    const mood = nowMs < this.#limitedUntilMs ? "rate_limited" : drawnMood;
    if (mood === "ignored") return;
    if (mood === "refused") {
      const detail = "The server had an error while processing your request. Sorry about that!";
      const error = new ApiError("server_error", detail, null, "server_error");
      return this.#port.refuse(error, eventId);
    }
    const answer: Answer = {
      id: this.#port.nextId("resp"),
      request,
      mood,
      covers: this.#port.covers(),
      fromMs: nowMs,
      toMs: NaN,
      status: "in_progress",
      items: [],
    };
    this.answers.push(answer);
    if (!request?.apart) this.#active = answer;
    this.#port.say({ type: "response.created", response: this.#shown(answer) });
    if (mood === "stalled") return;
    if (mood === "late") this.#port.stall(this.#random.between(400, 2500));
    if (mood === "rate_limited") return this.#limit(answer);
    this.#limits(9000, 0);
    const afterMs = drawn(this.#settings.thinkMs, this.#random);
    this.#clock.after(afterMs, () => {
      if (!NO_ANSWER.has(mood)) this.#stream(answer);
      else if (mood === "failed") this.#fail(answer, "server_error", "The model failed.");
      else if (mood === "empty") this.#done(answer, "completed", null);
      else this.#done(answer, "incomplete", { type: "incomplete", reason: "content_filter" });
    });
  }

  /** Ends an answer before its end; null for the one that is being made. */
  cancel(responseId: string | null, reason: string, eventId: string | null): void {
    const answer = responseId === null
      ? this.#active
      : this.answers.find(({ id, status }) => id === responseId && status === "in_progress");
    if (answer) return this.#done(answer, "cancelled", { type: "cancelled", reason });
    const code = "response_cancel_not_active";
    const detail = "Cancellation failed: no active response found";
    // Harmless, and not to be helped: the answer may end while the request is on its way.
    this.#port.refuse(new ApiError(code, detail), eventId);
  }

  #limits(remaining: number, resetSeconds: number): void {
    const limit = { limit: 10_000, remaining, reset_seconds: resetSeconds };
    const rate_limits = [{ name: "tokens", ...limit }, { name: "requests", ...limit }];
    this.#port.say({ type: "rate_limits.updated", rate_limits });
  }

  #limit(answer: Answer): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs >= this.#limitedUntilMs) {
      this.#limitedUntilMs = nowMs + this.#random.between(500, 2e3);
    }
    const seconds = Math.ceil((this.#limitedUntilMs - nowMs) / 100) / 10;
    this.#limits(0, seconds);
    const message = `Rate limit reached for gpt-realtime on tokens per min (TPM). ` +
      `Please try again in ${seconds}s.`;
    this.#clock.after(40, () => this.#fail(answer, "rate_limit_exceeded", message));
  }

  #fail(answer: Answer, code: string, message: string): void {
    const type = code === "server_error" ? "server_error" : "tokens";
    this.#done(answer, "failed", { type: "failed", error: { type, code, message } });
  }

  /** One piece after the other; between two of them it may be cancelled. */
  #stream(answer: Answer): void {
    const { deltaMs, streamRate } = this.#settings;
    const lengths = this.#settings.itemsMs(this.#random);
    let n = -1, at = 0, itemId = "";
    let audio = new Uint8Array(0);
    const next = () => {
      if (answer.status !== "in_progress") return;
      if (at >= audio.length) {
        if (n >= 0) this.#ended(answer.id, itemId, n);
        if (++n >= lengths.length) return this.#done(answer, "completed", null);
        itemId = this.#port.nextId("item");
        audio = this.#begin(answer, itemId, n, lengths[n]!);
        at = 0;
      }
      const piece = audio.subarray(at, at + deltaMs * 8);
      at += piece.length;
      const place = {
        response_id: answer.id,
        item_id: itemId,
        output_index: n,
        content_index: 0,
      };
      const id = itemId;
      this.#port.say(
        { type: "response.output_audio.delta", ...place, delta: piece.toBase64() },
        // What is on its way when the cancellation comes still arrives, as it does with the API.
        () => this.#port.sent(id, piece.length / 8),
      );
      this.#port.say({ type: "response.output_audio_transcript.delta", ...place, delta: "word " });
      this.#clock.after(deltaMs / streamRate, next);
    };
    next();
  }

  #begin(answer: Answer, itemId: string, n: number, ms: number): Uint8Array<ArrayBuffer> {
    const { voice, gainDb } = this.#settings;
    const number = this.#items++;
    const audio = voice(number, ms, this.#random, gainDb);
    const source = FIRST_ANSWER_SOURCE + number;
    answer.items.push({ id: itemId, source, ms: audio.length / 8 });
    this.#port.added(itemId, audio);
    const item = { id: itemId, type: "message", role: "assistant", status: "in_progress" };
    const place = { response_id: answer.id, output_index: n };
    this.#port.say({ type: "response.output_item.added", ...place, item });
    this.#port.say({ type: "conversation.item.added", previous_item_id: null, item });
    this.#port.say({
      type: "response.content_part.added",
      ...place,
      item_id: itemId,
      content_index: 0,
      part: { type: "audio", transcript: "" },
    });
    return audio;
  }

  #ended(responseId: string, itemId: string, n: number): void {
    const item = { id: itemId, type: "message", role: "assistant", status: "completed" };
    const place = { response_id: responseId, output_index: n };
    this.#port.say({
      type: "response.output_audio.done",
      ...place,
      item_id: itemId,
      content_index: 0,
    });
    this.#port.say({ type: "response.output_item.done", ...place, item });
  }

  #done(answer: Answer, status: string, details: Fields | null): void {
    if (answer.status !== "in_progress") return;
    answer.status = status;
    answer.toMs = this.#clock.nowMs();
    if (this.#active === answer) this.#active = null;
    this.#port.say({
      type: "response.done",
      response: {
        ...this.#shown(answer),
        status_details: details,
        usage: { total_tokens: 300, input_tokens: 200, output_tokens: 100 },
      },
    });
  }

  #shown({ id, status, request, items }: Answer): Fields {
    const output = items.map(({ id }) => ({ id, type: "message", role: "assistant" }));
    return {
      id,
      object: "realtime.response",
      status,
      status_details: null,
      output: status === "in_progress" ? [] : output,
      metadata: request?.metadata ?? null,
    };
  }
}
