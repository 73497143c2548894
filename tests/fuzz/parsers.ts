/**
 * The parsers under fire. Each is given what was generated, and may refuse it in its own words only:
 * any other error is a finding.
 *
 * @module
 */

import { AudioDelta } from "../../brain/openai/audio_delta.ts";
import { BrainProtocolError, readBrainEvent } from "../../brain/openai/events.ts";
import { ApiError } from "../../brain/realtime/api_error.ts";
import { liftAppend, parseClientEvent } from "../../brain/realtime/client_events.ts";
import { readSecretWish } from "../../brain/realtime/client_secret.ts";
import { parseTwiml } from "../../cli/phone/twiml.ts";
import { TwilioError } from "../../cli/phone/twilio_error.ts";
import { readBrowserMessage } from "../../legs/browser.ts";
import { ProtocolError } from "../../legs/leg.ts";
import { MediaFrame } from "../../legs/media_frame.ts";
import { readTwilioMessage } from "../../legs/twilio_messages.ts";
import { decodeBase64Into } from "../../media/base64.ts";
import { isSignedByTwilio } from "../../routes/twilio_signature.ts";
import { SECRET_SECONDS } from "../../server/client_secrets.ts";
import { StreamTokens } from "../../server/stream_tokens.ts";
import * as generate from "./generate.ts";

/** One parser, and what it is given. */
export interface Subject {
  readonly name: string;
  next(random: generate.Random): string;
  parse(text: string): void;
  /** Errors in the parser's own words. */
  readonly refusals: readonly (new (...args: never[]) => Error)[];
}

const frame = new MediaFrame();
const delta = new AudioDelta();
const bytes = new Uint8Array(16_000);
const tokens = new StreamTokens("secret");
const from = (good: readonly unknown[]) => (random: generate.Random) =>
  generate.message(random, good);

/** What the two roads say of one message has to be the same. */
function agree(what: string, fast: unknown, slow: unknown): void {
  if (fast !== slow) throw new Error(`${what}: the scan says ${fast}, the parser ${slow}`);
}

export const SUBJECTS: readonly Subject[] = [
  {
    name: "Twilio's messages",
    next: from(generate.TWILIO),
    parse: (text) => void readTwilioMessage(text),
    refusals: [ProtocolError],
  },
  {
    name: "Twilio's media frame",
    next: from([generate.TWILIO[2]]),
    parse(text) {
      if (!frame.read(text, "MZ1")) return;
      const message = readTwilioMessage(text);
      if (message.event !== "media") throw new Error(`The scan took "${message.event}" for media`);
      agree("payload", frame.payload, message.media.payload);
      agree("timestamp", frame.timestampMs, Number(message.media.timestamp));
      decodeBase64Into(frame.payload, bytes);
    },
    refusals: [],
  },
  {
    name: "the page's messages",
    next: from(generate.BROWSER),
    parse: (text) => void readBrowserMessage(text),
    refusals: [ProtocolError],
  },
  {
    name: "a brain's events",
    next: from(generate.BRAIN),
    parse: (text) => void readBrainEvent(text),
    refusals: [BrainProtocolError],
  },
  {
    name: "a brain's audio delta",
    next: from([generate.BRAIN[7]]),
    parse(text) {
      if (!delta.read(text)) return;
      const event = readBrainEvent(text);
      if (event.type !== "audio") throw new Error(`The scan took "${event.type}" for audio`);
      agree("payload", delta.payload, event.payload);
      agree("responseId", delta.responseId, event.responseId);
      decodeBase64Into(delta.payload, bytes);
    },
    refusals: [],
  },
  {
    name: "events of Realtime clients",
    next: from(generate.CLIENT),
    parse(text) {
      liftAppend(text);
      const parsed = parseClientEvent(text);
      if ("error" in parsed && !(parsed.error instanceof ApiError)) throw new Error("no ApiError");
    },
    refusals: [],
  },
  {
    name: "wishes for a client secret",
    next: from(generate.SECRET),
    parse: (text) => void readSecretWish(text, SECRET_SECONDS),
    refusals: [ApiError],
  },
  {
    name: "a webhook's form and signature",
    next: generate.form,
    parse: (text) => {
      const params = new URLSearchParams(text);
      const url = `https://a.example/${params.get("CallSid")?.slice(0, 30) ?? ""}`;
      if (isSignedByTwilio("token", params.get("From") ?? "x", url, params)) {
        throw new Error("A signature was found good that nobody made");
      }
    },
    refusals: [],
  },
  {
    name: "TwiML",
    next: generate.twiml,
    parse: (text) => void parseTwiml(text),
    refusals: [SyntaxError, TwilioError],
  },
  {
    name: "stream tokens",
    next: (random) => generate.scratched(random, tokens.issue("CA1")),
    parse(text) {
      const wrong = tokens.check(text, "CA2");
      if (wrong === null) throw new Error("A token was found good for another call");
    },
    refusals: [],
  },
];

/** What became of one subject. */
export interface Outcome {
  readonly name: string;
  readonly messages: number;
  readonly refused: number;
  readonly seconds: number;
  /** The longest that one message took, ms. */
  readonly worstMs: number;
}

/**
 * Gives a parser `count` messages.
 *
 * @throws {Error} With the message that it stumbled over.
 */
export function fuzzParser(subject: Subject, count: number, random: generate.Random): Outcome {
  let refused = 0, worstMs = 0;
  const beganMs = performance.now();
  for (let i = 0; i < count; i++) {
    const text = subject.next(random);
    const startMs = performance.now();
    try {
      subject.parse(text);
    } catch (error) {
      refused++;
      if (!subject.refusals.some((refusal) => error instanceof refusal)) {
        throw new Error(`${subject.name}, message ${i}: ${error} for ${JSON.stringify(text)}`);
      }
    }
    worstMs = Math.max(worstMs, performance.now() - startMs);
  }
  const seconds = (performance.now() - beganMs) / 1000;
  return { name: subject.name, messages: count, refused, seconds, worstMs };
}
