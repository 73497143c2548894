/**
 * What a session of the brain that is opened anew is told: the conversation so far as items, of the
 * agent's words only what was heard or is still going to be, and the caller's voice where nobody has
 * answered it and its words are not known.
 *
 * @module
 */

import { createItem, deleteItem } from "../../brain/openai/requests.ts";
import { encodeBase64 } from "../../media/base64.ts";
import { type AudioFormat, bytesPerMs } from "../../media/format.ts";
import type { CallContext, SaidLine, UnansweredAudio } from "../context.ts";
import { Transcoder } from "../transcoder.ts";
import type { Transcript, TranscriptLine } from "../transcript.ts";
import type { Heard } from "../turns/events.ts";
import type { CallState, Utterance } from "../turns/state.ts";
import type { VoiceMemory } from "./voice_memory.ts";

/** A voice begins before it is noticed. */
export const HEARD_AGAIN_MS = 300;
/** ... and a word ends after it. */
const TAIL_MS = 200;
/** Pieces that are converted at once. */
const PIECE_MS = 1000;

export class Retelling {
  readonly #transcript: Transcript;
  readonly #memory: VoiceMemory;
  readonly #legFormat: AudioFormat;
  /** The voice in a line whose words are not known, in the leg's format. */
  readonly #voice = new Map<string, Uint8Array>();
  /** The line of an utterance. */
  readonly #lines = new Map<number, string>();
  /** Items of sessions before, and the names under which the present one knows them. */
  readonly #old = new Map<string, string>();
  readonly #keepBytes: number;
  #names = 0;

  /** @param keepVoiceMs So much of the caller's answered voice is kept, where its words are not known. */
  constructor(
    transcript: Transcript,
    memory: VoiceMemory,
    legFormat: AudioFormat,
    keepVoiceMs: number,
  ) {
    this.#keepBytes = keepVoiceMs * bytesPerMs(legFormat);
    this.#transcript = transcript;
    this.#memory = memory;
    this.#legFormat = legFormat;
  }

  /**
   * The session is gone: what it knew is kept. Before the machine hears of it.
   *
   * @param playing As in the machine's events.
   */
  lost({ answers, awaiting, maybeMeant }: CallState, playing: readonly Heard[]): void {
    for (const answer of answers) {
      for (const said of answer.utterances) this.#keep(said);
      if (answer.over || answer.spoken || answer.cancelled) continue;
      // The words run ahead of the sound, and the rest of it will not come.
      for (const { itemId, receivedMs } of playing) {
        if (answer.items.includes(itemId)) this.#transcript.endsAt(itemId, receivedMs);
      }
    }
    for (const said of awaiting) this.#keep(said);
    if (maybeMeant) this.#keep(maybeMeant);
    this.#old.clear();
    for (const { itemId } of this.#transcript.lines()) this.#old.set(itemId, "");
    for (const { itemId } of playing) this.#old.set(itemId, "");
  }

  /** The requests that tell the present session everything, oldest first. Before the machine hears. */
  tell({ answers, awaiting, maybeMeant }: CallState, format: AudioFormat): string[] {
    for (const { utterances } of answers) for (const said of utterances) this.#keep(said);
    for (const said of awaiting) this.#keep(said);
    if (maybeMeant) this.#keep(maybeMeant);
    const requests: string[] = [];
    for (const line of this.#transcript.lines()) {
      const request = this.#request(line, format);
      if (request) requests.push(request);
    }
    return requests;
  }

  /** Whether an item belongs to a session that is gone. */
  isOld(itemId: string): boolean {
    return this.#old.has(itemId);
  }

  /** Less of the agent's line was heard than the present session was told: what tells it so. */
  correct(itemId: string): string[] {
    const name = this.#old.get(itemId);
    const line = this.#transcript.lines().find((line) => line.itemId === itemId);
    if (!name || line?.role === "caller") return [];
    this.#old.set(itemId, "");
    const requests = [deleteItem(name)];
    if (line && line.text !== "") requests.push(this.#itemOf(line));
    return requests;
  }

  /** What plays is played no more: nothing has to be corrected. */
  forgetNames(): void {
    for (const itemId of this.#old.keys()) this.#old.set(itemId, "");
  }

  /** What is being answered may be wanted later: a voice is all that we have of most callers. */
  answering({ answers }: CallState): void {
    if (this.#keepBytes === 0) return;
    for (const { utterances, sounds } of answers) {
      if (sounds) { for (const said of utterances) this.#keep(said); }
    }
  }

  /** Nothing waits for an answer: of what was heard and answered, the last is kept. */
  answered(): void {
    if (this.#lines.size === 0) return;
    this.#lines.clear();
    const written = new Set(
      this.#transcript.lines().filter(({ text }) => text !== "").map(({ itemId }) => itemId),
    );
    let bytes = 0;
    for (const [itemId, voice] of [...this.#voice].reverse()) {
      bytes += voice.length;
      if (bytes > this.#keepBytes || written.has(itemId)) this.#voice.delete(itemId);
    }
  }

  /**
   * For another machine: what it has to know, as far as it is heard now.
   *
   * @param playing As in the machine's events.
   */
  context(state: CallState, playing: readonly Heard[], startedAtMs: number): CallContext {
    const { awaiting, answers, speaking } = state;
    const unanswered = [...answers.flatMap(({ utterances }) => utterances), ...awaiting]
      // What stands in a line already goes with it.
      .filter(({ by, id }) => by === "voice" && !this.#lines.has(id)).map((said) =>
        this.#unanswered(said, true)
      );
    if (speaking) unanswered.push(this.#unanswered(speaking, false));
    return { startedAtMs, lines: this.#heardLines(playing), unanswered, owes: owedBy(state) };
  }

  #unanswered(said: Utterance, ended: boolean): UnansweredAudio {
    return { base64: encodeBase64(this.#audioOf(said)), ended };
  }

  #heardLines(playing: readonly Heard[]): SaidLine[] {
    return this.#transcript.lines().flatMap(({ itemId, role, text }) => {
      const plays = playing.find((heard) => heard.itemId === itemId);
      const heard = plays ? this.#transcript.soFar(text, plays.heardMs) : text;
      const voice = this.#voice.get(itemId);
      if (heard === "" && voice) return [{ role, text: "", voice: encodeBase64(voice) }];
      return heard === "" ? [] : [{ role, text: heard }];
    });
  }

  /** A call that went on elsewhere before knows what was said there. */
  resume({ lines, unanswered }: CallContext): void {
    for (const [n, { role, text, voice }] of lines.entries()) {
      const itemId = `before_${n}`;
      if (voice) this.#voice.set(itemId, Uint8Array.fromBase64(voice));
      if (role === "caller") this.#transcript.callerSaid(itemId, text);
      else this.#transcript.agentSaid(itemId, text, true);
      this.#old.set(itemId, "");
    }
    // A turn that is still open goes on by being heard again (`open_turn.ts`).
    for (const [n, { base64 }] of unanswered.filter(({ ended }) => ended).entries()) {
      const itemId = `before_voice_${n}`;
      this.#transcript.callerSpoke(itemId);
      this.#voice.set(itemId, Uint8Array.fromBase64(base64));
      this.#old.set(itemId, "");
    }
  }

  /** Keeps the voice of what was said, in its line. */
  #keep(said: Utterance): void {
    const isHeard = said.by === "voice" && said.endMs > said.onsetMs;
    if (!isHeard || this.#lines.has(said.id)) return;
    const bytes = this.#audioOf(said);
    if (bytes.length === 0) return;
    const known = this.#transcript.lines();
    const itemId = said.items.find((item) => known.some((line) => line.itemId === item)) ??
      `said_${said.id}`;
    this.#transcript.callerSpoke(itemId);
    this.#lines.set(said.id, itemId);
    this.#voice.set(itemId, bytes);
  }

  #audioOf({ onsetMs, endMs }: Utterance): Uint8Array {
    const toMs = endMs > onsetMs ? endMs + TAIL_MS : Infinity;
    return this.#memory.between(onsetMs - HEARD_AGAIN_MS, toMs);
  }

  #request({ itemId, role, text }: TranscriptLine, format: AudioFormat): string | null {
    const voice = this.#voice.get(itemId);
    if (!voice && text === "") return null;
    if (!voice || role === "agent") return this.#itemOf({ itemId, role, text });
    const audio = encodeBase64(this.#converted(voice, format));
    return createItem(this.#nameOf(itemId), "user", { type: "input_audio", audio });
  }

  #itemOf({ itemId, role, text }: Pick<TranscriptLine, "itemId" | "role" | "text">): string {
    const name = this.#nameOf(itemId);
    if (role === "agent") return createItem(name, "assistant", { type: "output_text", text });
    return createItem(name, "user", { type: "input_text", text });
  }

  #nameOf(itemId: string): string {
    const name = `kept_${++this.#names}`;
    this.#old.set(itemId, name);
    return name;
  }

  #converted(bytes: Uint8Array, format: AudioFormat): Uint8Array {
    const transcoder = new Transcoder(this.#legFormat, format, PIECE_MS);
    if (transcoder.idle) return bytes;
    const step = PIECE_MS * bytesPerMs(this.#legFormat);
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += step) {
      pieces.push(transcoder.convert(bytes.subarray(at, at + step)).slice());
    }
    pieces.push(transcoder.flush().slice());
    return joined(pieces);
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function owedBy({ answers, awaiting, owes, soundSinceMs }: CallState): CallContext["owes"] {
  const open = answers.filter(({ over, cancelled }) => !over && !cancelled);
  if (soundSinceMs !== null || owes.includes("go_on")) return "go_on";
  if (owes.includes("greeting") || open.some(({ kind }) => kind === "greeting")) return "greeting";
  return awaiting.length > 0 || open.length > 0 ? "answer" : "nothing";
}
