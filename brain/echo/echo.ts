/**
 * The answerer of the echo brain.
 *
 * @module
 */

import type {
  Answer,
  AnswerEnd,
  Answerer,
  AnswerPiece,
  AnswerRequest,
  TranscriptionRequest,
} from "../realtime/answerer.ts";
import { bytesPerMs } from "../../media/format.ts";
import type { ResponseRef } from "../realtime/items.ts";
import { ASSISTANT_MS_PER_TOKEN, CHARS_PER_TOKEN, textTokens } from "../realtime/usage.ts";
import { decideAnswer, describeSpeech, type Segment } from "./answer.ts";
import type { EchoVoice } from "./settings.ts";
import { Speech } from "./speech.ts";

const CUT: AnswerEnd = { incomplete: "max_output_tokens" };

/** Says what it heard. One for any number of sessions. */
export class Echo implements Answerer {
  readonly #voice: EchoVoice;
  /** Of each response whose items still stand: ids of the items that it answers. */
  readonly #answered = new WeakMap<ResponseRef, ReadonlySet<string>>();

  constructor(voice: EchoVoice) {
    this.#voice = voice;
  }

  answer(request: AnswerRequest): Answer {
    const { segments, call, answers } = decideAnswer(request, this.#answered);
    this.#answered.set(request.response, answers);
    if (call) return callTool(call, request.maxOutputTokens);
    return request.modality === "text" ? write(segments, request) : this.#speak(segments, request);
  }

  /** No words are recognised: the transcript says how long the speech was. */
  transcribe({ clip }: TranscriptionRequest): string {
    return describeSpeech(clip.durationMs);
  }

  *#speak(
    segments: readonly Segment[],
    { format, speed, deltaMs, maxOutputTokens }: AnswerRequest,
  ): Generator<AnswerPiece, AnswerEnd> {
    const speech = new Speech(segments, format, speed, this.#voice);
    const text = textOf(segments);
    const wanted = textTokens(text) + Math.ceil(speech.lengthMs / ASSISTANT_MS_PER_TOKEN);
    const share = Math.min(1, maxOutputTokens / Math.max(1, wanted));
    // Words and audio are cut at the same place.
    const chars = share < 1 ? Math.floor(textTokens(text) * share) * CHARS_PER_TOKEN : text.length;
    const words = text.slice(0, chars);
    const tokensForAudio = Math.max(1, maxOutputTokens - textTokens(words));
    const maxMs = share < 1 ? tokensForAudio * ASSISTANT_MS_PER_TOKEN : Infinity;
    const lengthMs = Math.min(maxMs, speech.lengthMs);
    const perMs = bytesPerMs(format);
    let audioMs = 0;
    let said = 0;
    // However little there is to say, it is said in an item.
    yield { words: "" };
    while (audioMs < maxMs) {
      const audio = speech.read(Math.min(deltaMs, maxMs - audioMs));
      if (audio.length === 0) break;
      audioMs += audio.length / perMs;
      const upTo = Math.ceil(words.length * Math.min(1, audioMs / lengthMs));
      yield { words: words.slice(said, upTo), audio };
      said = Math.max(said, upTo);
    }
    if (said < words.length) yield { words: words.slice(said) };
    return share < 1 ? CUT : {};
  }
}

function textOf(segments: readonly Segment[]): string {
  return segments.map((segment) => segment.text).join(" ");
}

function* write(
  segments: readonly Segment[],
  { maxOutputTokens }: AnswerRequest,
): Generator<AnswerPiece, AnswerEnd> {
  const text = textOf(segments);
  const cut = textTokens(text) > maxOutputTokens;
  yield { words: cut ? text.slice(0, maxOutputTokens * CHARS_PER_TOKEN) : text };
  return cut ? CUT : {};
}

function* callTool(
  { name, arguments: args }: { name: string; arguments: string },
  maxOutputTokens: number,
): Generator<AnswerPiece, AnswerEnd> {
  const chars = maxOutputTokens * CHARS_PER_TOKEN;
  yield { call: { name, arguments: args.slice(0, chars) } };
  return args.length > chars ? CUT : {};
}
