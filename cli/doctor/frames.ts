/**
 * WebSocket frames of a client: written masked, read unmasked.
 *
 * ```
 *  bit  0   1-3  4-7     8    9-15           then
 *      FIN  RSV  opcode  MASK length (7)     length (16 or 64 bits, when 126 or 127)
 *                                            mask (32 bits, from clients alone), payload
 * ```
 *
 * Source: RFC 6455, section 5.2.
 *
 * @module
 */

import { randomBytes } from "node:crypto";

const OPCODES = { continuation: 0, text: 1, close: 8, ping: 9, pong: 10 } as const;

/** Larger messages are none of those that are asked for here. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

/** One whole frame. */
export function maskedFrame(kind: "text" | "close" | "ping" | "pong", payload: Uint8Array) {
  const { length } = payload;
  const wide = length > 65_535 ? 8 : length > 125 ? 2 : 0;
  const frame = new Uint8Array(2 + wide + 4 + length);
  const view = new DataView(frame.buffer);
  frame[0] = 0x80 | OPCODES[kind];
  frame[1] = 0x80 | (wide === 8 ? 127 : wide === 2 ? 126 : length);
  if (wide === 2) view.setUint16(2, length);
  if (wide === 8) view.setBigUint64(2, BigInt(length));
  const mask = randomBytes(4);
  frame.set(mask, 2 + wide);
  for (let i = 0; i < length; i++) frame[6 + wide + i] = payload[i]! ^ mask[i & 3]!;
  return frame;
}

/** What a reader finds. */
export interface FrameHandlers {
  text(text: string): void;
  ping(payload: Uint8Array): void;
  pong(): void;
  close(code: number): void;
  /** The server does not keep to the protocol; nothing more is read. */
  broken(why: string): void;
}

/** Gathers bytes into frames, and frames into messages. */
export class FrameReader {
  readonly #handlers: FrameHandlers;
  #bytes = new Uint8Array(0);
  /** The message so far, while its last frame has not come; null between messages. */
  #message: Uint8Array | null = null;
  #ended = false;

  constructor(handlers: FrameHandlers) {
    this.#handlers = handlers;
  }

  push(chunk: Uint8Array): void {
    if (this.#ended || chunk.length === 0) return;
    this.#bytes = joined(this.#bytes, chunk);
    while (!this.#ended && this.#take());
  }

  /** Takes one frame if it is whole. */
  #take(): boolean {
    const bytes = this.#bytes;
    if (bytes.length < 2) return false;
    const view = new DataView(bytes.buffer);
    const short = bytes[1]! & 0x7f;
    const wide = short === 127 ? 8 : short === 126 ? 2 : 0;
    if (bytes.length < 2 + wide) return false;
    const length = wide === 8
      ? Number(view.getBigUint64(2))
      : wide === 2
      ? view.getUint16(2)
      : short;
    if (length + (this.#message?.length ?? 0) > MAX_MESSAGE_BYTES) {
      return this.#break(`a message is larger than ${MAX_MESSAGE_BYTES} bytes`);
    }
    if (bytes[1]! & 0x80) return this.#break("the server masks its frames");
    if (bytes.length < 2 + wide + length) return false;
    const payload = bytes.slice(2 + wide, 2 + wide + length);
    this.#bytes = bytes.slice(2 + wide + length);
    return this.#handle(bytes[0]! & 0x0f, (bytes[0]! & 0x80) !== 0, payload);
  }

  #handle(opcode: number, isLast: boolean, payload: Uint8Array<ArrayBuffer>): boolean {
    switch (opcode) {
      case OPCODES.text:
      case OPCODES.continuation: {
        const message = joined(this.#message ?? new Uint8Array(0), payload);
        this.#message = isLast ? null : message;
        if (isLast) this.#handlers.text(new TextDecoder().decode(message));
        return true;
      }
      case OPCODES.ping:
        this.#handlers.ping(payload);
        return true;
      case OPCODES.pong:
        this.#handlers.pong();
        return true;
      case OPCODES.close:
        this.#ended = true;
        this.#handlers.close(
          payload.length >= 2 ? new DataView(payload.buffer).getUint16(0) : 1005,
        );
        return true;
      default:
        return this.#break(`a frame has the opcode ${opcode}`);
    }
  }

  #break(why: string): false {
    this.#ended = true;
    this.#handlers.broken(why);
    return false;
  }
}

/** A new array that holds both. */
export function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}
