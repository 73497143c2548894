/**
 * A phone call as Twilio makes one: posts the voice webhook, does what the TwiML says, opens the
 * media stream, and keeps a record of what the caller heard and when. Used by the call tests, the
 * benches and `earshot latency-test`. It shares no code with the server's own Twilio leg, so that a
 * misreading of the protocol cannot hide in both.
 *
 * A call that is moved has several streams, one after the other (`streams`); what the caller hears
 * and says goes on across them, but what is said while none is open is lost.
 *
 * Simplified on purpose: `<Say>` and `<Dial>` take no time (they are kept in `end`), and audio that
 * was queued when the server closed the socket counts as not heard (Twilio does not document which).
 *
 * ```ts
 * const phone = new Phone({ webhookUrl: "http://127.0.0.1:8080/twilio/voice",
 *   connectTo: "http://127.0.0.1:8080" });
 * await phone.dial();
 * await phone.waitForAudio(3000, 0); // the greeting
 * await phone.waitForSilence(500);
 * const said = await phone.say(loadSpeech("question_open"));
 * const endMs = spokenAtMs(said, speechFacts("question_open").endMs);
 * const latencyMs = await phone.waitForAudio(5000, endMs) - endMs;
 * await phone.hangUp();
 * ```
 *
 * @module
 */

import { callFields, fetchTwiml, type StreamEvent, streamFields, streamUrl } from "./carrier.ts";
import { Hearing } from "./hearing.ts";
import { Mouth, type Said, saidAtMs, spokenAtMs } from "./mouth.ts";
import {
  type CallEnd,
  type CallTimes,
  MAX_QUEUED_MS,
  type PhoneOptions,
  streamOptions,
} from "./phone_options.ts";
import { describeCall } from "./describe_call.ts";
import { PhoneStream, type StreamEnd } from "./phone_stream.ts";
import { twilioSignature } from "./signature.ts";
import { sharedTicker } from "./ticker.ts";
import { codeOf, messageOf } from "./twilio_error.ts";
import type { ConnectStream, TwimlVerb } from "./twiml.ts";
import { TwimlRunner } from "./twiml_runner.ts";
import { poll, type Probe } from "./wait.ts";
import { newSid, postForm, redirectOrigin, type Wire } from "./webhook.ts";

export { type PhoneOptions, saidAtMs, spokenAtMs };

export class Phone {
  readonly callSid: string;
  readonly accountSid: string;
  readonly times: CallTimes = {
    dialledAtMs: NaN,
    webhookAnsweredAtMs: NaN,
    streamOpenedAtMs: NaN,
    streamStartedAtMs: NaN,
  };
  /** Resolves when the call is over, however that came; never rejects. */
  readonly ended: Promise<CallEnd>;
  readonly #options: PhoneOptions;
  readonly #now: () => number;
  readonly #hearing = new Hearing();
  readonly #mouth: Mouth;
  #end: CallEnd | undefined;
  #resolveEnded!: (end: CallEnd) => void;
  #answered!: (outcome: "streaming" | "ended") => void;
  #by: CallEnd["by"] = "server";
  readonly #twiml = new TwimlRunner({
    over: () => this.#by !== "server",
    fetch: (url) => this.#fetch(url),
    connect: (verb, base) => this.#connect(verb, base),
  });
  #error: CallEnd["error"];

  constructor(options: PhoneOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#mouth = new Mouth(options.maxQueuedMs ?? MAX_QUEUED_MS);
    this.callSid = options.callSid ?? newSid("CA");
    this.accountSid = options.accountSid ?? newSid("AC");
    this.ended = new Promise((resolve) => this.#resolveEnded = resolve);
  }

  /**
   * Calls. Resolves with `streaming` once `start` has been sent, or with `ended` when it came to
   * nothing; the reason is in `end`.
   */
  dial(): Promise<"streaming" | "ended"> {
    if (!Number.isNaN(this.times.dialledAtMs)) throw new Error("Cannot dial: dialled already");
    this.times.dialledAtMs = this.#now();
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.#twiml.run(this.#options.webhookUrl).catch((error: unknown) => this.#keepError(error))
        .finally(() => this.#finish());
    });
  }

  /** The current stream, or the last one. @throws {Error} When there never was one. */
  get stream(): PhoneStream {
    if (this.#stream === undefined) throw new Error("The phone has no stream");
    return this.#stream;
  }

  /** All streams of the call, in order. */
  get streams(): readonly PhoneStream[] {
    return this.#hearing.streams;
  }

  get #stream(): PhoneStream | undefined {
    return this.#hearing.streams.at(-1);
  }

  get end(): CallEnd | undefined {
    return this.#end;
  }

  /** The phone's clock, ms. */
  now(): number {
    return this.#now();
  }

  /** Says µ-law at 8000 Hz behind what is being said; resolves when its last frame has left. */
  say(bytes: Uint8Array): Promise<Said> {
    if (this.#stream === undefined) throw new Error("Cannot say: the phone has no stream");
    if (this.#end !== undefined) throw new Error("Cannot say: the call has ended");
    return this.#mouth.say(bytes);
  }

  /** Stops talking. */
  hush(): void {
    this.#mouth.hush();
  }

  press(digit: string): void {
    this.stream.press(digit);
  }

  /** The caller hangs up: `stop`, then the socket closes. Idempotent. */
  async hangUp(): Promise<void> {
    await this.#leave("caller");
    await this.ended;
  }

  /** Twilio's side of `Status=completed` by REST. */
  async completeByApi(): Promise<void> {
    await this.#leave("api");
    await this.ended;
  }

  /** Twilio's side of new TwiML by REST: the stream ends, the TwiML runs. */
  async redirectByApi(twiml: string): Promise<void> {
    if (this.#end !== undefined) return;
    this.#twiml.redirect(twiml);
    await this.#stream?.stop();
  }

  /** What was heard between two moments, µ-law, silence where nothing played. */
  heard(fromMs: number, toMs: number = this.#now()): Uint8Array<ArrayBuffer> {
    return this.#hearing.heard(fromMs, Math.min(toMs, this.#now()));
  }

  /** True when there was sound, not silence, between two moments. */
  heardAudio(fromMs: number, toMs: number = this.#now()): boolean {
    return this.#hearing.firstHeardAfter(fromMs, Math.min(toMs, this.#now())) !== null;
  }

  /** When sound was first heard at or after `fromMs`; null when not yet. */
  firstHeardAfter(fromMs: number): number | null {
    return this.#hearing.firstHeardAfter(fromMs, this.#now());
  }

  /** When sound was last heard; null when never. */
  lastHeard(): number | null {
    return this.#hearing.lastHeard(this.#now());
  }

  /** Waits until `probe` gives something that is not false, null or undefined. */
  waitFor<T>(probe: Probe<T>, timeoutMs: number, what = "it"): Promise<T> {
    return poll(probe, timeoutMs, () => `${what} (${this.describe()})`, this.#options.pollMs);
  }

  /** Waits for sound at or after `fromMs`; resolves with when it began. */
  waitForAudio(timeoutMs = 5000, fromMs: number = this.#now()): Promise<number> {
    return this.waitFor(() => this.firstHeardAfter(fromMs), timeoutMs, "to hear sound");
  }

  /** Waits until nothing sounded for `silenceMs`; resolves with when the last sound ended. */
  waitForSilence(silenceMs: number, timeoutMs = 10_000): Promise<number> {
    const fromMs = this.#now();
    return this.waitFor(
      () => {
        const lastMs = this.lastHeard() ?? fromMs;
        return this.#now() - lastMs >= silenceMs && lastMs;
      },
      timeoutMs,
      `${silenceMs} ms of silence`,
    );
  }

  /** One line on the state of the call, for failed waits and reports. */
  describe(): string {
    return describeCall(this.#stream, this.#end);
  }

  /** A stream that cannot be opened, or breaks, is reported, and the next verb runs. */
  async #connect(verb: ConnectStream, base: string): Promise<void> {
    const callback = verb.statusCallback && new URL(verb.statusCallback, base).href;
    const streamSid = newSid("MZ");
    const tell = (event: StreamEvent, code = 0) =>
      this.#notify(callback, streamFields(this, streamSid, verb, event, code));
    try {
      const { code } = await this.#carry(verb, base, streamSid, () => tell("stream-started"));
      const broke = code === 1006;
      tell(broke ? "stream-error" : "stream-stopped", broke ? 31903 : 0);
    } catch (error) {
      this.#keepError(error);
      tell("stream-error", codeOf(error));
    }
  }

  async #carry(
    verb: ConnectStream,
    base: string,
    streamSid: string,
    started: () => void,
  ): Promise<StreamEnd> {
    const { authToken, connectTo, ticker } = this.#options;
    const url = streamUrl(verb, base);
    const before = this.#stream;
    const stream = new PhoneStream(
      { accountSid: this.accountSid, callSid: this.callSid, streamSid },
      streamOptions(this.#options, ticker ?? sharedTicker, this.#now),
      this.#mouth,
    );
    this.#hearing.streams.push(stream);
    const headers: Record<string, string> = { "user-agent": "Twilio.TmeWs/1.0" };
    if (authToken !== undefined) headers["x-twilio-signature"] = twilioSignature(authToken, url);
    await stream.open(redirectOrigin(url, connectTo), headers, verb.parameters);
    if (before?.end) this.#mouth.miss(stream.openedAtMs - before.end.atMs);
    if (before === undefined) {
      this.times.streamOpenedAtMs = stream.openedAtMs;
      this.times.streamStartedAtMs = stream.startedAtMs;
    }
    this.#error = undefined;
    started();
    this.#answered("streaming");
    return await stream.ended;
  }

  async #fetch(url: string): Promise<TwimlVerb[]> {
    const status = this.#stream === undefined ? "ringing" : "in-progress";
    const verbs = await fetchTwiml(url, callFields(this, this.#options, status), this.#wire());
    if (Number.isNaN(this.times.webhookAnsweredAtMs)) this.times.webhookAnsweredAtMs = this.#now();
    return verbs;
  }

  #wire(): Wire {
    const { authToken, connectTo, connectTimeoutMs } = this.#options;
    return { authToken, connectTo, timeoutMs: connectTimeoutMs ?? 15_000 };
  }

  /** A status callback: its answer changes nothing, so nobody waits for it. */
  #notify(url: string | undefined, fields: Record<string, string>): void {
    if (url) postForm(url, fields, this.#wire()).catch(() => {});
  }

  async #leave(by: "caller" | "api"): Promise<void> {
    if (this.#end !== undefined) return;
    this.#by = by;
    if (Number.isNaN(this.times.dialledAtMs)) this.#finish();
    await this.#stream?.stop();
  }

  #keepError(error: unknown): void {
    // Hanging up while the server still connects breaks the connect, and is no failure.
    if (this.#by !== "server") return;
    this.#error = { code: codeOf(error), detail: messageOf(error) };
  }

  #finish(): void {
    if (this.#end !== undefined) return;
    const stream = this.#stream?.end;
    this.#mouth.hush();
    this.#end = {
      by: this.#error === undefined ? this.#by : "failed",
      ...(this.#error ? { error: this.#error } : {}),
      atMs: this.#now(),
      ...(stream ? { stream } : {}),
      ran: this.#twiml.ran,
      said: this.#twiml.said,
      dialled: this.#twiml.dialled,
      rejected: this.#twiml.rejected,
      unknownVerbs: this.#twiml.unknownVerbs,
    };
    this.#notify(this.#options.statusCallbackUrl, callFields(this, this.#options, "completed"));
    this.#answered("ended");
    this.#resolveEnded(this.#end);
  }
}
