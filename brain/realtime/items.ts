/**
 * One conversation item: how it is kept, and how events show it.
 *
 * @module
 */

import type { ConversationItem } from "openai/resources/realtime/realtime";
import { ApiError } from "./api_error.ts";
import { AudioClip } from "./clip.ts";
import { base64ByteLength, decodeBase64Into } from "../../media/base64.ts";
import type { AudioFormat } from "../../media/format.ts";
import type { ItemInput } from "./item_schema.ts";

interface TextPart {
  readonly type: "input_text" | "output_text";
  text: string;
}
interface AudioPart {
  readonly type: "input_audio" | "output_audio";
  /** Undefined once dropped to stay within the bound; `durationMs` stays. */
  clip: AudioClip | undefined;
  durationMs: number;
  /** Null for speech that nobody transcribed; undefined once truncated away. */
  transcript: string | null | undefined;
}
interface ImagePart {
  readonly type: "input_image";
  /** Undefined once dropped to stay within the bound. */
  imageUrl: string | undefined;
  readonly detail: "auto" | "low" | "high";
}
type Part = TextPart | AudioPart | ImagePart;

type ItemStatus = "completed" | "incomplete" | "in_progress";

/** A response, as its items remember it: the same object in all of them. */
export interface ResponseRef {
  readonly id: string;
}

interface Common {
  readonly id: string;
  status: ItemStatus;
  /** Counts changes of content, which end the prompt cache from this item on. */
  version: number;
  /** True once truncation took it out of the model's context. */
  forgotten: boolean;
}
export interface Message extends Common {
  readonly type: "message";
  readonly role: "user" | "assistant" | "system";
  readonly parts: Part[];
  /** The response that said it; absent in what a client wrote. */
  readonly response?: ResponseRef;
  /** Of user audio that is the silence of an idle timeout. */
  readonly silence?: boolean;
}
export interface FunctionCall extends Common {
  readonly type: "function_call";
  readonly name: string;
  readonly callId: string;
  arguments: string;
  readonly response?: ResponseRef;
}
interface FunctionOutput extends Common {
  readonly type: "function_call_output";
  readonly callId: string;
  readonly output: string;
}
export type Item = Message | FunctionCall | FunctionOutput;

/** The fields that every new item starts with. */
export function newItem(id: string, status: ItemStatus): Common {
  return { id, status, version: 0, forgotten: false };
}

function partOnWire(part: Part, withAudio: boolean): Record<string, unknown> {
  if (part.type === "input_image") {
    return { type: part.type, image_url: part.imageUrl, detail: part.detail };
  }
  if ("text" in part) return { type: part.type, text: part.text };
  const audio = withAudio ? part.clip?.toBase64() : undefined;
  return { type: part.type, transcript: part.transcript, audio };
}

/** The item as events show it; only `conversation.item.retrieved` shows audio. */
export function itemOnWire(item: Item, withAudio = false): ConversationItem {
  const head = { id: item.id, type: item.type, status: item.status };
  if (item.type === "message") {
    const content = item.parts.map((part) => partOnWire(part, withAudio));
    return { ...head, role: item.role, content } as ConversationItem;
  }
  if (item.type === "function_call") {
    return {
      ...head,
      name: item.name,
      call_id: item.callId,
      arguments: item.arguments,
    } as ConversationItem;
  }
  return { ...head, call_id: item.callId, output: item.output } as ConversationItem;
}

/** Bytes of audio and images that the item holds on to. */
export function keptBytes(item: Item): number {
  if (item.type !== "message") return 0;
  let bytes = 0;
  for (const part of item.parts) {
    if ("clip" in part) bytes += part.clip?.byteLength ?? 0;
    else if ("imageUrl" in part) bytes += part.imageUrl?.length ?? 0;
  }
  return bytes;
}

/** Characters of text that the item holds on to. */
export function keptChars(item: Item): number {
  if (item.type === "function_call") return item.arguments.length;
  if (item.type === "function_call_output") return item.output.length;
  let chars = 0;
  for (const part of item.parts) {
    if ("text" in part) chars += part.text.length;
    else if ("transcript" in part) chars += part.transcript?.length ?? 0;
  }
  return chars;
}

function clipFrom(base64: string, format: AudioFormat, param: string): AudioClip {
  const bytes = new Uint8Array(base64ByteLength(base64));
  const count = decodeBase64Into(base64, bytes);
  if (count < 0 || (format.encoding === "pcm16" && (count & 1) === 1)) {
    const wanted = count < 0
      ? `${base64.length} characters that are not base64`
      : `${count} bytes, and audio/pcm needs an even number`;
    throw new ApiError("invalid_value", `Invalid value for '${param}': ${wanted}.`, param);
  }
  return new AudioClip(format, bytes);
}

/**
 * The item that a client wrote.
 *
 * @param id Used when the client chose none.
 * @param path Where it was written, for errors.
 * @throws {ApiError} When its audio is not whole base64.
 */
export function itemFrom(
  input: ItemInput,
  id: string,
  callId: string,
  format: AudioFormat,
  path: string,
): Item {
  const common = newItem(input.id ?? id, input.status ?? "completed");
  if (input.type === "function_call") {
    const { name, arguments: args } = input;
    return { ...common, type: input.type, name, callId: input.call_id ?? callId, arguments: args };
  }
  if (input.type === "function_call_output") {
    return { ...common, type: input.type, callId: input.call_id, output: input.output };
  }
  const parts = input.content.map((part, index): Part => {
    if (part.type === "input_audio") {
      const clip = clipFrom(part.audio, format, `${path}.content[${index}].audio`);
      const transcript = part.transcript ?? null;
      return { type: part.type, clip, durationMs: clip.durationMs, transcript };
    }
    if (part.type === "input_image") {
      return { type: part.type, imageUrl: part.image_url, detail: part.detail ?? "auto" };
    }
    return { type: part.type, text: part.text };
  });
  return { ...common, type: "message", role: input.role, parts };
}
