/**
 * A browser as a caller: binary messages are PCM16 little-endian mono in both directions, text
 * messages are JSON for control and chat.
 *
 * @module
 */

import * as v from "valibot";
import { type AudioFormat, bytesPerMs, PCM_24K, type SampleRateHz } from "../media/format.ts";
import type { ServerSocket, SocketHandlers } from "../runtime/runtime.ts";
import { type Begin, type Leg, type LegHandlers, type LegNews, ProtocolError } from "./leg.ts";
import { READ_DEFAULTS, type ReadSettings, ReadWatch } from "./read_watch.ts";
import {
  LOOK_MS,
  SILENT_FRAME_MS,
  STALL_DEFAULTS,
  type StallSettings,
  StallWatch,
} from "./stall_watch.ts";

export interface BrowserSettings extends StallSettings, ReadSettings {
  /** The longest line that a caller may type, in characters. */
  readonly maxTextLength: number;
  /** The longest audio that one message may bring. */
  readonly maxFrameMs: number;
  /** After this many broken messages the socket is closed. */
  readonly maxProblems: number;
}

const BROWSER_DEFAULTS: BrowserSettings = {
  ...STALL_DEFAULTS,
  ...READ_DEFAULTS,
  maxTextLength: 4000,
  maxFrameMs: 2000,
  maxProblems: 100,
};

const Control = v.variant("type", [
  v.object({ type: v.literal("mark"), name: v.pipe(v.string(), v.maxLength(100)) }),
  v.object({ type: v.literal("text"), text: v.pipe(v.string(), v.trim(), v.nonEmpty()) }),
  v.object({
    type: v.literal("digit"),
    digit: v.pipe(v.string(), v.regex(/^[0-9A-D*#]$/, "wants one key")),
  }),
  v.object({ type: v.literal("bye") }),
]);

/** One control message of a browser. */
export type BrowserMessage = v.InferOutput<typeof Control>;

/**
 * Reads one control message.
 *
 * @throws {ProtocolError} Naming the field and what is wrong with it.
 */
export function readBrowserMessage(text: string): BrowserMessage {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new ProtocolError("browser", `The message of ${text.length} characters isn't JSON`);
  }
  const parsed = v.safeParse(Control, json);
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  const field = v.getDotPath(issue) ?? "the message";
  throw new ProtocolError(
    "browser",
    `The message's ${field} is wrong: ${issue.message.slice(0, 200)}`,
  );
}

/** The server's side of one browser: a leg, and the handlers of its socket. */
export class BrowserLeg implements Leg, SocketHandlers {
  readonly kind = "browser";
  readonly format: AudioFormat;
  readonly brainFormat = PCM_24K;
  readonly wire = "bytes";
  readonly hasScreen = true;
  readonly #settings: BrowserSettings;
  readonly #callId: string;
  readonly #begin: Begin;
  readonly #gone: () => void;
  readonly #counts: { framesIn: number };
  #socket: ServerSocket | null = null;
  #call: LegHandlers | null = null;
  #done = false;
  #problems = 0;
  readonly #stall: StallWatch;
  readonly #reads: ReadWatch;
  /** The caller takes nothing from us. */
  #stalled = false;
  readonly #silence: Uint8Array;
  #watch: ReturnType<typeof setInterval> | undefined;

  /**
   * @param begin Is asked once, when the socket opens.
   * @param gone Is told once that the socket is closed.
   */
  constructor(
    callId: string,
    sampleRateHz: SampleRateHz,
    begin: Begin,
    gone: () => void,
    counts: { framesIn: number },
    settings: Partial<BrowserSettings> = {},
  ) {
    this.#settings = { ...BROWSER_DEFAULTS, ...settings };
    this.format = { encoding: "pcm16", sampleRateHz };
    this.#stall = new StallWatch(this.#settings);
    this.#reads = new ReadWatch(this.#settings);
    this.#silence = new Uint8Array(SILENT_FRAME_MS * bytesPerMs(this.format));
    this.#callId = callId;
    this.#begin = begin;
    this.#gone = gone;
    this.#counts = counts;
  }

  // From the socket.

  open(socket: ServerSocket): void {
    this.#socket = socket;
    const start = { callId: this.#callId, calledNumber: "" };
    const answer = this.#begin(start, this);
    if (typeof answer !== "string") {
      this.#call = answer;
      if (!this.#done) this.#watch = setInterval(() => this.#look(), LOOK_MS);
    } else {
      this.#done = true;
      socket.close(1013, answer.slice(0, 100));
    }
  }

  text(text: string): void {
    if (this.#done || !this.#call) return;
    try {
      const message = readBrowserMessage(text);
      if (message.type === "mark") {
        this.#reads.marked();
        this.#call.markHeard(message.name);
      } else if (message.type === "digit") this.#call.digit(message.digit);
      else if (message.type === "bye") {
        this.#end("caller");
        this.#socket?.close(1000, "bye");
      } else if (message.text.length > this.#settings.maxTextLength) {
        throw new ProtocolError(
          "browser",
          `The message's text has ${message.text.length} characters, at most ${this.#settings.maxTextLength} are taken`,
        );
      } else this.#call.text(message.text);
    } catch (error) {
      // An error of ours goes to the net under the socket, which tells the log.
      if (!(error instanceof ProtocolError)) throw error;
      this.#problem(error);
    }
  }

  binary(bytes: Uint8Array): void {
    if (this.#done || !this.#call) return;
    const maxBytes = this.#settings.maxFrameMs * bytesPerMs(this.format);
    if (bytes.length === 0 || bytes.length % 2 !== 0 || bytes.length > maxBytes) {
      return this.#problem(
        new ProtocolError(
          "browser",
          `The audio message has ${bytes.length} bytes, wanted is an even number from 2 to ${maxBytes} (PCM16)`,
        ),
      );
    }
    this.#stall.heard();
    this.#counts.framesIn++;
    this.#call.audio(bytes, null);
  }

  close(code: number): void {
    this.#end(code === 1000 || code === 1001 || code === 1005 ? "caller" : "lost");
    this.#gone();
  }

  // To the caller.

  playBase64(payload: string): void {
    this.playBytes(Uint8Array.fromBase64(payload));
  }

  playBytes(bytes: Uint8Array): void {
    this.#reads.sent(bytes.length / bytesPerMs(this.format));
    this.#socket?.send(bytes as Uint8Array<ArrayBuffer>);
  }

  mark(name: string): void {
    this.#tell({ type: "mark", name });
  }

  clear(): void {
    this.#tell({ type: "clear" });
  }

  tell(news: LegNews): void {
    this.#tell(news);
  }

  cork(write: () => void): void {
    if (this.#socket) this.#socket.cork(write);
    else write();
  }

  /** The page brings the token by itself, when it is told to come back. */
  move(): Promise<void> {
    this.#tell({ type: "reconnect" });
    // First: the call closes the socket as well, and by then it is closed.
    this.#socket?.close(1012, "moved");
    this.#end("moved");
    return Promise.resolve();
  }

  end(reason: string): void {
    const socket = this.#socket;
    if (!this.#done) this.#tell({ type: "bye", reason });
    this.#end("us");
    socket?.close(this.#stalled ? 1008 : 1000, reason.slice(0, 100));
  }

  /** A microphone may be unplugged in mid-word. A muted one goes on sending, silence. */
  #look(): void {
    const dueMs = this.#stall.look(performance.now());
    for (let ms = 0; ms < dueMs && !this.#done; ms += SILENT_FRAME_MS) {
      this.#call?.audio(this.#silence, null);
    }
    this.#stalled = this.#reads.stalled(this.#socket!.bufferedBytes());
    if (this.#stalled) this.#end("stalled");
  }

  #tell(message: object): void {
    this.#socket?.send(JSON.stringify(message));
  }

  #problem(error: Error): void {
    this.#call?.problem(error);
    this.#tell({ type: "error", code: "bad_message", message: error.message });
    if (++this.#problems >= this.#settings.maxProblems && !this.#done) {
      this.#socket?.close(1008, "too many broken messages");
    }
  }

  #end(by: Parameters<LegHandlers["ended"]>[0]): void {
    if (this.#done) return;
    this.#done = true;
    clearInterval(this.#watch);
    this.#call?.ended(by);
  }
}
