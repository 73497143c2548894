/**
 * A brain for the benches: it streams long answers faster than real time, hears turns as the API's
 * `server_vad` does, and refuses what the API refuses. What it was asked is written down.
 *
 * @module
 */

import { mulawToPcm16 } from "../../media/mulaw.ts";
import { type Clock, systemClock } from "../../call/clock.ts";
import type { BrainSession, ScriptedBrain } from "../../tests/scripted_brain.ts";
import { startScriptedBrain } from "../../tests/scripted_brain.ts";
import { Vad } from "../../vad/vad.ts";
import { Random } from "../vad/random.ts";
import { fluentSpeech } from "./answers.ts";

export interface StrictBrainSettings {
  readonly seed: string;
  /** From the request to the first audio. */
  readonly thinkMs: number;
  /** One way, for everything that it says. */
  readonly networkMs: number;
  /** Length of the items of one answer; a number for each item. */
  readonly itemsMs: (random: Random) => readonly number[];
  /** Times faster than real time. */
  readonly streamRate: number;
  readonly deltaMs: number;
  readonly gainDb: number;
}

export const STRICT_BRAIN_DEFAULTS: StrictBrainSettings = {
  seed: "brain",
  thinkMs: 150,
  networkMs: 15,
  itemsMs: (random) => {
    // A third of the answers come in several items.
    const count = random.next() < 0.33 ? 2 + random.index(2) : 1;
    return Array.from({ length: count }, () => Math.round(random.between(11_000, 16_000) / count));
  },
  streamRate: 6,
  deltaMs: 200,
  gainDb: 0,
};

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

interface Answer {
  readonly id: string;
  cancelled: boolean;
}

/** One call's side of the brain. */
export class Conversation {
  /** Items of the agent: all that will be sent of them. */
  readonly audio = new Map<string, Uint8Array<ArrayBuffer>>();
  /** How much of each was sent, ms. */
  readonly sentMs = new Map<string, number>();
  readonly cuts: Cut[] = [];
  readonly refusals: Refusal[] = [];
  /** When responses began and ended. */
  readonly responses: { readonly id: string; readonly fromMs: number; toMs: number }[] = [];
  /** Items of the caller that stand in the conversation. */
  readonly callerItems = new Set<string>();
  readonly #send: (event: Record<string, unknown>) => void;
  readonly #clock: Clock;
  readonly #settings: StrictBrainSettings;
  readonly #random: Random;
  #vad: Vad | null = null;
  #turnItem = "";
  #active: Answer | null = null;
  #count = 0;
  #pcm = new Int16Array(160);

  constructor(
    send: (event: Record<string, unknown>) => void,
    settings: StrictBrainSettings,
    n: number,
    clock: Clock = systemClock,
  ) {
    this.#send = send;
    this.#clock = clock;
    this.#settings = settings;
    this.#random = new Random(`${settings.seed} ${n}`);
  }

  /** Whether an answer is being made. */
  get active(): boolean {
    return this.#active !== null;
  }

  take(event: Record<string, unknown>): void {
    const itemId = String(event.item_id ?? "");
    switch (event.type) {
      case "session.update":
        this.#listen(event.session);
        return;
      case "input_audio_buffer.append":
        return this.#hear(String(event.audio));
      case "input_audio_buffer.commit":
        return this.#committed(`user_${++this.#count}`);
      case "response.create":
        return this.#create(true);
      case "response.cancel":
        return this.#cancel(event.response_id);
      case "conversation.item.truncate":
        return this.#truncate(itemId, Number(event.audio_end_ms));
      case "conversation.item.delete":
        return this.#delete(itemId);
    }
  }

  /** Everything it says takes the same way, so the order holds. */
  #say(event: Record<string, unknown>): void {
    this.#clock.after(this.#settings.networkMs, () => this.#send(event));
  }

  #refuse(code: string, detail: string): void {
    this.refusals.push({ atMs: this.#clock.nowMs(), code, detail });
    this.#say({ type: "error", error: { type: "invalid_request_error", code, message: detail } });
  }

  #listen(session: unknown): void {
    const { audio } = session as {
      audio: { input: { turn_detection: { type: string; silence_duration_ms: number } | null } };
    };
    const detection = audio.input.turn_detection;
    if (detection?.type !== "server_vad") return;
    const minSilenceMs = detection.silence_duration_ms;
    this.#vad = new Vad({ sampleRateHz: 8000, minSpeechMs: 60, minSilenceMs }, (event) => {
      if (event.type === "speech_started") {
        this.#turnItem = `user_${++this.#count}`;
        this.#say({
          type: "input_audio_buffer.speech_started",
          audio_start_ms: Math.round(event.startMs),
          item_id: this.#turnItem,
        });
      } else {
        this.#say({
          type: "input_audio_buffer.speech_stopped",
          audio_end_ms: Math.round(event.endMs),
          item_id: this.#turnItem,
        });
        this.#committed(this.#turnItem);
        // While an answer is being made, the API creates no other.
        if (!this.#active) this.#create(false);
      }
    });
  }

  #hear(payload: string): void {
    if (!this.#vad) return;
    const bytes = Uint8Array.fromBase64(payload);
    if (this.#pcm.length < bytes.length) this.#pcm = new Int16Array(bytes.length);
    for (let i = 0; i < bytes.length; i++) this.#pcm[i] = mulawToPcm16(bytes[i]!);
    this.#vad.push(this.#pcm.subarray(0, bytes.length));
  }

  #committed(itemId: string): void {
    this.callerItems.add(itemId);
    this.#say({
      type: "input_audio_buffer.committed",
      previous_item_id: null,
      item_id: itemId,
    });
  }

  #create(asked: boolean): void {
    if (this.#active) {
      const code = "conversation_already_has_active_response";
      if (asked) this.#refuse(code, `${this.#active.id} is in progress`);
      return;
    }
    const answer: Answer = { id: `resp_${++this.#count}`, cancelled: false };
    this.#active = answer;
    this.responses.push({ id: answer.id, fromMs: this.#clock.nowMs(), toMs: NaN });
    this.#say({ type: "response.created", response: { id: answer.id, status: "in_progress" } });
    this.#clock.after(this.#settings.thinkMs, () => this.#stream(answer));
  }

  /** One piece after the other; between two of them it may be cancelled. */
  #stream(answer: Answer): void {
    const lengths = this.#settings.itemsMs(this.#random);
    let n = -1, at = 0, itemId = "";
    let audio = new Uint8Array(0);
    const next = () => {
      if (answer.cancelled) return;
      if (at >= audio.length) {
        if (++n >= lengths.length) return this.#done(answer, "completed");
        itemId = `item_${++this.#count}`;
        audio = fluentSpeech(lengths[n]!, this.#random, this.#settings.gainDb);
        at = 0;
        this.#begin(answer.id, itemId, n, audio);
      }
      const piece = audio.subarray(at, at + this.#settings.deltaMs * 8);
      at += piece.length;
      this.#delta(answer.id, itemId, n, piece);
      this.#clock.after(this.#settings.deltaMs / this.#settings.streamRate, next);
    };
    next();
  }

  #begin(responseId: string, itemId: string, n: number, audio: Uint8Array<ArrayBuffer>): void {
    this.audio.set(itemId, audio);
    this.sentMs.set(itemId, 0);
    this.#say({
      type: "response.output_item.added",
      response_id: responseId,
      output_index: n,
      item: { id: itemId, type: "message", role: "assistant", status: "in_progress" },
    });
  }

  #delta(responseId: string, itemId: string, n: number, piece: Uint8Array): void {
    // What is on its way when the cancellation comes still arrives, as it does with the API.
    this.#clock.after(this.#settings.networkMs, () => {
      this.sentMs.set(itemId, this.sentMs.get(itemId)! + piece.length / 8);
      this.#send({
        type: "response.output_audio.delta",
        response_id: responseId,
        item_id: itemId,
        output_index: n,
        content_index: 0,
        delta: piece.toBase64(),
      });
    });
  }

  #done(answer: Answer, status: string): void {
    if (this.#active !== answer) return;
    this.#active = null;
    this.responses.at(-1)!.toMs = this.#clock.nowMs();
    this.#say({
      type: "response.done",
      response: {
        id: answer.id,
        status,
        output: [],
        usage: { total_tokens: 300, input_tokens: 200, output_tokens: 100 },
      },
    });
  }

  #cancel(responseId: unknown): void {
    const answer = this.#active;
    if (!answer || (responseId !== undefined && responseId !== answer.id)) {
      // Harmless, and not to be helped: the answer may end while the request is on its way.
      return this.#say({
        type: "error",
        error: { type: "invalid_request_error", code: "response_cancel_not_active" },
      });
    }
    answer.cancelled = true;
    this.#done(answer, "cancelled");
  }

  #truncate(itemId: string, audioEndMs: number): void {
    const sentMs = this.sentMs.get(itemId);
    if (sentMs === undefined) this.#refuse("item_not_found", `truncate of ${itemId}`);
    else if (!(audioEndMs > 0)) this.#refuse("invalid_value", `${itemId} at ${audioEndMs} ms`);
    else if (audioEndMs > sentMs) {
      this.#refuse("invalid_value", `${sentMs} ms is already shorter than ${audioEndMs} ms`);
    } else this.cuts.push({ atMs: this.#clock.nowMs(), itemId, audioEndMs });
  }

  #delete(itemId: string): void {
    if (this.callerItems.delete(itemId)) return;
    if (!this.sentMs.has(itemId)) return this.#refuse("item_not_found", `delete of ${itemId}`);
    this.cuts.push({ atMs: this.#clock.nowMs(), itemId, audioEndMs: NaN });
  }
}

export interface StrictBrain {
  readonly url: string;
  /** In the order in which calls came. */
  readonly conversations: Conversation[];
  close(): Promise<void>;
}

export async function startStrictBrain(
  given: Partial<StrictBrainSettings> = {},
): Promise<StrictBrain> {
  const settings = { ...STRICT_BRAIN_DEFAULTS, ...given };
  const conversations: Conversation[] = [];
  const bySession = new Map<BrainSession, Conversation>();
  const brain: ScriptedBrain = await startScriptedBrain({
    onSession(session) {
      const conversation = new Conversation(session.send, settings, conversations.length);
      conversations.push(conversation);
      bySession.set(session, conversation);
    },
    onEvent: (event, session) => bySession.get(session)!.take(event),
  });
  return { url: brain.url, conversations, close: () => brain.close() };
}
