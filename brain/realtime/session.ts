/**
 * One session of a Realtime server: the server side of the OpenAI Realtime protocol, text frames in
 * and text frames out.
 *
 * @module
 */

import type { Answerer } from "./answerer.ts";
import { ApiError } from "./api_error.ts";
import { checkText } from "./bounds.ts";
import { type ClientEvent, liftAppend, parseClientEvent } from "./client_events.ts";
import { formatOf } from "./formats.ts";
import type { SessionContext } from "./context.ts";
import { Conversation } from "./conversation.ts";
import { createIds, type MakeId } from "./ids.ts";
import { itemFrom, itemOnWire } from "./items.ts";
import { Listener } from "./listener.ts";
import { Responder } from "./responder.ts";
import { defaultConfig, sessionOnWire } from "./session_config.ts";
import { applyUpdate, beginWith } from "./session_update.ts";
import type { SessionPatch } from "./session_schema.ts";
import type { RealtimeSettings } from "./settings.ts";

/** What an ended session closes its link with: "going away". */
const CLOSE_EXPIRED = 1001;

type EventOf<T extends ClientEvent["type"]> = Extract<ClientEvent, { type: T }>;

/**
 * A session. It never throws out of `receive` or a timer: whatever goes wrong in it becomes an
 * `error` event of its own, and no other session notices.
 */
export class RealtimeSession {
  readonly #send: (text: string) => void;
  readonly #close: (code: number, reason: string) => void;
  readonly #context: SessionContext;
  readonly #listener: Listener;
  readonly #responder: Responder;
  readonly #makeId: MakeId = createIds();
  // Everything that `end` must take back.
  readonly #timers = new Set<() => void>();
  readonly #over = new AbortController();
  #modelFixed: boolean;
  #typeFixed = false;
  #ended = false;

  /**
   * Sends `session.created` before it returns.
   *
   * @param send Takes one server event. May throw once the link is gone: that ends the session.
   * @param close Called once, when the session ends the link itself.
   * @param model As named in the URL; without it, the setting, until an update names one.
   * @param patch What it begins with; a model in the URL goes before one in here.
   */
  constructor(
    answerer: Answerer,
    settings: RealtimeSettings,
    send: (text: string) => void,
    close: (code: number, reason: string) => void,
    model?: string,
    patch?: SessionPatch,
  ) {
    const makeId = this.#makeId;
    this.#send = send;
    this.#close = close;
    // `?model=` with nothing behind it names none.
    this.#modelFixed = Boolean(model);
    const wallMs = performance.timeOrigin + settings.clock.nowMs();
    const expiresAtMs = wallMs + settings.sessionLimitMs;
    const plain = defaultConfig(makeId("sess"), model || settings.model, expiresAtMs);
    this.#context = {
      answerer,
      settings,
      signal: this.#over.signal,
      makeId,
      conversation: new Conversation(makeId("conv"), settings),
      config: patch ? { ...beginWith(plain, patch, settings), ...(model && { model }) } : plain,
      emit: (type, fields) => this.#emit(type, fields),
      emitText: (text) => this.#deliver(text),
      after: (ms, fn) => this.#after(ms, fn),
    };
    this.#responder = new Responder(this.#context, (ms) => this.#listener.startIdle(ms));
    this.#listener = new Listener(this.#context, {
      interrupt: () => this.#responder.interrupt(),
      respond: () => this.#guard(null, () => this.#createResponse()),
    });
    this.#emit("session.created", { session: sessionOnWire(this.#context.config) });
    this.#after(settings.sessionLimitMs, () => this.#expire());
  }

  /** Takes one client event. */
  receive(text: string): void {
    if (this.#ended) return;
    this.#guard(null, () => {
      const { maxMessageBytes, maxEventChars } = this.#context.settings;
      checkSize(text, maxMessageBytes);
      const audio = liftAppend(text);
      if (audio !== undefined && this.#listener.append(audio)) return;
      checkSize(text, maxEventChars);
      this.#dispatch(text);
    });
  }

  /** Ends the session and all its timers. Nothing is sent any more. Idempotent. */
  end(): void {
    this.#ended = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#responder.end();
    this.#over.abort();
  }

  #dispatch(text: string): void {
    const parsed = parseClientEvent(text);
    if ("error" in parsed) return this.#report(parsed.error, parsed.eventId);
    const event = parsed.event;
    this.#guard(event.event_id ?? null, () => this.#handle(event));
  }

  #handle(event: ClientEvent): void {
    const { conversation } = this.#context;
    switch (event.type) {
      case "session.update":
        return this.#update(event);
      case "input_audio_buffer.append":
        if (!this.#listener.append(event.audio)) {
          throw new ApiError(
            "invalid_value",
            `Invalid value for 'audio': ${event.audio.length} characters that are not base64.`,
            "audio",
          );
        }
        return;
      case "input_audio_buffer.commit":
        return this.#listener.commit();
      case "input_audio_buffer.clear":
        return this.#listener.clear();
      case "conversation.item.create":
        return this.#createItem(event);
      case "conversation.item.truncate": {
        const { item_id, content_index, audio_end_ms } = event;
        conversation.truncate(item_id, content_index, audio_end_ms);
        const fields = { item_id, content_index, audio_end_ms };
        return this.#emit("conversation.item.truncated", fields);
      }
      case "conversation.item.delete":
        conversation.delete(event.item_id);
        return this.#emit("conversation.item.deleted", { item_id: event.item_id });
      case "conversation.item.retrieve": {
        const item = itemOnWire(conversation.get(event.item_id, "retrieve"), true);
        return this.#emit("conversation.item.retrieved", { item });
      }
      case "response.create":
        return this.#createResponse(event.response);
      case "response.cancel":
        return this.#responder.cancel(event.response_id);
      case "output_audio_buffer.clear":
        throw new ApiError(
          "invalid_event",
          "'output_audio_buffer.clear' works over WebRTC and SIP only; on a WebSocket the client holds the output.",
          "type",
        );
    }
  }

  #update(event: EventOf<"session.update">): void {
    const context = this.#context;
    const { session } = event;
    context.config = applyUpdate(context.config, session, {
      voiceFrozen: this.#responder.audioSent,
      responding: this.#responder.active,
      modelFixed: this.#modelFixed,
      typeFixed: this.#typeFixed,
    }, context.settings);
    this.#typeFixed = true;
    if (session.type === "realtime" && session.model !== undefined) this.#modelFixed = true;
    this.#listener.configure();
    this.#emit("session.updated", { session: sessionOnWire(context.config) });
  }

  #createItem(event: EventOf<"conversation.item.create">): void {
    const { conversation, makeId, config, settings } = this.#context;
    const format = formatOf(config.audio.input.format);
    const item = itemFrom(event.item, makeId("item"), makeId("call"), format, "item");
    if (item.type === "message") {
      for (const [index, part] of item.parts.entries()) {
        if ("text" in part) checkText(part.text, `item.content[${index}].text`, settings);
      }
    } else if (item.type === "function_call") checkText(item.arguments, "item.arguments", settings);
    else checkText(item.output, "item.output", settings);
    const previous = conversation.add(item, event.previous_item_id);
    const fields = { previous_item_id: previous, item: itemOnWire(item) };
    this.#emit("conversation.item.added", fields);
    this.#emit("conversation.item.done", fields);
  }

  #createResponse(params?: EventOf<"response.create">["response"]): void {
    this.#responder.create(params);
    if (params?.conversation !== "none") this.#listener.stopIdle();
  }

  #expire(): void {
    const minutes = Math.round(this.#context.settings.sessionLimitMs / 60_000);
    const message = `Your session hit the maximum duration of ${minutes} minutes.`;
    this.#report(new ApiError("session_expired", message), null);
    this.end();
    this.#close(CLOSE_EXPIRED, message);
  }

  #guard(eventId: string | null, fn: () => void): void {
    try {
      fn();
    } catch (error) {
      this.#report(error as Error, eventId);
    }
  }

  #report(error: Error, eventId: string | null): void {
    const known = error instanceof ApiError;
    this.#emit("error", {
      error: {
        type: known ? error.type : "server_error",
        code: known ? error.code : "server_error",
        // An unknown error's text may hold anything; it stays inside.
        message: known ? error.message : "The brain had an error while handling the event.",
        param: known ? error.param : null,
        event_id: eventId,
      },
    });
  }

  #emit(type: string, fields: Record<string, unknown>): void {
    if (this.#ended) return;
    this.#deliver(JSON.stringify({ type, event_id: this.#makeId("event"), ...fields }));
  }

  #deliver(text: string): void {
    if (this.#ended) return;
    try {
      this.#send(text);
    } catch {
      this.end();
    }
  }

  #after(ms: number, fn: () => void): () => void {
    if (this.#ended) return () => {};
    const cancelTimer = this.#context.settings.clock.after(ms, () => {
      this.#timers.delete(cancel);
      if (!this.#ended) this.#guard(null, fn);
    });
    const cancel = () => {
      this.#timers.delete(cancel);
      cancelTimer();
    };
    this.#timers.add(cancel);
    return cancel;
  }
}

/** @throws {ApiError} */
function checkSize(text: string, most: number): void {
  if (text.length <= most) return;
  throw new ApiError(
    "invalid_event",
    `The event has ${text.length} characters, at most ${most} are taken.`,
  );
}
