/**
 * Runs TwiML as Twilio does: verb by verb, and one document after another, for as long as the call
 * goes on.
 *
 * @module
 */

import { readTwiml } from "./carrier.ts";
import type { ConnectStream, TwimlVerb } from "./twiml.ts";
import { poll } from "./wait.ts";

/** Twilio stops following redirects somewhere; so do we. */
const MAX_DOCUMENTS = 20;

/** The call that the TwiML is run for. */
export interface TwimlCall {
  /** The caller or the REST API has ended the call: no further verb is run. */
  over(): boolean;
  /** Asks a webhook for TwiML. */
  fetch(url: string): Promise<TwimlVerb[]>;
  /** Resolves when the stream has ended, or could not be opened. Never rejects. */
  connect(verb: ConnectStream, base: string): Promise<void>;
}

export class TwimlRunner {
  /** Names of the verbs that were run, in order. */
  readonly ran: string[] = [];
  /** Texts of `<Say>`, which takes no time here. */
  readonly said: string[] = [];
  /** Numbers of `<Dial>`, which takes no time either: it is as if they had hung up at once. */
  readonly dialled: string[] = [];
  readonly unknownVerbs: string[] = [];
  rejected = false;
  readonly #call: TwimlCall;
  #redirectedTo: string | undefined;

  constructor(call: TwimlCall) {
    this.#call = call;
  }

  /** Resolves when there is no more TwiML to run. */
  async run(webhookUrl: string): Promise<void> {
    let base = webhookUrl;
    let verbs = await this.#call.fetch(base);
    for (let document = 0; document < MAX_DOCUMENTS && !this.#call.over(); document++) {
      const next = await this.#carryOut(verbs, base);
      if (this.#redirectedTo !== undefined) {
        verbs = readTwiml(this.#redirectedTo);
        this.#redirectedTo = undefined;
      } else if (next !== undefined && !this.#call.over()) {
        base = next;
        verbs = await this.#call.fetch(next);
      } else break;
    }
  }

  /** What REST's new TwiML does: it is run in the place of the verbs that are left. */
  redirect(twiml: string): void {
    this.#redirectedTo = twiml;
  }

  /** Carries the verbs out. @returns The url to ask for more TwiML, if any. */
  async #carryOut(verbs: TwimlVerb[], base: string): Promise<string | undefined> {
    for (const verb of verbs) {
      if (this.#call.over() || this.#redirectedTo !== undefined) return undefined;
      this.ran.push(verb.verb === "Other" ? verb.name : verb.verb);
      switch (verb.verb) {
        case "Connect":
          await this.#call.connect(verb, base);
          // An update by REST takes the place of all that is left, the action too.
          if (this.#redirectedTo !== undefined) return undefined;
          if (verb.action !== undefined) return new URL(verb.action, base).href;
          break;
        case "Say":
          this.said.push(verb.text);
          break;
        case "Dial":
          this.dialled.push(verb.to);
          break;
        case "Pause": {
          const cutShort = () => this.#call.over() || this.#redirectedTo !== undefined;
          await poll(cutShort, verb.seconds * 1000, () => "").catch(() => {});
          break;
        }
        case "Redirect":
          return new URL(verb.url, base).href;
        case "Reject":
          this.rejected = true;
          return undefined;
        case "Hangup":
          return undefined;
        default:
          this.unknownVerbs.push(verb.name);
      }
    }
    return undefined;
  }
}
