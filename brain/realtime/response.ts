/**
 * One response, from `response.created` to `response.done`: it asks the answerer, takes the answer
 * piece by piece and sends it on at the session's pace.
 *
 * @module
 */

import type { RealtimeResponse } from "openai/resources/realtime/realtime";
import type { Answer, AnswerEnd, AnswerPiece } from "./answerer.ts";
import { ApiError } from "./api_error.ts";
import { formatOf } from "./formats.ts";
import type { SessionContext } from "./context.ts";
import { type Delta, deltasOf } from "./deltas.ts";
import type { ResponseRef } from "./items.ts";
import { Output } from "./output.ts";
import type { ResponsePlan } from "./response_plan.ts";
import { usageOf } from "./usage.ts";

type Status = NonNullable<RealtimeResponse["status"]>;
type Details = NonNullable<RealtimeResponse["status_details"]>;
type Step = IteratorResult<AnswerPiece, AnswerEnd | void>;

/** A response that is thinking, streaming or done. */
export class ActiveResponse {
  /** Small, because items keep it: this object here holds the whole context. */
  readonly #ref: ResponseRef;
  readonly #context: SessionContext;
  readonly #plan: ResponsePlan;
  readonly #onDone: (response: ActiveResponse) => void;
  readonly #output: Output;
  readonly #abort = new AbortController();
  #status: Status = "in_progress";
  #details: Details | null = null;
  #usage: RealtimeResponse["usage"];
  #answer: Answer | undefined;
  /** What is left of the last piece. */
  #deltas: Delta[] = [];
  #dueMs = 0;
  #cancelTimer: () => void = () => {};

  /** @param onDone Called once, after `response.done` left. */
  constructor(
    context: SessionContext,
    plan: ResponsePlan,
    onDone: (response: ActiveResponse) => void,
  ) {
    this.#context = context;
    this.#plan = plan;
    this.#onDone = onDone;
    this.#ref = { id: context.makeId("resp") };
    const { modality, inConversation } = plan;
    const format = formatOf(plan.format);
    this.#output = new Output(context, this.#ref, { modality, format, inConversation });
  }

  get id(): string {
    return this.#ref.id;
  }

  /** Ms of audio that left. */
  get audioMs(): number {
    return this.#output.audioMs;
  }

  /** Says that the response exists. */
  start(): void {
    this.#context.emit("response.created", { response: this.#onWire() });
  }

  /** Asks the answerer, and streams what it says. */
  think(): void {
    const { answerer, settings, after } = this.#context;
    const { items, modality, voice, speed, maxOutputTokens, tools, toolChoice } = this.#plan;
    const { instructions, sessionInstructions } = this.#plan;
    try {
      this.#answer = answerer.answer({
        response: this.#ref,
        items,
        modality,
        format: formatOf(this.#plan.format),
        voice,
        speed,
        instructions,
        sessionInstructions,
        tools,
        toolChoice,
        maxOutputTokens,
        deltaMs: settings.deltaMs,
        signal: this.#abort.signal,
      });
    } catch (error) {
      return this.fail(error as Error);
    }
    this.#cancelTimer = after(settings.thinkMs, () => {
      this.#dueMs = settings.clock.nowMs();
      this.#run();
    });
  }

  /** Stops at once: no delta leaves any more, only the events that close what is open. */
  cancel(reason: "turn_detected" | "client_cancelled"): void {
    this.#stop();
    this.#finish("cancelled", { type: "cancelled", reason });
  }

  /** Ends without an answer, or with what there is of it. */
  fail(error: Error): void {
    this.#stop();
    const code = error instanceof ApiError ? error.code : "server_error";
    const type = error instanceof ApiError ? error.type : "server_error";
    // An unknown error's text may hold anything; it stays inside.
    const message = error instanceof ApiError ? error.message : "The brain failed to answer.";
    this.#finish("failed", { type: "failed", error: { type, code, message } as Details["error"] });
  }

  /** Stops without an event: the session is over. */
  end(): void {
    this.#stop();
    this.#status = "cancelled";
  }

  // Each turn of the loop sends one delta, or takes the next piece.
  #run(): void {
    const { clock, streamRate } = this.#context.settings;
    try {
      while (this.#status === "in_progress") {
        const delta = this.#deltas[0];
        if (!delta) {
          const step = this.#answer!.next();
          if ("then" in step) return this.#await(step);
          this.#take(step);
          continue;
        }
        // Words of a spoken answer that have no audio take no time.
        const waitMs = delta.ms > 0 ? this.#dueMs - clock.nowMs() : 0;
        if (waitMs > 0) {
          this.#cancelTimer = this.#context.after(waitMs, () => this.#run());
          return;
        }
        if (this.#output.exceeds(this.#plan.maxOutputTokens)) {
          this.#stop();
          return this.#end({ incomplete: "max_output_tokens" });
        }
        this.#deltas.shift();
        this.#output.send(delta);
        this.#dueMs += delta.ms / streamRate;
      }
    } catch (error) {
      this.fail(error as Error);
    }
  }

  #await(step: Promise<Step>): void {
    step.then((step) => {
      if (this.#status !== "in_progress") return;
      // A piece that came late does not make the next ones leave sooner.
      this.#dueMs = Math.max(this.#dueMs, this.#context.settings.clock.nowMs());
      this.#take(step);
      this.#run();
    }).catch((error) => this.fail(error as Error));
  }

  #take(step: Step): void {
    if (step.done) return this.#end(step.value ?? {});
    const { modality, format } = this.#plan;
    const { deltaMs } = this.#context.settings;
    this.#deltas = deltasOf(step.value, modality, formatOf(format), deltaMs);
  }

  #end({ incomplete, usage }: AnswerEnd): void {
    this.#usage = usage;
    if (incomplete) this.#finish("incomplete", { type: "incomplete", reason: incomplete });
    else this.#finish("completed", null);
  }

  /** Tells the answerer that nothing more is wanted. */
  #stop(): void {
    this.#cancelTimer();
    if (this.#status !== "in_progress") return;
    this.#abort.abort();
    // How it ends now does not matter, and neither does an error on the way.
    const answer = this.#answer;
    if (answer) Promise.try(() => answer.return?.()).catch(() => {});
  }

  #finish(status: Status, details: Details | null): void {
    if (this.#status !== "in_progress") return;
    this.#status = status;
    this.#details = details;
    this.#output.close(status === "completed");
    this.#context.emit("response.done", { response: this.#onWire() });
    this.#onDone(this);
  }

  #onWire(): RealtimeResponse {
    const { plan, done } = { plan: this.#plan, done: this.#status !== "in_progress" };
    return {
      object: "realtime.response",
      id: this.id,
      status: this.#status,
      status_details: this.#details,
      output: done ? this.#output.items : [],
      conversation_id: plan.inConversation ? this.#context.conversation.id : null,
      output_modalities: [plan.modality],
      max_output_tokens: Number.isFinite(plan.maxOutputTokens) ? plan.maxOutputTokens : "inf",
      audio: { output: { format: plan.format, voice: plan.voice } },
      usage: done ? this.#usage ?? usageOf(plan.input, this.#output.tokens) : null,
      metadata: plan.metadata,
    } as RealtimeResponse;
  }
}
