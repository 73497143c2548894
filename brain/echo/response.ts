/**
 * One response, from `response.created` to `response.done`, with every event between in order.
 *
 * @module
 */

import type { RealtimeResponse } from "openai/resources/realtime/realtime";
import { ApiError } from "./api_error.ts";
import { AudioClip } from "./clip.ts";
import { bytesPerMs, encodeBase64, formatOf } from "./codec.ts";
import type { EchoContext } from "./context.ts";
import { type FunctionCall, itemOnWire, type Message, newItem } from "./items.ts";
import type { ResponsePlan } from "./response_plan.ts";
import { Speech } from "./speech.ts";
import { ASSISTANT_MS_PER_TOKEN, CHARS_PER_TOKEN, textTokens, usageOf } from "./usage.ts";

type Status = NonNullable<RealtimeResponse["status"]>;
type Details = NonNullable<RealtimeResponse["status_details"]>;

/** Characters of text or arguments in one delta, about three words. */
const CHARS_PER_DELTA = 16;

/** A response that is thinking, streaming or done. */
export class EchoResponse {
  readonly id: string;
  /** Ms of audio that left. */
  audioMs = 0;
  readonly #context: EchoContext;
  readonly #plan: ResponsePlan;
  readonly #onDone: (response: EchoResponse) => void;
  #status: Status = "in_progress";
  #details: Details | null = null;
  #item: Message | FunctionCall | undefined;
  #textSent = "";
  #steps: Generator<number, Status> | undefined;
  #dueMs = 0;
  #cancelTimer: () => void = () => {};

  /** @param onDone Called once, after `response.done` left. */
  constructor(
    context: EchoContext,
    plan: ResponsePlan,
    onDone: (response: EchoResponse) => void,
  ) {
    this.#context = context;
    this.#plan = plan;
    this.#onDone = onDone;
    this.id = context.makeId("resp");
  }

  get inConversation(): boolean {
    return this.#plan.inConversation;
  }

  /** Says that the response exists, and begins to think. */
  start(): void {
    this.#context.emit("response.created", { response: this.#onWire() });
  }

  /** Begins to think, then streams. */
  think(): void {
    const { settings } = this.#context;
    this.#cancelTimer = this.#context.after(settings.thinkMs, () => {
      this.#steps = this.#plan.answer.call ? this.#callTool() : this.#speak();
      this.#dueMs = settings.clock.now();
      this.#run();
    });
  }

  /** Stops at once: no delta leaves any more, only the events that close what is open. */
  cancel(reason: "turn_detected" | "client_cancelled"): void {
    this.#finish("cancelled", { type: "cancelled", reason });
  }

  /** Ends without an answer. */
  fail(error: Error): void {
    const code = error instanceof ApiError ? error.code : "server_error";
    const type = error instanceof ApiError ? error.type : "server_error";
    const message = error instanceof ApiError ? error.message : "The echo brain failed to answer.";
    this.#finish("failed", { type: "failed", error: { type, code, message } as Details["error"] });
  }

  /** Forgets everything without a word: the session is over. */
  end(): void {
    this.#cancelTimer();
    this.#status = "cancelled";
  }

  // Each step of the generator sends one delta, and yields the ms that it stands for if another
  // follows.
  #run(): void {
    const { clock, streamRate } = this.#context.settings;
    try {
      while (this.#status === "in_progress") {
        const step = this.#steps!.next();
        if (step.done) {
          const incomplete = step.value === "incomplete";
          const details = { type: "incomplete", reason: "max_output_tokens" } as const;
          return this.#finish(step.value, incomplete ? details : null);
        }
        this.#dueMs += step.value / streamRate;
        const waitMs = this.#dueMs - clock.now();
        if (waitMs > 0) {
          this.#cancelTimer = this.#context.after(waitMs, () => this.#run());
          return;
        }
      }
    } catch (error) {
      this.fail(error as Error);
    }
  }

  *#speak(): Generator<number, Status> {
    const { answer, format, modality, speed, maxOutputTokens } = this.#plan;
    const { settings } = this.#context;
    const text = answer.segments.map((segment) => segment.text).join(" ");
    const spoken = modality === "audio";
    const speech = spoken
      ? new Speech(answer.segments, formatOf(format), speed, settings)
      : undefined;
    const lengthMs = speech?.lengthMs ?? 0;
    const wanted = textTokens(text) + Math.ceil(lengthMs / ASSISTANT_MS_PER_TOKEN);
    const share = Math.min(1, maxOutputTokens / Math.max(1, wanted));
    const chars = share < 1 ? Math.floor(textTokens(text) * share) * CHARS_PER_TOKEN : text.length;
    const words = text.slice(0, chars);
    const status = share < 1 ? "incomplete" : "completed";
    const message = this.#openMessage(spoken);
    if (!speech) {
      yield* this.#stream(words, "response.output_text.delta", (piece) => {
        const part = message.parts[0]!;
        if (part.type === "output_text") part.text += piece;
      });
      return status;
    }
    const part = message.parts[0]!;
    if (part.type !== "output_audio") throw new TypeError("A spoken answer needs an audio part");
    const tokensForAudio = Math.max(1, maxOutputTokens - textTokens(words));
    const maxMs = share < 1 ? tokensForAudio * ASSISTANT_MS_PER_TOKEN : Infinity;
    const perMs = bytesPerMs(formatOf(format));
    part.clip = new AudioClip(formatOf(format));
    let lastMs = 0;
    while (this.audioMs < maxMs) {
      const bytes = speech.read(Math.min(settings.deltaMs, maxMs - this.audioMs));
      if (bytes.length === 0) break;
      if (lastMs > 0) yield lastMs;
      lastMs = bytes.length / perMs;
      this.audioMs += lastMs;
      const upTo = Math.ceil(words.length * Math.min(1, this.audioMs / Math.min(maxMs, lengthMs)));
      this.#saySubtitle(words.slice(this.#textSent.length, upTo));
      // Truncated meanwhile: what still streams was not heard and is not kept.
      if (part.transcript !== undefined) {
        part.clip?.push(bytes);
        part.durationMs = this.audioMs;
        part.transcript = this.#textSent;
      }
      this.#sendAudio(bytes);
    }
    this.#saySubtitle(words.slice(this.#textSent.length));
    if (part.transcript !== undefined) part.transcript = this.#textSent;
    return status;
  }

  *#callTool(): Generator<number, Status> {
    const { answer, maxOutputTokens } = this.#plan;
    const call = answer.call!;
    const chars = maxOutputTokens * CHARS_PER_TOKEN;
    const item: FunctionCall = {
      ...newItem(this.#context.makeId("item"), "in_progress"),
      type: "function_call",
      name: call.name,
      callId: this.#context.makeId("call"),
      arguments: "",
      answers: answer.answers,
    };
    this.#addItem(item);
    yield* this.#stream(
      call.arguments.slice(0, chars),
      "response.function_call_arguments.delta",
      (piece) => item.arguments += piece,
    );
    return call.arguments.length > chars ? "incomplete" : "completed";
  }

  *#stream(text: string, type: string, keep: (piece: string) => void): Generator<number, void> {
    for (let at = 0; at < text.length; at += CHARS_PER_DELTA) {
      if (at > 0) yield this.#context.settings.deltaMs;
      const piece = text.slice(at, at + CHARS_PER_DELTA);
      this.#textSent += piece;
      keep(piece);
      this.#context.emit(type, { ...this.#place(), delta: piece });
    }
  }

  #openMessage(spoken: boolean): Message {
    const message: Message = {
      ...newItem(this.#context.makeId("item"), "in_progress"),
      type: "message",
      role: "assistant",
      parts: [],
      answers: this.#plan.answer.answers,
    };
    this.#addItem(message);
    message.parts.push(
      spoken
        ? { type: "output_audio", clip: undefined, durationMs: 0, transcript: "" }
        : { type: "output_text", text: "" },
    );
    const part = spoken ? { type: "audio", transcript: "" } : { type: "text", text: "" };
    this.#context.emit("response.content_part.added", { ...this.#place(), part });
    return message;
  }

  #addItem(item: Message | FunctionCall): void {
    this.#item = item;
    const { emit, conversation } = this.#context;
    const wire = itemOnWire(item);
    emit("response.output_item.added", { response_id: this.id, output_index: 0, item: wire });
    if (this.inConversation) {
      const previous = conversation.add(item);
      emit("conversation.item.added", { previous_item_id: previous, item: wire });
    }
  }

  #saySubtitle(delta: string): void {
    if (delta === "") return;
    this.#textSent += delta;
    this.#context.emit("response.output_audio_transcript.delta", { ...this.#place(), delta });
  }

  // By hand: the one event that is large and frequent, and nothing in it wants escaping.
  #sendAudio(bytes: Uint8Array): void {
    const eventId = this.#context.makeId("event");
    this.#context.emitText(
      `{"type":"response.output_audio.delta","event_id":"${eventId}","response_id":"${this.id}","item_id":"${
        this.#item!.id
      }","output_index":0,"content_index":0,"delta":"${encodeBase64(bytes)}"}`,
    );
  }

  #place(): Record<string, unknown> {
    const place = { response_id: this.id, item_id: this.#item!.id, output_index: 0 };
    return this.#item!.type === "function_call"
      ? { ...place, call_id: this.#item!.callId }
      : { ...place, content_index: 0 };
  }

  #finish(status: Status, details: Details | null): void {
    if (this.#status !== "in_progress") return;
    this.#cancelTimer();
    this.#status = status;
    this.#details = details;
    if (this.#item) this.#closeItem(this.#item, status === "completed");
    this.#context.emit("response.done", { response: this.#onWire() });
    this.#onDone(this);
  }

  #closeItem(item: Message | FunctionCall, completed: boolean): void {
    const { emit, conversation } = this.#context;
    const text = this.#textSent;
    const place = this.#place();
    if (item.type === "function_call") {
      const { name } = item;
      emit("response.function_call_arguments.done", { ...place, name, arguments: text });
    } else if (this.#plan.modality === "audio") {
      emit("response.output_audio.done", place);
      emit("response.output_audio_transcript.done", { ...place, transcript: text });
      const part = { type: "audio", transcript: text };
      emit("response.content_part.done", { ...place, part });
    } else {
      emit("response.output_text.done", { ...place, text });
      emit("response.content_part.done", { ...place, part: { type: "text", text } });
    }
    item.status = completed ? "completed" : "incomplete";
    const wire = itemOnWire(item);
    // The client may have deleted it meanwhile.
    if (this.inConversation && conversation.find(item.id)) {
      conversation.fit();
      const previous = conversation.previousId(item.id);
      emit("conversation.item.done", { previous_item_id: previous, item: wire });
    }
    emit("response.output_item.done", { response_id: this.id, output_index: 0, item: wire });
  }

  #onWire(): RealtimeResponse {
    const { plan, done } = { plan: this.#plan, done: this.#status !== "in_progress" };
    const name = this.#item?.type === "function_call" ? this.#item.name : "";
    return {
      object: "realtime.response",
      id: this.id,
      status: this.#status,
      status_details: this.#details,
      output: done && this.#item ? [itemOnWire(this.#item)] : [],
      conversation_id: plan.inConversation ? this.#context.conversation.id : null,
      output_modalities: [plan.modality],
      max_output_tokens: Number.isFinite(plan.maxOutputTokens) ? plan.maxOutputTokens : "inf",
      audio: { output: { format: plan.format, voice: plan.voice } },
      usage: !done ? null : usageOf(plan.input, {
        text: textTokens(name + this.#textSent),
        audio: Math.ceil(this.audioMs / ASSISTANT_MS_PER_TOKEN),
      }),
      metadata: plan.metadata,
    } as RealtimeResponse;
  }
}
