/**
 * A phone call as Twilio Media Streams carries it: µ-law frames in, µ-law and marks out.
 *
 * Twilio may send nothing while the phone sends nothing. A detector's clock stops without audio,
 * so a jump in the timestamps, or a stream that falls still (`stall_watch.ts`), is filled with
 * silence.
 *
 * @module
 */

import { base64ByteLength, decodeBase64Into, encodeBase64 } from "../media/base64.ts";
import { PCMU } from "../media/format.ts";
import type { ServerSocket, SocketHandlers } from "../runtime/runtime.ts";
import { type BeginLater, type Leg, type LegHandlers, ProtocolError } from "./leg.ts";
import { type FrameCounts, MediaFrame } from "./media_frame.ts";
import { EarlyMessages } from "./early_messages.ts";
import { ReadWatch } from "./read_watch.ts";
import { BYTES_PER_MS, FRAME_BYTES, SILENT_FRAME, SILENT_FRAME_BASE64 } from "./phone_frames.ts";
import { LOOK_MS, StallWatch } from "./stall_watch.ts";
import {
  clearMessage,
  markMessage,
  mediaMessage,
  readTwilioMessage,
  type TwilioMessage,
} from "./twilio_messages.ts";
import { endCall, redirectCall, type TwilioPort } from "./twilio_rest.ts";
import { GAP_TOLERANCE_MS, TWILIO_DEFAULTS, type TwilioSettings } from "./twilio_settings.ts";

/** The server's side of one Twilio stream: a leg, and the handlers of its socket. */
export class TwilioLeg implements Leg, SocketHandlers {
  readonly kind = "twilio";
  readonly format = PCMU;
  readonly brainFormat = PCMU;
  readonly wire = "base64";
  readonly hasScreen = false;
  readonly #settings: TwilioSettings;
  readonly #begin: BeginLater;
  readonly #gone: () => void;
  readonly #counts: FrameCounts;
  readonly #twilio: TwilioPort;
  readonly #bytes: Uint8Array;
  /** The last frame's view of `#bytes`: frames are of one length nearly always. */
  #view: Uint8Array;
  readonly #frame = new MediaFrame();
  #socket: ServerSocket | null = null;
  #call: LegHandlers | null = null;
  #streamSid = "";
  #callSid = "";
  #accountSid = "";
  #done = false;
  /** Twilio was told to end this stream in favour of another one. */
  #moving = false;
  readonly #early = new EarlyMessages<string>();
  #problems = 0;
  readonly #stall: StallWatch;
  readonly #reads: ReadWatch;
  /** The caller takes nothing from us. */
  #stalled = false;
  #watch: ReturnType<typeof setInterval> | undefined;
  #startTimer: ReturnType<typeof setTimeout> | undefined;
  /** Stream time up to which audio was handed over, or -1 before the first frame. */
  #handedMs = -1;

  /**
   * @param begin Is asked once, at `start`.
   * @param gone Is told once that the socket is closed, whether a call began or not.
   */
  constructor(
    begin: BeginLater,
    gone: () => void,
    counts: FrameCounts,
    twilio: TwilioPort,
    settings: Partial<TwilioSettings> = {},
  ) {
    this.#settings = { ...TWILIO_DEFAULTS, ...settings };
    this.#begin = begin;
    this.#gone = gone;
    this.#counts = counts;
    this.#twilio = twilio;
    this.#stall = new StallWatch(this.#settings);
    this.#reads = new ReadWatch(this.#settings);
    this.#bytes = new Uint8Array(this.#settings.maxFrameMs * BYTES_PER_MS);
    this.#view = this.#bytes;
  }

  // From the socket.

  open(socket: ServerSocket): void {
    this.#socket = socket;
    const ms = this.#settings.startTimeoutMs;
    this.#startTimer = setTimeout(() => socket.close(1008, `no start within ${ms} ms`), ms);
  }

  text(text: string): void {
    if (this.#done || this.#early.keep(text)) return;
    if (this.#call && this.#frame.read(text, this.#streamSid)) {
      this.#media(this.#frame.payload, this.#frame.timestampMs);
      return;
    }
    try {
      this.#message(readTwilioMessage(text));
    } catch (error) {
      // An error of ours goes to the net under the socket, which tells the log.
      if (!(error instanceof ProtocolError)) throw error;
      this.#problem(error);
    }
  }

  binary(bytes: Uint8Array): void {
    if (this.#done) return;
    this.#problem(new ProtocolError("twilio", `Twilio sent ${bytes.length} bytes of binary`));
  }

  close(): void {
    this.#end("lost");
    // A caller who was refused has no call to end.
    this.#stopTimers();
    this.#gone();
  }

  // To the caller.

  playBase64(payload: string): void {
    this.#reads.sent(base64ByteLength(payload) / BYTES_PER_MS);
    this.#socket?.send(mediaMessage(this.#streamSid, payload));
  }

  playBytes(bytes: Uint8Array): void {
    this.playBase64(encodeBase64(bytes));
  }

  mark(name: string): void {
    this.#socket?.send(markMessage(this.#streamSid, name));
  }

  clear(): void {
    this.#socket?.send(clearMessage(this.#streamSid));
  }

  tell(): void {}

  cork(write: () => void): void {
    if (this.#socket) this.#socket.cork(write);
    else write();
  }

  /** Without credentials the stream's end lets Twilio go on to the <Hangup> behind it. */
  async hangUp(then: string): Promise<void> {
    const account = this.#twilio.account(this.#accountSid);
    const twiml = then === "hang_up" ? null : this.#twilio.handOver(then);
    if (account) await endCall(account, this.#callSid, twiml);
  }

  async move(token: string): Promise<void> {
    const account = this.#twilio.account(this.#accountSid);
    this.#moving = true;
    const twiml = this.#twilio.onwards(this.#callSid, token);
    const stays = (error: unknown) => (this.#moving = false, Promise.reject(error));
    await redirectCall(account, this.#callSid, twiml, () => this.#done).catch(stays);
  }

  end(reason: string): void {
    const socket = this.#socket;
    this.#end("us");
    socket?.close(this.#stalled ? 1008 : 1000, reason.slice(0, 100));
  }

  #message(message: TwilioMessage): void {
    if (message.event === "connected") return;
    if (message.event === "start") return this.#start(message);
    if (!this.#call) {
      throw new ProtocolError("twilio", `Twilio's event is "${message.event}" before "start"`);
    }
    if (message.streamSid !== this.#streamSid) {
      throw new ProtocolError(
        "twilio",
        `Twilio's streamSid is ${
          JSON.stringify(message.streamSid.slice(0, 40))
        }, this stream is ${this.#streamSid}`,
      );
    }
    if (message.event === "media") {
      this.#counts.framesSlowPath++;
      const { track, payload, timestamp } = message.media;
      // <Connect><Stream> brings the caller's track alone; another would be our own voice.
      if (track === "inbound") this.#media(payload, Number(timestamp));
    } else if (message.event === "mark") {
      this.#reads.marked();
      this.#call.markHeard(message.mark.name);
    } else if (message.event === "dtmf") this.#call.digit(message.dtmf.digit.toUpperCase());
    else this.#end(this.#moving ? "moved" : "caller");
  }

  #start({ streamSid, start }: Extract<TwilioMessage, { event: "start" }>): void {
    if (this.#call) throw new ProtocolError("twilio", "Twilio sent a second start");
    // Ids go into the messages that we build by concatenation.
    if (!/^\w{1,64}$/.test(streamSid)) {
      throw new ProtocolError(
        "twilio",
        `Twilio's streamSid is ${JSON.stringify(streamSid.slice(0, 40))}`,
      );
    }
    this.#streamSid = streamSid;
    this.#callSid = start.callSid;
    this.#accountSid = start.accountSid;
    clearTimeout(this.#startTimer);
    const { token, to = "", resume } = start.customParameters;
    const who = { callId: start.callSid, calledNumber: to, ...(resume && { resumeToken: resume }) };
    const answer = this.#twilio.refuses(start.callSid, token) ?? this.#begin(who, this);
    if (!(answer instanceof Promise)) return this.#begun(answer);
    this.#early.hold();
    void answer.catch((error) => String(error)).then((begun) => this.#begun(begun));
  }

  #begun(answer: LegHandlers | string): void {
    if (typeof answer === "string") {
      this.#done = true;
      this.#socket?.close(1008, answer.slice(0, 100));
    } else if (this.#done) answer.ended("lost");
    else {
      this.#call = answer;
      this.#watch = setInterval(() => this.#look(), LOOK_MS);
      this.#early.release((text) => this.text(text));
    }
  }

  #media(payload: string, timestampMs: number): void {
    const bytes = decodeBase64Into(payload, this.#bytes);
    if (bytes <= 0) {
      const max = this.#settings.maxFrameMs;
      return this.#problem(
        new ProtocolError(
          "twilio",
          `Twilio's media.payload of ${payload.length} characters isn't base64 of 1 to ${
            max * BYTES_PER_MS
          } bytes (${max} ms)`,
        ),
      );
    }
    const stalledMs = this.#stall.heard();
    if (this.#handedMs < 0) this.#handedMs = timestampMs;
    // It was no gap but late audio, so the silence in its place counts for none of the next gap.
    if (stalledMs > 0 && timestampMs < this.#handedMs) this.#handedMs = timestampMs;
    const gapMs = timestampMs - this.#handedMs;
    if (gapMs > GAP_TOLERANCE_MS) {
      // The part that the stall has filled is no gap any more, but it counts for the bound.
      const maxMs = Math.max(0, this.#settings.maxGapMs - stalledMs);
      this.#fill(Math.min(gapMs, maxMs));
      // Else what rounding left over stays, for the next gap to make good.
      if (gapMs > maxMs) this.#handedMs = timestampMs;
    }
    if (this.#done) return;
    this.#handedMs += bytes / BYTES_PER_MS;
    this.#counts.framesIn++;
    this.#call!.audio(
      this.#view.length === bytes ? this.#view : this.#view = this.#bytes.subarray(0, bytes),
      payload,
    );
  }

  /** Hands over silence, rounded to whole frames. */
  #fill(ms: number): void {
    const frames = Math.round(ms * BYTES_PER_MS / FRAME_BYTES);
    for (let i = 0; i < frames && !this.#done; i++) {
      this.#call?.audio(SILENT_FRAME, SILENT_FRAME_BASE64);
    }
    this.#handedMs += frames * FRAME_BYTES / BYTES_PER_MS;
  }

  #look(): void {
    const dueMs = this.#stall.look(performance.now());
    if (dueMs > 0) this.#fill(dueMs);
    this.#stalled = this.#reads.stalled(this.#socket!.bufferedBytes());
    if (this.#stalled) this.#end("stalled");
  }

  #stopTimers(): void {
    clearTimeout(this.#startTimer);
    clearInterval(this.#watch);
  }

  #problem(error: Error): void {
    this.#call?.problem(error);
    if (++this.#problems >= this.#settings.maxProblems && !this.#done) {
      this.#socket?.close(
        1008,
        `${this.#problems} broken messages, the last: ${error.message}`.slice(0, 100),
      );
    }
  }

  #end(by: Parameters<LegHandlers["ended"]>[0]): void {
    if (this.#done) return;
    this.#done = true;
    this.#stopTimers();
    this.#call?.ended(by);
  }
}
