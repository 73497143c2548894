/**
 * The default conversation: an ordered list of items within bounds, and the API's own refusals.
 *
 * @module
 */

import { ApiError } from "./api_error.ts";
import { type Item, keptBytes, keptChars } from "./items.ts";
import type { RealtimeSettings } from "./settings.ts";

/** The items of one session, oldest first. */
export class Conversation {
  readonly #maxItems: number;
  readonly #maxKeptBytes: number;
  readonly #maxKeptChars: number;
  readonly #items: Item[] = [];

  constructor(
    readonly id: string,
    settings: Pick<RealtimeSettings, "maxItems" | "maxKeptBytes" | "maxKeptChars">,
  ) {
    this.#maxItems = settings.maxItems;
    this.#maxKeptBytes = settings.maxKeptBytes;
    this.#maxKeptChars = settings.maxKeptChars;
  }

  get items(): readonly Item[] {
    return this.#items;
  }

  find(id: string): Item | undefined {
    // Ids are asked for about recent items.
    for (let i = this.#items.length - 1; i >= 0; i--) {
      if (this.#items[i]!.id === id) return this.#items[i];
    }
    return undefined;
  }

  /** The id of the item before `id`; null when there is none. */
  previousId(id: string): string | null {
    const index = this.#items.findIndex((item) => item.id === id);
    return index > 0 ? this.#items[index - 1]!.id : null;
  }

  get lastId(): string | null {
    return this.#items.at(-1)?.id ?? null;
  }

  /**
   * Adds an item, at the end or after another (`"root"`: before all). Beyond the bound the oldest
   * item is forgotten without an event, as the API does when the context is full.
   *
   * @returns The id of the item before it, or null.
   * @throws {ApiError} For an id that is taken, an unknown place, an output without its call.
   */
  add(item: Item, previousItemId?: string | null): string | null {
    if (this.find(item.id)) {
      throw new ApiError(
        "item_create_duplicate_id",
        `Error adding item: an item with ID '${item.id}' already exists in the conversation.`,
        "item.id",
      );
    }
    if (item.type === "function_call_output") this.#checkCall(item.callId);
    let index = this.#items.length;
    if (previousItemId === "root") index = 0;
    else if (typeof previousItemId === "string") {
      index = this.#items.findIndex((other) => other.id === previousItemId) + 1;
      if (index === 0) {
        throw new ApiError(
          "invalid_value",
          `Error adding item: previous item with ID '${previousItemId}' not found.`,
          "previous_item_id",
        );
      }
    }
    this.#items.splice(index, 0, item);
    while (this.#items.length > this.#maxItems) {
      const oldest = this.#items.findIndex((other) => other !== item);
      this.#items.splice(oldest, 1);
    }
    this.fit();
    return this.previousId(item.id);
  }

  #checkCall(callId: string): void {
    const known = this.#items.some((item) =>
      item.type === "function_call" && item.callId === callId
    );
    if (!known) {
      throw new ApiError(
        "invalid_tool_call_id",
        `Tool call ID '${callId}' not found in conversation.`,
        "item.call_id",
      );
    }
  }

  /**
   * Drops the oldest audio and images until what is kept is within the bound, and forgets the oldest
   * items while there is too much text. The newest item keeps its own: it is about to be answered, and
   * the largest message and the input buffer have bounded it already.
   */
  fit(): void {
    let chars = 0;
    for (const item of this.#items) chars += keptChars(item);
    while (chars > this.#maxKeptChars && this.#items.length > 1) {
      chars -= keptChars(this.#items.shift()!);
    }
    let total = 0;
    for (const item of this.#items) total += keptBytes(item);
    for (const item of this.#items) {
      if (total <= this.#maxKeptBytes || item === this.#items.at(-1)) return;
      if (item.type !== "message") continue;
      total -= keptBytes(item);
      for (const part of item.parts) {
        if ("clip" in part) part.clip = undefined;
        else if ("imageUrl" in part) part.imageUrl = undefined;
      }
    }
  }

  /** @throws {ApiError} When the item is unknown. */
  get(id: string, verb: "retrieve" | "delete" | "truncate"): Item {
    const item = this.find(id);
    if (item) return item;
    const doing = { retrieve: "retrieving", delete: "deleting", truncate: "truncating" }[verb];
    throw new ApiError(
      `item_${verb}_invalid_item_id`,
      `Error ${doing} item: the item with id '${id}' does not exist.`,
      "item_id",
    );
  }

  /** @throws {ApiError} When the item is unknown. */
  delete(id: string): void {
    this.#items.splice(this.#items.indexOf(this.get(id, "delete")), 1);
  }

  /**
   * Cuts an assistant's audio to what was heard, and drops its transcript: unheard words must not
   * stay in the context.
   *
   * @throws {ApiError} When it is no assistant audio, or shorter already.
   */
  truncate(id: string, contentIndex: number, audioEndMs: number): void {
    const item = this.get(id, "truncate");
    const part = item.type === "message" ? item.parts[contentIndex] : undefined;
    if (item.type === "message" && item.role === "assistant" && item.parts.length > 0 && !part) {
      throw new ApiError(
        "invalid_value",
        `Invalid value for 'content_index': ${contentIndex}. Item '${id}' has ${item.parts.length} content part(s).`,
        "content_index",
      );
    }
    // Also the API's answer for a message whose audio has not begun.
    if (part?.type !== "output_audio" || part.durationMs === 0) {
      throw new ApiError(
        "unsupported_content_type",
        `Only model output audio messages can be truncated; item '${id}' has no such audio.`,
        "item_id",
      );
    }
    if (audioEndMs > part.durationMs) {
      throw new ApiError(
        "invalid_value",
        `Audio content of ${Math.floor(part.durationMs)}ms is already shorter than ${audioEndMs}ms`,
        "audio_end_ms",
      );
    }
    part.clip?.truncate(audioEndMs);
    part.durationMs = audioEndMs;
    part.transcript = undefined;
    item.version++;
  }
}
