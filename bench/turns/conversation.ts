/**
 * One conversation of a stand-in for the Realtime API: it hears turns and answers them as the
 * session asked, and refuses what the API refuses. What it was told and what it did is written down,
 * so that a bench can say which question was answered, and by what.
 *
 * @module
 */

import { ApiError } from "../../brain/realtime/api_error.ts";
import {
  liftAppend,
  parseClientEvent,
  type ResponseParams,
} from "../../brain/realtime/client_events.ts";
import type { ItemInput } from "../../brain/realtime/item_schema.ts";
import type { SessionPatch } from "../../brain/realtime/session_schema.ts";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import { Random } from "../vad/random.ts";
import { type Answer, Answering } from "./answering.ts";
import { type BrainSettings, drawn } from "./brain_settings.ts";
import { type CallerItem, type Detection, InputBuffer } from "./caller_audio.ts";

type Fields = Record<string, unknown>;

/** An item that is cut or deleted, as earshot asked. */
export interface Cut {
  readonly atMs: number;
  readonly itemId: string;
  /** NaN for a deletion. */
  readonly audioEndMs: number;
}

/** A request that the API would have refused. */
export interface Refusal {
  readonly atMs: number;
  readonly code: string;
  readonly detail: string;
}

/** Errors that are no fault of who asked: they come of moods, and of what passes on the way. */
const WEATHER = new Set([
  "response_cancel_not_active",
  "conversation_already_has_active_response",
  "server_error",
]);

/** One call's side of the brain. */
export class Conversation {
  /** Items of the agent: all that will be sent of them. */
  readonly audio = new Map<string, Uint8Array<ArrayBuffer>>();
  /** How much of each was sent, ms. */
  readonly sentMs = new Map<string, number>();
  readonly cuts: Cut[] = [];
  /** What earshot should not have asked for. */
  readonly refusals: Refusal[] = [];
  /** All that the caller ever put into the conversation, in order. */
  readonly callerItems: CallerItem[] = [];
  readonly networkMs: number;
  readonly #send: (event: Fields) => void;
  readonly #clock: Clock;
  readonly #settings: BrainSettings;
  readonly #random: Random;
  readonly #answering: Answering;
  readonly #input: InputBuffer;
  readonly #known = new Set<string>();
  #detection: Detection | null = null;
  #turnItem = "";
  #lastItem: string | null = null;
  #count = 0;
  /** What is on its way, in order. */
  #leaving: { event: Fields; sent: (() => void) | undefined }[] = [];
  #leavesAtMs = 0;

  constructor(
    send: (event: Fields) => void,
    settings: BrainSettings,
    n: number,
    clock: Clock = systemClock,
  ) {
    this.#send = send;
    this.#clock = clock;
    this.#settings = settings;
    this.#random = new Random(`${settings.seed} ${n}`);
    this.networkMs = drawn(settings.networkMs, this.#random);
    this.#input = new InputBuffer({
      started: (ms) => this.#started(ms),
      stopped: (ms) => this.#stopped(ms),
    });
    this.#answering = new Answering(
      {
        say: (event, sent) => this.#say(event, sent),
        refuse: (...error) => this.#refuse(...error),
        collided: (detail) => {
          const code = "conversation_already_has_active_response";
          this.refusals.push({ atMs: clock.nowMs(), code, detail });
        },
        stall: (ms) => void (this.#leavesAtMs = clock.nowMs() + ms),
        covers: () => this.callerItems.filter((item) => Number.isNaN(item.deletedAtMs)),
        nextId: (prefix) => `${prefix}_${++this.#count}`,
        added: (itemId, audio) => {
          this.audio.set(itemId, audio);
          this.sentMs.set(itemId, 0);
          this.#lastItem = itemId;
        },
        sent: (itemId, ms) => void this.sentMs.set(itemId, this.sentMs.get(itemId)! + ms),
      },
      settings,
      this.#random,
      clock,
    );
  }

  /** Whether an answer is being made. */
  get active(): boolean {
    return this.#answering.active !== null;
  }

  get responses(): readonly Answer[] {
    return this.#answering.answers;
  }

  /** Takes one client event, and refuses what the API would not read. */
  take(text: string): void {
    const audio = liftAppend(text);
    if (audio !== undefined) return this.#input.append(Uint8Array.fromBase64(audio));
    const parsed = parseClientEvent(text);
    if ("error" in parsed) return this.#refuse(parsed.error, parsed.eventId);
    const { event } = parsed;
    const eventId = event.event_id ?? null;
    switch (event.type) {
      case "session.update":
        return this.#update(event.session);
      case "input_audio_buffer.commit":
        return this.#commit(eventId);
      case "input_audio_buffer.clear":
        this.#input.clear();
        return this.#say({ type: "input_audio_buffer.cleared" });
      case "conversation.item.create":
        return this.#write(event.item);
      case "response.create":
        return this.#create(eventId, event.response ?? {});
      case "response.cancel":
        return this.#answering.cancel(event.response_id ?? null, "client_cancelled", eventId);
      case "conversation.item.truncate":
        return this.#truncate(event.item_id, event.audio_end_ms, eventId);
      case "conversation.item.delete":
        return this.#delete(event.item_id, eventId);
      default:
        this.#refuse(new ApiError("invalid_value", event.type), eventId);
    }
  }

  /** Everything it says takes the same way, so the order holds. */
  #say(event: Fields, sent?: () => void): void {
    const nowMs = this.#clock.nowMs();
    this.#leavesAtMs = Math.max(this.#leavesAtMs, nowMs + this.networkMs);
    event.event_id = `event_${++this.#count}`;
    this.#leaving.push({ event, sent });
    this.#clock.after(this.#leavesAtMs - nowMs, () => {
      const first = this.#leaving.shift()!;
      first.sent?.();
      this.#send(first.event);
    });
  }

  #refuse({ type, code, message, param }: ApiError, eventId: string | null): void {
    if (!WEATHER.has(code)) {
      this.refusals.push({ atMs: this.#clock.nowMs(), code, detail: message });
    }
    this.#say({ type: "error", error: { type, code, message, param, event_id: eventId } });
  }

  #update(session: SessionPatch): void {
    const detection = session.audio?.input?.turn_detection;
    if (detection !== undefined) {
      this.#detection = detection;
      const { hears, semanticSilenceMs } = this.#settings;
      const silenceMs = detection?.type === "server_vad"
        ? detection.silence_duration_ms ?? 500
        : semanticSilenceMs;
      this.#input.listen(detection, hears, silenceMs);
    }
    const afterMs = drawn(this.#settings.sessionMs, this.#random);
    this.#clock.after(afterMs, () => this.#say({ type: "session.updated", session }));
  }

  #started(audioMs: number): void {
    this.#turnItem = `user_${++this.#count}`;
    this.#say({
      type: "input_audio_buffer.speech_started",
      audio_start_ms: Math.round(audioMs),
      item_id: this.#turnItem,
    });
    if (this.#detection?.interrupt_response !== false && this.active) {
      this.#answering.cancel(null, "turn_detected", null);
    }
  }

  #stopped(audioMs: number): void {
    this.#say({
      type: "input_audio_buffer.speech_stopped",
      audio_end_ms: Math.round(audioMs),
      item_id: this.#turnItem,
    });
    this.#committed(this.#turnItem);
    if (this.#detection?.create_response !== false) this.#answering.create(null);
  }

  #commit(eventId: string | null): void {
    if (this.#input.enough) return this.#committed(`user_${++this.#count}`);
    const detail = "Error committing input audio buffer: buffer too small. " +
      "Expected at least 100ms of audio";
    this.#refuse(new ApiError("input_audio_buffer_commit_empty", detail), eventId);
  }

  #committed(itemId: string): void {
    const previous = this.#lastItem;
    this.#say({
      type: "input_audio_buffer.committed",
      previous_item_id: previous,
      item_id: itemId,
    });
    this.#addCaller(itemId, "", this.#input.take(), { type: "input_audio", transcript: null });
  }

  #write(item: ItemInput): void {
    const id = item.id ?? `typed_${++this.#count}`;
    if (item.type === "message" && item.role === "user") {
      const [part] = item.content;
      const text = part?.type === "input_text" ? part.text : "";
      return this.#addCaller(id, text, new Map(), part ?? {});
    }
    this.#known.add(id);
    this.#sayItem({ ...item, id });
  }

  #addCaller(id: string, text: string, frames: Map<number, number>, part: Fields): void {
    const committedAtMs = this.#clock.nowMs();
    this.callerItems.push({ id, committedAtMs, text, frames, deletedAtMs: NaN });
    this.#known.add(id);
    this.#sayItem({ id, type: "message", status: "completed", role: "user", content: [part] });
  }

  #sayItem(item: Fields): void {
    const previous = this.#lastItem;
    this.#lastItem = String(item.id);
    this.#say({ type: "conversation.item.added", previous_item_id: previous, item });
    this.#say({ type: "conversation.item.done", previous_item_id: previous, item });
  }

  #create(eventId: string | null, response: ResponseParams): void {
    this.#answering.create({
      eventId,
      instructions: response.instructions ?? "",
      metadata: response.metadata ?? null,
      apart: response.conversation === "none",
    });
  }

  #truncate(itemId: string, audioEndMs: number, eventId: string | null): void {
    const sentMs = this.sentMs.get(itemId);
    const refuse = (code: string, detail: string) =>
      this.#refuse(new ApiError(code, detail), eventId);
    if (sentMs === undefined) return refuse("item_not_found", `truncate of ${itemId}`);
    if (audioEndMs === 0) return refuse("invalid_value", `${itemId} at 0 ms`);
    if (audioEndMs > sentMs) {
      const detail = `Audio content of ${sentMs}ms is already shorter than ${audioEndMs}ms`;
      return refuse("invalid_value", detail);
    }
    this.cuts.push({ atMs: this.#clock.nowMs(), itemId, audioEndMs });
    this.#say({
      type: "conversation.item.truncated",
      item_id: itemId,
      content_index: 0,
      audio_end_ms: audioEndMs,
    });
  }

  #delete(itemId: string, eventId: string | null): void {
    const caller = this.callerItems.find(({ id }) => id === itemId);
    const atMs = this.#clock.nowMs();
    if (caller && Number.isNaN(caller.deletedAtMs)) caller.deletedAtMs = atMs;
    else if (this.sentMs.has(itemId)) this.cuts.push({ atMs, itemId, audioEndMs: NaN });
    else if (!this.#known.has(itemId) || caller) {
      const detail = `Item with item_id '${itemId}' does not exist`;
      return this.#refuse(new ApiError("item_not_found", detail), eventId);
    }
    this.#known.delete(itemId);
    this.#say({ type: "conversation.item.deleted", item_id: itemId });
  }
}
