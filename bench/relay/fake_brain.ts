/**
 * The brain of the relay bench. It never stops talking: from the moment a call may be answered it
 * sends one 20 ms frame after another at real time, each stamped, as one endless response; and it
 * reads the stamps of what the caller sends. Two dialects: the OpenAI Realtime protocol at
 * `/v1/realtime`, and Twilio's own messages at `/copy`, for the relay that only copies.
 *
 * @module
 */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import type { Ticker, Ticking } from "../../cli/phone/ticker.ts";
import { readStamp, STAMP_BYTES, writeStamp } from "./stamp.ts";

/** What one bench asks of it. */
export interface FakeBrainOptions {
  readonly ticker: Ticker;
  /** Told of each caller's frame: when the phone sent it and when it came; NaN without a stamp. */
  heard(sentAtMs: number, atMs: number): void;
}

/** What went on that a relay bench must not hide. */
export interface BrainCounts {
  connections: number;
  framesSent: number;
  /** Client events that cut the endless answer: then the figures are not of a steady relay. */
  interruptions: number;
  /** Client events that were not understood. */
  unknown: number;
}

/** A running fake brain. */
export interface FakeBrain {
  readonly port: number;
  readonly counts: BrainCounts;
  close(): Promise<void>;
}

const FRAME_MS = 20;
/** Base64 characters that hold a stamp: whole groups of four. */
const STAMP_CHARS = Math.ceil(STAMP_BYTES / 3) * 4;
/** A server that does not ask for a greeting is spoken to after this, as if its VAD had answered. */
const UNASKED_MS = 500;

export async function startFakeBrain(options: FakeBrainOptions): Promise<FakeBrain> {
  const counts: BrainCounts = { connections: 0, framesSent: 0, interruptions: 0, unknown: 0 };
  const server = createServer((_request, response) => {
    // Without a relay in between, phones call the brain itself: the floor of the bench.
    const twiml = `<Response><Connect><Stream url="wss://127.0.0.1/copy"/></Connect></Response>`;
    response.writeHead(200, { "content-type": "text/xml" }).end(twiml);
  });
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on("connection", (socket, request) => {
    counts.connections++;
    const copy = request.url?.startsWith("/copy") ?? false;
    const voice = copy
      ? new CopyVoice(socket, options, counts)
      : new Voice(socket, options, counts);
    socket.on("message", (data) => voice.receive(String(data)));
    socket.on("close", () => options.ticker.remove(voice));
    socket.on("error", () => options.ticker.remove(voice));
    voice.greet();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    counts,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets.clients) socket.terminate();
        sockets.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** One connection that speaks the Realtime protocol. */
class Voice implements Ticking {
  nextDueMs = Infinity;
  protected readonly socket: WebSocket;
  protected readonly options: FakeBrainOptions;
  protected readonly counts: BrainCounts;
  protected before = "";
  protected after = "";
  readonly #frame = new Uint8Array(160).fill(0xff);
  readonly #frameBase64 = Buffer.from(this.#frame.buffer);
  readonly #stampBytes = new Uint8Array(STAMP_BYTES);
  #startedAtMs = 0;
  #frames = 0;
  #session: Record<string, unknown> = { type: "realtime", object: "realtime.session" };

  constructor(socket: WebSocket, options: FakeBrainOptions, counts: BrainCounts) {
    this.socket = socket;
    this.options = options;
    this.counts = counts;
  }

  /** What is said right after the upgrade. */
  greet(): void {
    this.send({ type: "session.created", session: this.#session });
  }

  receive(text: string): void {
    // Hot: everything else is rare.
    if (text.includes('"input_audio_buffer.append"')) return this.read(text, '"audio":"');
    const event = JSON.parse(text);
    switch (event.type) {
      case "session.update":
        this.#session = { ...this.#session, ...event.session };
        this.send({ type: "session.updated", session: this.#session });
        setTimeout(() => this.#answer(), UNASKED_MS);
        return;
      case "response.create":
        return this.#answer();
      case "response.cancel":
      case "conversation.item.truncate":
      case "conversation.item.delete":
      case "input_audio_buffer.clear":
        this.counts.interruptions++;
        return;
      case "conversation.item.create":
      case "input_audio_buffer.commit":
        return;
      default:
        this.counts.unknown++;
    }
  }

  /** Sends one stamped frame; the ticker's business. */
  tick(): void {
    this.#frames++;
    this.nextDueMs = this.#startedAtMs + this.#frames * FRAME_MS;
    if (this.socket.readyState !== this.socket.OPEN) return this.options.ticker.remove(this);
    this.counts.framesSent++;
    writeStamp(this.#frame, performance.now());
    this.socket.send(this.before + this.#frameBase64.toString("base64") + this.after);
  }

  /** Finds the payload behind `key` and reports its stamp. */
  protected read(text: string, key: string): void {
    const atMs = performance.now();
    const from = text.indexOf(key) + key.length;
    let sentAtMs = NaN;
    try {
      this.#stampBytes.setFromBase64(text.slice(from, from + STAMP_CHARS));
      sentAtMs = readStamp(this.#stampBytes);
    } catch {
      // Not base64: counts as a frame without a stamp.
    }
    this.options.heard(sentAtMs, atMs);
  }

  protected send(event: Record<string, unknown>): void {
    this.socket.send(JSON.stringify({ event_id: `event_${crypto.randomUUID()}`, ...event }));
  }

  protected start(): void {
    this.#startedAtMs = performance.now();
    this.nextDueMs = this.#startedAtMs;
    this.options.ticker.add(this);
  }

  /** Begins the endless response, once. */
  #answer(): void {
    if (this.before !== "" || this.socket.readyState !== this.socket.OPEN) return;
    const response = { id: "resp_endless", object: "realtime.response", status: "in_progress" };
    const item = { id: "item_endless", type: "message", role: "assistant", content: [] };
    const at = { response_id: response.id, output_index: 0 };
    this.send({ type: "response.created", response: { ...response, output: [] } });
    this.send({ type: "response.output_item.added", ...at, item });
    this.send({ type: "conversation.item.added", previous_item_id: null, item });
    this.send({
      type: "response.content_part.added",
      ...at,
      item_id: item.id,
      content_index: 0,
      part: { type: "audio", transcript: "" },
    });
    this.before = `{"type":"response.output_audio.delta","event_id":"event_1234567890123456789",` +
      `"response_id":"${response.id}","item_id":"${item.id}","output_index":0,"content_index":0,` +
      `"delta":"`;
    this.after = `"}`;
    this.start();
  }
}

/** One connection that speaks to the phone in Twilio's own messages. */
class CopyVoice extends Voice {
  override greet(): void {}

  override receive(text: string): void {
    if (text.includes('"event":"media"')) return this.read(text, '"payload":"');
    const message = JSON.parse(text);
    if (message.event !== "start") return;
    this.before = `{"event":"media","streamSid":"${message.streamSid}","media":{"payload":"`;
    this.after = `"}}`;
    this.start();
  }
}
