/**
 * Helpers for tests of the embedded brains: a clock turned by hand, a session whose events are kept,
 * and something that a VAD takes for speech.
 *
 * @module
 */

import { createEchoServer } from "./echo/mod.ts";
import type { EchoSettings } from "./echo/settings.ts";
import type { Clock } from "../runtime/clock.ts";
import { bytesFor, formatOf } from "./realtime/formats.ts";
import { encodeBase64 } from "../media/base64.ts";
import { encodeInto } from "../media/codec.ts";
import type { RealtimeServer } from "./realtime/server.ts";
import type { RealtimeSession } from "./realtime/session.ts";

interface Timer {
  readonly atMs: number;
  readonly fn: () => void;
}

/** Time that passes when told to. */
export class FakeClock implements Clock {
  #nowMs = 1_000_000;
  readonly #timers = new Set<Timer>();

  nowMs(): number {
    return this.#nowMs;
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, fn };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Runs every timer of the next `ms`, in order of time. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      let next: Timer | undefined;
      for (const timer of this.#timers) {
        if (timer.atMs <= endMs && (!next || timer.atMs < next.atMs)) next = timer;
      }
      if (!next) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.fn();
    }
    this.#nowMs = endMs;
  }
}

/** A server event, loosely typed: tests look into any of them. */
// deno-lint-ignore no-explicit-any
export type AnyEvent = Record<string, any>;

/** A session on a fake clock, of the echo brain if no other is given. */
export class Harness {
  readonly clock = new FakeClock();
  readonly events: AnyEvent[] = [];
  readonly closes: [number, string][] = [];
  readonly session: RealtimeSession;

  constructor(
    settings: Partial<EchoSettings> = {},
    model?: string,
    serve: (settings: Partial<EchoSettings>) => RealtimeServer = createEchoServer,
  ) {
    this.session = serve({ clock: this.clock, ...settings }).open(
      (text) => this.events.push(JSON.parse(text)),
      (code, reason) => this.closes.push([code, reason]),
      model,
    );
  }

  /** Sends one client event and returns what came back at once. */
  send(event: AnyEvent): AnyEvent[] {
    const from = this.events.length;
    this.session.receive(JSON.stringify(event));
    return this.events.slice(from);
  }

  /** Changes the session; returns the event that answers. */
  update(session: AnyEvent): AnyEvent {
    return this.send({ type: "session.update", session: { type: "realtime", ...session } }).at(-1)!;
  }

  /** Lets time pass; returns what came meanwhile. */
  wait(ms: number): AnyEvent[] {
    const from = this.events.length;
    this.clock.advance(ms);
    return this.events.slice(from);
  }

  /** Appends audio as a phone does: 20 ms a message. Returns what came meanwhile. */
  speak(bytes: Uint8Array, frameBytes = 160): AnyEvent[] {
    const from = this.events.length;
    for (let at = 0; at < bytes.length; at += frameBytes) {
      const audio = encodeBase64(bytes.slice(at, at + frameBytes));
      this.session.receive(JSON.stringify({ type: "input_audio_buffer.append", audio }));
    }
    return this.events.slice(from);
  }

  /** Adds a user's text and asks for an answer. */
  say(text: string, response?: AnyEvent): AnyEvent[] {
    const from = this.events.length;
    this.send({ type: "conversation.item.create", item: userText(text) });
    this.send({ type: "response.create", response });
    return this.events.slice(from);
  }

  all(type: string): AnyEvent[] {
    return this.events.filter((event) => event.type === type);
  }

  last(type: string): AnyEvent {
    const event = this.all(type).at(-1);
    if (!event) throw new Error(`No ${type} among: ${types(this.events).join(", ")}`);
    return event;
  }
}

export function userText(text: string): AnyEvent {
  return { type: "message", role: "user", content: [{ type: "input_text", text }] };
}

/** The types of events, with runs of the same type drawn together. */
export function types(events: readonly AnyEvent[]): string[] {
  return events.map((event) => event.type).filter((type, index, all) => type !== all[index - 1]);
}

/** The bytes of all audio deltas among `events`. */
export function audioOf(events: readonly AnyEvent[]): Uint8Array {
  const deltas = events.filter((event) => event.type === "response.output_audio.delta");
  return Uint8Array.from(deltas.flatMap((event) => [...Uint8Array.fromBase64(event.delta)]));
}

/** Pieces of audio, one after the other. */
export function join(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Four syllables a second over a voice of 140 Hz: no speech, but like it in what a VAD sees. */
function speechPcm(ms: number, sampleRateHz = 8000): Int16Array {
  const pcm = new Int16Array(Math.round((ms * sampleRateHz) / 1000));
  for (let i = 0; i < pcm.length; i++) {
    const t = i / sampleRateHz;
    let voice = 0;
    for (let h = 1; h <= 12; h++) voice += Math.sin(2 * Math.PI * 140 * h * t) / h;
    pcm[i] = 7000 * Math.sin(Math.PI * ((t * 4) % 1)) * voice;
  }
  return pcm;
}

export type WireFormat = { type: "audio/pcm"; rate?: 24000 } | { type: "audio/pcmu" } | {
  type: "audio/pcma";
};

/** Speech of `ms`, as bytes of a wire format. */
export function speechBytes(ms: number, wire: WireFormat = { type: "audio/pcmu" }): Uint8Array {
  const format = formatOf(wire);
  const pcm = speechPcm(ms, format.sampleRateHz);
  const bytes = new Uint8Array(bytesFor(format, pcm.length));
  encodeInto(format, pcm, bytes);
  return bytes;
}

/** Silence of `ms`, as bytes of a wire format. */
export function silenceBytes(ms: number, wire: WireFormat = { type: "audio/pcmu" }): Uint8Array {
  const format = formatOf(wire);
  const pcm = new Int16Array(Math.round((ms * format.sampleRateHz) / 1000));
  const bytes = new Uint8Array(bytesFor(format, pcm.length));
  encodeInto(format, pcm, bytes);
  return bytes;
}

const PCMU = { type: "audio/pcmu" } as const;

/** A session that speaks µ-law both ways, as a phone call does. */
export function phone(input: AnyEvent = {}, settings = {}, session: AnyEvent = {}): Harness {
  const h = new Harness(settings);
  h.update({
    audio: { input: { format: PCMU, ...input }, output: { format: PCMU } },
    ...session,
  });
  return h;
}
