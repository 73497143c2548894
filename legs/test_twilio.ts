/**
 * A Twilio stream for tests: its messages in Twilio's own spelling, and a leg on a fake wire with a
 * fake call behind it.
 *
 * @module
 */

import { assert } from "@std/assert";
import type { LegStart } from "./leg.ts";
import type { TwilioAccount } from "./twilio_rest.ts";
import { FakeCall, FakeSocket } from "./test_wire.ts";
import { TwilioLeg } from "./twilio.ts";
import type { TwilioSettings } from "./twilio_settings.ts";

export const SID = "MZ0123456789abcdef0123456789abcdef";

export const START = {
  event: "start",
  sequenceNumber: "1",
  start: {
    accountSid: "AC1",
    streamSid: SID,
    callSid: "CA1",
    tracks: ["inbound"],
    mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
    customParameters: { token: "t", to: "+15551234567" },
  },
  streamSid: SID,
};

/** A media message in Twilio's own spelling. */
export function media(
  timestampMs: number,
  payload: string,
  streamSid = SID,
  track = "inbound",
): string {
  return `{"event":"media","sequenceNumber":"4","media":{"track":"${track}","chunk":"2",` +
    `"timestamp":"${timestampMs}","payload":"${payload}"},"streamSid":"${streamSid}"}`;
}

/** 20 ms of a sound that is not silence. */
export const frame = (value: number) => new Uint8Array(160).fill(value);
export const base64 = (value: number) => frame(value).toBase64();

/** A leg on a fake wire, with a fake call behind it. */
export class Rig {
  readonly socket = new FakeSocket();
  readonly call = new FakeCall();
  readonly counts = { framesIn: 0, framesSlowPath: 0 };
  readonly starts: LegStart[] = [];
  readonly leg: TwilioLeg;
  /** The tokens that were shown. */
  readonly tokens: (string | undefined)[] = [];
  gone = 0;
  /** By which the call can be moved. */
  account: TwilioAccount | null = null;

  constructor(settings: Partial<TwilioSettings> = {}, refusal?: string) {
    this.leg = new TwilioLeg(
      (start, leg) => {
        assert(leg === this.leg);
        this.starts.push(start);
        return refusal ?? this.call;
      },
      () => this.gone++,
      this.counts,
      {
        refuses: (_callSid, token) => {
          this.tokens.push(token);
          return null;
        },
        account: () => this.account,
        handOver: (to) => `<Response>${to}</Response>`,
        onwards: (callSid, token) => `<Response>${callSid} ${token}</Response>`,
      },
      settings,
    );
    this.leg.open(this.socket);
  }

  say(message: object | string): void {
    this.leg.text(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** A stream that has begun. */
  static started(settings: Partial<TwilioSettings> = {}): Rig {
    const rig = new Rig(settings);
    rig.say({ event: "connected", protocol: "Call", version: "1.0.0" });
    rig.say(START);
    return rig;
  }
}
