/**
 * What can go wrong on a WebSocket's way, done to one end of it: as rude as TCP allows.
 *
 * @module
 */

import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import type { PhoneStream } from "../../cli/phone/phone_stream.ts";

/** Ends the link, or leaves it half alive. */
export type LinkFault =
  /** The process is gone: FIN, no close frame. */
  | "drop"
  /** RST. */
  | "reset"
  /** A close frame with a code of the server's trouble (1011). */
  | "close"
  /** Only our side ends; we go on reading. */
  | "half-close"
  /** TCP stays open and pings are answered, but no event comes any more. */
  | "stall"
  /** TCP stays open, nothing is read and nothing said. */
  | "never-read"
  /** 4000 bytes a second are read. */
  | "slow-read"
  /** Everything that we say comes 700 ms late, from now on. */
  | "delay"
  /** Everything that we say comes twice. */
  | "duplicate"
  /** Every third message is cut off in its middle. */
  | "corrupt"
  /** A frame that no WebSocket may send. */
  | "garbage";

const DELAY_MS = 700;
const SLOW_BYTES_A_SECOND = 4000;
const SLOW_STEP_MS = 50;
/** An opcode that RFC 6455 (section 5.2) keeps for later, of 4 bytes. */
const RESERVED_FRAME = Uint8Array.of(0x83, 0x04, 1, 2, 3, 4);

/** A phone's stream, to be broken: from now on all that it sends takes the rude way. */
export function rudePhone({ socket }: PhoneStream): RudeSocket {
  // `ws` shows its socket to nobody, and Twilio's own end is no more polite.
  const rude = new RudeSocket(socket, (socket as unknown as { _socket: Socket })._socket);
  socket.send = (text: unknown) => rude.send(String(text));
  return rude;
}

/** One end of a link that can be made to misbehave. */
export class RudeSocket {
  readonly #socket: WebSocket;
  readonly #tcp: Socket;
  readonly #write: (text: string) => void;
  readonly #faults = new Set<LinkFault>();
  #slow: ReturnType<typeof setInterval> | undefined;
  #sent = 0;

  /** @param tcp What the WebSocket runs on. */
  constructor(socket: WebSocket, tcp: Socket) {
    this.#socket = socket;
    this.#tcp = tcp;
    this.#write = socket.send.bind(socket);
    // What a broken link reports is what was wanted.
    socket.on("error", () => {});
    socket.on("close", () => clearInterval(this.#slow));
  }

  /** Sends a text, by whatever is wrong with the link. */
  send(text: string): void {
    const faults = this.#faults;
    if (faults.has("stall") || faults.has("never-read")) return;
    this.#sent++;
    if (faults.has("corrupt") && this.#sent % 3 === 0) text = text.slice(0, text.length / 2);
    const write = () => {
      if (this.#socket.readyState === this.#socket.OPEN) this.#write(text);
    };
    const times = faults.has("duplicate") ? 2 : 1;
    for (let i = 0; i < times; i++) {
      if (faults.has("delay")) setTimeout(write, DELAY_MS);
      else write();
    }
  }

  close(code: number, reason = ""): void {
    this.#socket.close(code, reason);
  }

  /** From now on. */
  break(fault: LinkFault): void {
    this.#faults.add(fault);
    if (fault === "drop") this.#tcp.destroy();
    else if (fault === "reset") this.#tcp.resetAndDestroy();
    else if (fault === "close") this.#socket.close(1011, "the server had an error");
    else if (fault === "half-close") this.#tcp.end();
    else if (fault === "never-read") this.#tcp.pause();
    else if (fault === "garbage") this.#tcp.write(RESERVED_FRAME);
    else if (fault === "slow-read") this.#readSlowly();
  }

  /** The link works again, if there still is one. */
  heal(): void {
    clearInterval(this.#slow);
    this.#faults.clear();
    this.#tcp.resume();
  }

  /** Between two steps nothing is read, so the kernel's buffers fill up, and then the peer's. */
  #readSlowly(): void {
    const perStep = SLOW_BYTES_A_SECOND * SLOW_STEP_MS / 1000;
    let allowed = this.#tcp.bytesRead;
    this.#slow = setInterval(() => {
      allowed += perStep;
      if (this.#tcp.bytesRead > allowed) this.#tcp.pause();
      else this.#tcp.resume();
    }, SLOW_STEP_MS);
  }
}
