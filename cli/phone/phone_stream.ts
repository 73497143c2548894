/**
 * One media stream as Twilio drives it: it dials the server's WebSocket, sends what the caller says
 * at real pace, plays what comes back on a playout clock, echoes marks, and writes down every
 * message that Twilio would have refused.
 *
 * @module
 */

import { WebSocket } from "ws";
import { Bounded } from "./bounded.ts";
import { FRAME_BYTES, FRAME_MS, type Mouth } from "./mouth.ts";
import { Playout } from "./playout.ts";
import { readServerMessage, type Violation } from "./server_message.ts";
import type { Ticker, Ticking } from "./ticker.ts";
import { messageOf } from "./twilio_error.ts";
import { type StreamIdentity, TwilioMessages } from "./twilio_messages.ts";
import { whenOpen } from "./when_open.ts";

/** A message of the server, as it came. */
export interface Received {
  readonly atMs: number;
  readonly event: "media" | "mark" | "clear" | "refused";
  /** Length of a media message, ms. */
  readonly audioMs: number;
  /** Name of a mark. */
  readonly name: string | undefined;
}

/** How the socket ended. */
export interface StreamEnd {
  readonly by: "phone" | "server";
  readonly atMs: number;
  /** Close code of the server; 1006 when the connection just broke. */
  readonly code: number;
  readonly reason: string;
}

/** Bounds and behaviour of a stream. */
export interface StreamOptions {
  readonly ticker: Ticker;
  readonly now: () => number;
  /** `frames`: 0xFF when there is nothing to say. `absent`: nothing, and timestamps that jump. */
  readonly silence: "frames" | "absent";
  readonly connectTimeoutMs: number;
  readonly keepHeardMs: number;
  readonly keepMessages: number;
  readonly maxQueuedMs: number;
  readonly maxMarks: number;
  /** Fills each frame instead of speech, for benches that stamp theirs; false for no frame. */
  readonly fillFrame?: ((frame: Uint8Array, index: number) => void | false) | undefined;
  /** Told of each accepted media message, for benches. */
  readonly onMedia?: ((bytes: Uint8Array<ArrayBuffer>, atMs: number) => void) | undefined;
  readonly onClear?: ((atMs: number) => void) | undefined;
  /** How late each mark is echoed, ms; Infinity for never. */
  readonly markLatenessMs?: ((name: string) => number) | undefined;
}

const SILENT_PAYLOAD = Buffer.alloc(FRAME_BYTES, 0xff).toString("base64");
/** Twilio discards a caller's audio when the server reads too slowly (warning 31930). */
const MAX_UNSENT_BYTES = 256 * 1024;

export class PhoneStream implements Ticking {
  readonly identity: StreamIdentity;
  readonly playout: Playout;
  readonly received: Bounded<Received>;
  /** Marks as they were echoed. */
  readonly echoes: Bounded<
    { readonly name: string; readonly atMs: number; readonly cleared: boolean }
  >;
  readonly clears: Bounded<number>;
  readonly violations: Bounded<Violation & { readonly atMs: number }>;
  readonly ended: Promise<StreamEnd>;
  /** When the upgrade was done, when `start` left. */
  openedAtMs = NaN;
  startedAtMs = NaN;
  framesSent = 0;
  framesReceived = 0;
  /** Frames thrown away because the server did not read. */
  framesDiscarded = 0;
  nextDueMs = Infinity;

  readonly #options: StreamOptions;
  readonly #messages: TwilioMessages;
  readonly #mouth: Mouth;
  readonly #frame = new Uint8Array(FRAME_BYTES);
  readonly #frameBase64 = Buffer.from(this.#frame.buffer);
  #socket: WebSocket | undefined;
  #ticks = 0;
  #markTimer: ReturnType<typeof setTimeout> | undefined;
  #echoedMs = 0;
  #end: StreamEnd | undefined;
  #resolveEnded!: (end: StreamEnd) => void;

  /** @param mouth The caller's: it outlives the stream when the call is moved to another. */
  constructor(identity: StreamIdentity, options: StreamOptions, mouth: Mouth) {
    this.identity = identity;
    this.#options = options;
    this.#messages = new TwilioMessages(identity);
    this.#mouth = mouth;
    this.playout = new Playout({
      keepMs: options.keepHeardMs,
      maxMarks: options.maxMarks,
      maxQueuedMs: options.maxQueuedMs,
    });
    this.received = new Bounded(options.keepMessages);
    this.echoes = new Bounded(options.keepMessages);
    this.clears = new Bounded(options.keepMessages);
    this.violations = new Bounded(options.keepMessages);
    this.ended = new Promise((resolve) => this.#resolveEnded = resolve);
  }

  /**
   * Dials, says `connected` and `start`, and begins to send frames.
   *
   * @throws {TwilioError} See {@linkcode whenOpen}.
   */
  async open(
    url: string,
    headers: Record<string, string>,
    parameters: Readonly<Record<string, string>>,
  ): Promise<void> {
    const { connectTimeoutMs } = this.#options;
    const socket = new WebSocket(url, {
      headers,
      perMessageDeflate: false,
      handshakeTimeout: connectTimeoutMs,
    });
    this.#socket = socket;
    socket.on("open", () => this.#opened(socket, parameters));
    socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
    socket.on("close", (code: number, reason: unknown) => {
      if (!Number.isNaN(this.openedAtMs)) this.#finish("server", code, String(reason ?? ""));
    });
    try {
      await whenOpen(socket, connectTimeoutMs);
    } catch (error) {
      this.#finish("server", 1006, messageOf(error));
      throw error;
    }
  }

  #opened(socket: WebSocket, parameters: Readonly<Record<string, string>>): void {
    const { now, ticker } = this.#options;
    this.openedAtMs = now();
    socket.send(this.#messages.connected());
    socket.send(this.#messages.start(parameters));
    this.startedAtMs = now();
    this.nextDueMs = this.startedAtMs + FRAME_MS;
    ticker.add(this);
  }

  /** Sends one frame; the ticker's business. */
  tick(nowMs: number): void {
    this.#ticks++;
    this.nextDueMs = this.startedAtMs + (this.#ticks + 1) * FRAME_MS;
    const socket = this.#socket;
    if (socket === undefined || socket.readyState !== WebSocket.OPEN) return;
    let payload = SILENT_PAYLOAD;
    const fill = this.#options.fillFrame;
    if (fill !== undefined) {
      if (fill(this.#frame, this.#ticks - 1) === false) return;
      payload = this.#frameBase64.toString("base64");
    } else if (this.#mouth.next(this.#frame, nowMs)) {
      payload = this.#frameBase64.toString("base64");
    } else if (this.#options.silence === "absent") return;
    if (socket.bufferedAmount > MAX_UNSENT_BYTES) {
      this.framesDiscarded++;
      return;
    }
    this.framesSent++;
    socket.send(this.#messages.media(this.#ticks * FRAME_MS, payload));
  }

  get end(): StreamEnd | undefined {
    return this.#end;
  }

  /** Presses a key: one of `0-9 A-D * #`. */
  press(digit: string): void {
    if (!/^[0-9A-D*#]$/.test(digit)) {
      throw new RangeError(`Cannot press ${JSON.stringify(digit)}: wanted one of 0-9 A-D * #`);
    }
    this.#send(this.#messages.dtmf(digit));
  }

  /** Sends a text frame as it is, for tests of bad input. */
  sendRaw(text: string): void {
    this.#send(text);
  }

  /** What carries it, for tests that break it. @throws {Error} Before `open`. */
  get socket(): WebSocket {
    if (this.#socket === undefined) throw new Error("The stream has not been opened");
    return this.#socket;
  }

  /** Breaks the connection without a word, as a lost network does. */
  drop(): void {
    this.#socket?.terminate();
    this.#finish("phone", 1006, "dropped by the test");
  }

  /** Sends `stop` and closes. Idempotent; resolves when the socket is closed, or after 1 s. */
  async stop(): Promise<void> {
    const socket = this.#socket;
    if (this.#end !== undefined || socket === undefined) return;
    this.#send(this.#messages.stop());
    this.#finish("phone", 1000, "stopped by the phone");
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        socket.terminate();
        resolve();
      }, 1000);
      socket.on("close", () => {
        clearTimeout(timer);
        resolve();
      });
      socket.close(1000);
    });
  }

  #receive(data: unknown, isBinary: boolean): void {
    if (this.#end !== undefined) return;
    const atMs = this.#options.now();
    const message = isBinary
      ? { code: 31924 as const, detail: "a binary frame, wanted text" }
      : readServerMessage(String(data), this.identity.streamSid);
    if ("code" in message) {
      this.violations.push({ ...message, atMs });
      this.received.push({ atMs, event: "refused", audioMs: 0, name: undefined });
      return;
    }
    const audioMs = message.event === "media" ? message.bytes.length / 8 : 0;
    const name = message.event === "mark" ? message.name : undefined;
    this.received.push({ atMs, event: message.event, audioMs, name });
    if (message.event === "media") {
      this.framesReceived++;
      this.playout.media(message.bytes, atMs);
      this.#options.onMedia?.(message.bytes, atMs);
    } else if (message.event === "mark") {
      if (this.playout.mark(message.name, atMs)) this.#echoDue();
      else this.violations.push({ code: 31951, detail: "more marks wait than maxMarks", atMs });
    } else {
      this.clears.push(atMs);
      this.#options.onClear?.(atMs);
      clearTimeout(this.#markTimer);
      for (const mark of this.playout.clear(atMs)) this.#echo(mark, true);
    }
  }

  /** Echoes the marks that are due and sleeps until the next one. */
  #echoDue(): void {
    clearTimeout(this.#markTimer);
    const nowMs = this.#options.now();
    for (const name of this.playout.takeDueMarks(nowMs)) this.#echo(name, false);
    const nextMs = this.playout.nextMarkMs();
    if (nextMs === Infinity) return;
    this.#markTimer = setTimeout(() => this.#echoDue(), Math.max(1, Math.ceil(nextMs - nowMs)));
  }

  #echo(name: string, cleared: boolean): void {
    const lateMs = this.#options.markLatenessMs?.(name) ?? 0;
    if (lateMs === Infinity) return;
    const nowMs = this.#options.now();
    // A stream keeps its order: nothing overtakes a late mark.
    this.#echoedMs = Math.max(this.#echoedMs, nowMs + lateMs);
    if (this.#echoedMs <= nowMs) this.#echoNow(name, cleared);
    else setTimeout(() => this.#echoNow(name, cleared), this.#echoedMs - nowMs);
  }

  #echoNow(name: string, cleared: boolean): void {
    this.echoes.push({ name, atMs: this.#options.now(), cleared });
    this.#send(this.#messages.mark(name));
  }

  #send(text: string): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  #finish(by: "phone" | "server", code: number, reason: string): void {
    if (this.#end !== undefined) return;
    this.#end = { by, atMs: this.#options.now(), code, reason };
    this.#options.ticker.remove(this);
    clearTimeout(this.#markTimer);
    this.playout.stop(this.#end.atMs);
    this.#resolveEnded(this.#end);
  }
}
