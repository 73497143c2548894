/**
 * The port between the Realtime server and what answers. The server keeps the session, the
 * conversation, the turns and the wire; an answerer reads the conversation and says something.
 *
 * @module
 */

import type { AudioTranscription, RealtimeResponseUsage } from "openai/resources/realtime/realtime";
import type { AudioClip } from "./clip.ts";
import type { AudioFormat } from "../../media/format.ts";
import type { Item, ResponseRef } from "./items.ts";
import type { ToolChoice, Tools } from "./session_schema.ts";

/** One response: what it answers, and how. */
export interface AnswerRequest {
  /** Stands in every item that the response adds, so that an answerer can know them again. */
  readonly response: ResponseRef;
  /** The conversation as the model may see it, oldest first. The items stay the server's. */
  readonly items: readonly Item[];
  /** `text` wants words alone; audio is not sent then. */
  readonly modality: "text" | "audio";
  /** Of the audio. */
  readonly format: AudioFormat;
  readonly voice: string;
  /** 1 is the voice's own pace. */
  readonly speed: number;
  /** The response's own, else the session's. */
  readonly instructions: string;
  readonly sessionInstructions: string;
  readonly tools: Tools;
  readonly toolChoice: ToolChoice;
  /** Infinity when there is no limit. An answer that goes on past it is cut. */
  readonly maxOutputTokens: number;
  /** Audio that leaves in one event, ms. A longer piece is sent in several. */
  readonly deltaMs: number;
  /** Aborts when the answer is cancelled or the session ends: nothing is read any more. */
  readonly signal: AbortSignal;
}

/**
 * A piece of an answer. Words and the audio that says them belong together: of an answer that is
 * interrupted, the client is told the words of the audio that it was sent.
 */
export type AnswerPiece =
  | { readonly words: string; readonly audio?: Uint8Array }
  /** A function that the client is to call. `arguments` is JSON text. */
  | { readonly call: { readonly name: string; readonly arguments: string } };

/** How an answer ended. Nothing means: it is complete, and the server estimates what it cost. */
export interface AnswerEnd {
  /** Why it is not complete. */
  readonly incomplete?: "max_output_tokens" | "content_filter";
  readonly usage?: RealtimeResponseUsage;
}

/**
 * An answer in pieces. The server takes the next one only when the last has left, at most
 * `streamRate` times faster than real time, so an answer is made no faster than it is sent. When it
 * is cancelled, the signal aborts and `return` is called. An error that is thrown fails the response.
 */
export type Answer =
  | Iterator<AnswerPiece, AnswerEnd | void>
  | AsyncIterator<AnswerPiece, AnswerEnd | void>;

/** Speech of the user that is wanted in writing. */
export interface TranscriptionRequest {
  readonly itemId: string;
  readonly clip: AudioClip;
  /** What the session asked for: model, language, prompt. */
  readonly wish: AudioTranscription;
  /** Aborts when the session ends. */
  readonly signal: AbortSignal;
}

/** Whatever answers: it serves any number of sessions at once. */
export interface Answerer {
  /** Called once a response; what is to be decided from the items as they are now, is decided now. */
  answer(request: AnswerRequest): Answer;
  /** Without it, a transcription that a session asks for is reported as failed. */
  transcribe?(request: TranscriptionRequest): string | Promise<string>;
}
