/**
 * What a response puts out: its items, and the events that open, fill and close them.
 *
 * @module
 */

import type { ConversationItem } from "openai/resources/realtime/realtime";
import { AudioClip } from "./clip.ts";
import { encodeBase64 } from "../../media/base64.ts";
import type { AudioFormat } from "../../media/format.ts";
import type { SessionContext } from "./context.ts";
import type { Delta } from "./deltas.ts";
import { type FunctionCall, itemOnWire, type Message, newItem, type ResponseRef } from "./items.ts";
import { ASSISTANT_MS_PER_TOKEN, CHARS_PER_TOKEN } from "./usage.ts";

/** What the output needs to know of its response. */
interface OutputWish {
  readonly modality: "text" | "audio";
  readonly format: AudioFormat;
  readonly inConversation: boolean;
}

/** The items of one response, of which the last may be open. */
export class Output {
  readonly #context: SessionContext;
  readonly #response: ResponseRef;
  readonly #wish: OutputWish;
  readonly #items: (Message | FunctionCall)[] = [];
  #open: Message | FunctionCall | undefined;
  /** Words or arguments of the open item. */
  #text = "";
  #audioMs = 0;
  // Of all items.
  #chars = 0;
  #nameChars = 0;

  constructor(context: SessionContext, response: ResponseRef, wish: OutputWish) {
    this.#context = context;
    this.#response = response;
    this.#wish = wish;
  }

  /** Ms of audio that left. */
  get audioMs(): number {
    return this.#audioMs;
  }

  /** Tokens that left, the names of functions included. */
  get tokens(): { text: number; audio: number } {
    return {
      text: Math.ceil((this.#nameChars + this.#chars) / CHARS_PER_TOKEN),
      audio: Math.ceil(this.#audioMs / ASSISTANT_MS_PER_TOKEN),
    };
  }

  /** Whether more than `maxTokens` left; the names of functions are free. */
  exceeds(maxTokens: number): boolean {
    return Math.ceil(this.#chars / CHARS_PER_TOKEN) + this.tokens.audio > maxTokens;
  }

  get items(): ConversationItem[] {
    return this.#items.map((item) => itemOnWire(item));
  }

  /** Sends one delta. What it belongs to is opened first, and what was open before is closed. */
  send(delta: Delta): void {
    if (delta.call !== undefined) {
      if (delta.first) this.#beginCall(delta.call);
      this.#say("response.function_call_arguments.delta", delta.text);
      const call = this.#open as FunctionCall;
      call.arguments = this.#text;
      return;
    }
    if (this.#open?.type !== "message") this.#beginMessage();
    const part = (this.#open as Message).parts[0]!;
    if (part.type === "output_text") {
      this.#say("response.output_text.delta", delta.text);
      part.text = this.#text;
      return;
    }
    if (part.type !== "output_audio") throw new TypeError(`An answer has no ${part.type}`);
    const { audio } = delta;
    this.#say("response.output_audio_transcript.delta", delta.text);
    if (audio) this.#audioMs += delta.ms;
    // Truncated meanwhile: what still streams was not heard and is not kept.
    if (part.transcript !== undefined) {
      part.transcript = this.#text;
      if (audio) {
        part.clip?.push(audio);
        part.durationMs += delta.ms;
      }
    }
    if (audio) this.#sendAudio(audio);
  }

  /** Closes what is open. */
  close(completed: boolean): void {
    const item = this.#open;
    if (!item) return;
    this.#open = undefined;
    const { emit, conversation } = this.#context;
    const text = this.#text;
    const place = this.#placeOf(item);
    if (item.type === "function_call") {
      const { name } = item;
      emit("response.function_call_arguments.done", { ...place, name, arguments: text });
    } else if (this.#wish.modality === "audio") {
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
    if (this.#wish.inConversation && conversation.find(item.id)) {
      conversation.fit();
      const previous = conversation.previousId(item.id);
      emit("conversation.item.done", { previous_item_id: previous, item: wire });
    }
    emit("response.output_item.done", { ...this.#output(), item: wire });
  }

  #beginCall(name: string): void {
    this.close(true);
    this.#nameChars += name.length;
    this.#add({
      ...newItem(this.#context.makeId("item"), "in_progress"),
      type: "function_call",
      name,
      callId: this.#context.makeId("call"),
      arguments: "",
      response: this.#response,
    });
  }

  #beginMessage(): void {
    this.close(true);
    const message: Message = {
      ...newItem(this.#context.makeId("item"), "in_progress"),
      type: "message",
      role: "assistant",
      parts: [],
      response: this.#response,
    };
    this.#add(message);
    const { format } = this.#wish;
    const spoken = this.#wish.modality === "audio";
    message.parts.push(
      spoken
        ? { type: "output_audio", clip: new AudioClip(format), durationMs: 0, transcript: "" }
        : { type: "output_text", text: "" },
    );
    const part = spoken ? { type: "audio", transcript: "" } : { type: "text", text: "" };
    this.#context.emit("response.content_part.added", { ...this.#placeOf(message), part });
  }

  #add(item: Message | FunctionCall): void {
    this.#open = item;
    this.#text = "";
    this.#items.push(item);
    const { emit, conversation } = this.#context;
    const wire = itemOnWire(item);
    emit("response.output_item.added", { ...this.#output(), item: wire });
    if (this.#wish.inConversation) {
      const previous = conversation.add(item);
      emit("conversation.item.added", { previous_item_id: previous, item: wire });
    }
  }

  #say(type: string, delta: string): void {
    if (delta === "") return;
    this.#text += delta;
    this.#chars += delta.length;
    this.#context.emit(type, { ...this.#placeOf(this.#open!), delta });
  }

  // By hand: the one event that is large and frequent, and nothing in it wants escaping.
  #sendAudio(bytes: Uint8Array): void {
    const eventId = this.#context.makeId("event");
    const index = this.#items.length - 1;
    this.#context.emitText(
      `{"type":"response.output_audio.delta","event_id":"${eventId}","response_id":"${this.#response.id}","item_id":"${
        this.#open!.id
      }","output_index":${index},"content_index":0,"delta":"${encodeBase64(bytes)}"}`,
    );
  }

  #output(): { response_id: string; output_index: number } {
    return { response_id: this.#response.id, output_index: this.#items.length - 1 };
  }

  #placeOf(item: Message | FunctionCall): Record<string, unknown> {
    const { response_id, output_index } = this.#output();
    const place = { response_id, item_id: item.id, output_index };
    return item.type === "function_call"
      ? { ...place, call_id: item.callId }
      : { ...place, content_index: 0 };
  }
}
