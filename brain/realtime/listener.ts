/**
 * The user's side of a session: from audio appended to items committed, with the events of the VAD,
 * transcription and the idle timeout.
 *
 * @module
 */

import type { AudioTranscription } from "openai/resources/realtime/realtime";
import { ApiError } from "./api_error.ts";
import type { AudioClip } from "./clip.ts";
import { formatOf } from "./formats.ts";
import type { SessionContext } from "./context.ts";
import { InputBuffer } from "./input_buffer.ts";
import { itemOnWire, type Message, newItem } from "./items.ts";

const TRANSCRIPTION = "conversation.item.input_audio_transcription";

/** What the listener asks of the responses. */
interface TurnActions {
  interrupt(): void;
  /** Starts the answer to a turn; reports on its own when that can't be. */
  respond(): void;
}

/** Hears one session. */
export class Listener {
  readonly #context: SessionContext;
  readonly #actions: TurnActions;
  readonly #buffer: InputBuffer;
  // The item that the turn now being spoken will become.
  #turnItemId: string | undefined;
  #cancelIdle: () => void = () => {};

  constructor(context: SessionContext, actions: TurnActions) {
    this.#context = context;
    this.#actions = actions;
    this.#buffer = new InputBuffer(context.settings.maxInputAudioMs, {
      speechStarted: (audioStartMs) => this.#speechStarted(audioStartMs),
      speechStopped: (audioEndMs, clip) => this.#speechStopped(audioEndMs, clip),
    });
    this.configure();
  }

  /** Takes over the session's format and turn detection. */
  configure(): void {
    const { format, turn_detection: detection } = this.#context.config.audio.input;
    this.#buffer.configure(formatOf(format), detection);
    if (!this.#idleTimeoutMs) this.stopIdle();
  }

  /** Takes one append. False when it is not base64. */
  append(base64: string): boolean {
    return this.#buffer.append(base64);
  }

  /** @throws {ApiError} When there is too little audio. */
  commit(): void {
    const { minCommitMs } = this.#context.settings;
    const haveMs = this.#buffer.bufferedMs;
    if (haveMs < minCommitMs || haveMs === 0) {
      throw new ApiError(
        "input_audio_buffer_commit_empty",
        `Error committing input audio buffer: buffer too small. Expected at least ${minCommitMs}ms of audio, but buffer only has ${
          haveMs.toFixed(2)
        }ms of audio.`,
      );
    }
    this.stopIdle();
    this.#commit(this.#buffer.commit());
  }

  clear(): void {
    this.#buffer.clear();
    this.#turnItemId = undefined;
    this.#context.emit("input_audio_buffer.cleared", {});
  }

  #speechStarted(audioStartMs: number): void {
    this.stopIdle();
    this.#turnItemId = this.#context.makeId("item");
    this.#context.emit("input_audio_buffer.speech_started", {
      audio_start_ms: audioStartMs,
      item_id: this.#turnItemId,
    });
    if (this.#context.config.audio.input.turn_detection?.interrupt_response !== false) {
      this.#actions.interrupt();
    }
  }

  #speechStopped(audioEndMs: number, clip: AudioClip): void {
    this.#turnItemId ??= this.#context.makeId("item");
    this.#context.emit("input_audio_buffer.speech_stopped", {
      audio_end_ms: audioEndMs,
      item_id: this.#turnItemId,
    });
    this.#commit(clip);
    const { type, audio } = this.#context.config;
    if (type === "realtime" && audio.input.turn_detection?.create_response !== false) {
      this.#actions.respond();
    }
  }

  #commit(clip: AudioClip, silence = false): void {
    const { conversation, emit, makeId } = this.#context;
    const item: Message = {
      ...newItem(this.#turnItemId ?? makeId("item"), "completed"),
      type: "message",
      role: "user",
      parts: [{ type: "input_audio", clip, durationMs: clip.durationMs, transcript: null }],
      silence,
    };
    this.#turnItemId = undefined;
    const previous = conversation.add(item);
    emit("input_audio_buffer.committed", { previous_item_id: previous, item_id: item.id });
    const wire = itemOnWire(item);
    emit("conversation.item.added", { previous_item_id: previous, item: wire });
    emit("conversation.item.done", { previous_item_id: previous, item: wire });
    const { transcription } = this.#context.config.audio.input;
    if (transcription) this.#transcribe(item, clip, transcription);
  }

  #transcribe(item: Message, clip: AudioClip, wish: AudioTranscription): void {
    const { answerer, settings, signal } = this.#context;
    const failed = () => this.#notTranscribed(item, "The transcription failed.");
    this.#context.after(settings.transcribeMs, () => {
      try {
        const words = answerer.transcribe?.({ itemId: item.id, clip, wish, signal });
        if (words === undefined) this.#notTranscribed(item, "This brain transcribes nothing.");
        else if (typeof words === "string") this.#transcribed(item, words);
        else words.then((text) => this.#transcribed(item, text)).catch(failed);
      } catch {
        failed();
      }
    });
  }

  #transcribed(item: Message, transcript: string): void {
    const { emit } = this.#context;
    const part = item.parts[0]!;
    if (part.type !== "input_audio") return;
    part.transcript = transcript;
    const seconds = Math.round(part.durationMs) / 1000;
    const place = { item_id: item.id, content_index: 0 };
    const usage = { type: "duration", seconds };
    emit(`${TRANSCRIPTION}.delta`, { ...place, delta: transcript });
    emit(`${TRANSCRIPTION}.completed`, { ...place, transcript, usage });
  }

  #notTranscribed(item: Message, message: string): void {
    const error = { type: "server_error", code: "transcription_failed", message, param: null };
    this.#context.emit(`${TRANSCRIPTION}.failed`, { item_id: item.id, content_index: 0, error });
  }

  get #idleTimeoutMs(): number {
    const detection = this.#context.config.audio.input.turn_detection;
    return detection?.type === "server_vad" ? detection.idle_timeout_ms ?? 0 : 0;
  }

  /** An answer of `audioMs` is done: from the end of its playing on, silence is counted. */
  startIdle(audioMs: number): void {
    this.stopIdle();
    if (!this.#idleTimeoutMs || this.#buffer.speaking) return;
    this.#cancelIdle = this.#context.after(audioMs, () => {
      this.#buffer.hold();
      this.#cancelIdle = this.#context.after(this.#idleTimeoutMs, () => this.#timeout());
    });
  }

  stopIdle(): void {
    this.#cancelIdle();
    this.#cancelIdle = () => {};
    this.#buffer.release();
  }

  #timeout(): void {
    const { fromMs, toMs, clip } = this.#buffer.takeHeld();
    this.#turnItemId = this.#context.makeId("item");
    this.#context.emit("input_audio_buffer.timeout_triggered", {
      audio_start_ms: fromMs,
      audio_end_ms: toMs,
      item_id: this.#turnItemId,
    });
    this.#commit(clip, true);
    this.#actions.respond();
  }
}
