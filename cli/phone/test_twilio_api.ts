/**
 * A stand-in for Twilio's REST API, for the one request a running call needs: updating it
 * (`POST /2010-04-01/Accounts/{AC}/Calls/{CA}.json`, Basic auth, form body). An update acts on the
 * phone it names, as soon as it is answered:
 *
 * | form | what becomes of the call |
 * | --- | --- |
 * | `Status=completed` | `stop`, the socket closes, the call is over (`end.by` is `api`) |
 * | `Twiml=…` | `stop`, the socket closes; the new TwiML runs in the place of all that was left |
 * | `Url=…` | the same with the TwiML that a signed POST to the url answers |
 *
 * A `<Connect><Stream>` in the new TwiML opens another socket, with a streamSid of its own and its own
 * parameters (`phone.streams`). The phone does the rest of what Twilio does: when a stream's socket
 * dies without an update, the verb behind `<Connect>` runs; `<Redirect>` asks the webhook again, with
 * `CallStatus=in-progress`; `<Say>`, `<Dial>` and `<Hangup>` are kept (`end.said`, `end.dialled`,
 * `end.ran`). Which machine is dialled is for the phone's `connectTo` to say, as a load balancer would.
 *
 * It also shows the account and its numbers, to those who look whether they are set up well.
 *
 * Source: Twilio, "Call resource: update a Call", "Account resource", "IncomingPhoneNumber resource";
 * error codes from Twilio's error dictionary.
 *
 * @module
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Bounded } from "./bounded.ts";
import type { Phone } from "./phone.ts";

/** Whose account it is. */
export interface TwilioApiOptions {
  readonly accountSid: string;
  readonly authToken: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** From the answer to an update until it acts, ms; 0. Twilio publishes no figure. */
  readonly actsAfterMs?: number;
  /** Updates, refusals and calls that are kept, each; 1000. */
  readonly keep?: number;
  /** `active`, the default, `suspended` or `closed`. */
  readonly status?: string;
  /** The account's numbers, with the fields that Twilio gives them. */
  readonly numbers?: readonly Readonly<Record<string, string | null>>[];
}

/** One accepted update. */
export interface CallUpdate {
  readonly callSid: string;
  readonly form: Readonly<Record<string, string>>;
  readonly atMs: number;
}

/** The running stand-in. */
export interface TwilioApi {
  /** `http://127.0.0.1:<port>`, in place of `https://api.twilio.com`. */
  readonly url: string;
  readonly updates: Bounded<CallUpdate>;
  /** Refused requests: status and Twilio's code. */
  readonly refusals: Bounded<{ readonly status: number; readonly code: number }>;
  /** Makes a call known under its CallSid. */
  attach(phone: Phone): void;
  close(): Promise<void>;
}

const PATH = /^\/2010-04-01\/Accounts\/([^/]+)\/Calls\/([^/]+)\.json$/;
const ACCOUNT_PATH = /^\/2010-04-01\/Accounts\/([^/]+?)(\/IncomingPhoneNumbers)?\.json(\?.*)?$/;
const MAX_BODY_BYTES = 64 * 1024;

/** Starts on loopback. */
export async function startTwilioApi(options: TwilioApiOptions): Promise<TwilioApi> {
  const keep = options.keep ?? 1000;
  const phones = new Map<string, Phone>();
  const updates = new Bounded<CallUpdate>(keep);
  const refusals = new Bounded<{ status: number; code: number }>(keep);
  const basic = `Basic ${
    Buffer.from(`${options.accountSid}:${options.authToken}`).toString("base64")
  }`;

  function refuse(response: ServerResponse, status: number, code: number, message: string): void {
    refusals.push({ status, code });
    answer(response, status, { code, message, status });
  }

  async function update(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    if (request.headers.authorization !== basic) {
      return refuse(response, 401, 20003, "Authenticate");
    }
    const shown = request.method === "GET" ? ACCOUNT_PATH.exec(request.url ?? "") : null;
    if (shown?.[1] === options.accountSid) {
      const { accountSid: sid, status = "active", numbers = [] } = options;
      return answer(
        response,
        200,
        shown[2] ? { incoming_phone_numbers: numbers } : { sid, status },
      );
    }
    const path = PATH.exec(request.url ?? "");
    const phone = path?.[1] === options.accountSid ? phones.get(path[2]!) : undefined;
    if (request.method !== "POST" || phone === undefined) {
      return refuse(response, 404, 20404, `The requested resource ${request.url} was not found`);
    }
    const form = Object.fromEntries(new URLSearchParams(body));
    const problem = formProblem(form);
    if (problem !== null) return refuse(response, 400, problem.code, problem.message);
    if (phone.end !== undefined) {
      return refuse(response, 400, 21220, "Call is not in-progress. Cannot redirect.");
    }
    updates.push({ callSid: phone.callSid, form, atMs: phone.now() });
    const completed = form.Status !== undefined;
    answer(response, 200, {
      sid: phone.callSid,
      account_sid: options.accountSid,
      status: completed ? form.Status : "in-progress",
    });
    if (options.actsAfterMs) await new Promise((go) => setTimeout(go, options.actsAfterMs));
    if (completed) await phone.completeByApi();
    else if (form.Twiml !== undefined) await phone.redirectByApi(form.Twiml);
    else {await phone.redirectByApi(
        `<Response><Redirect>${escapeXml(form.Url!)}</Redirect></Response>`,
      );}
  }

  const server = createServer((request, response) => {
    update(request, response).catch((error: unknown) => {
      if (!response.headersSent) refuse(response, 500, 20500, String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    updates,
    refusals,
    attach: (phone) => {
      if (phones.size >= keep) phones.delete(phones.keys().next().value!);
      phones.set(phone.callSid, phone);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function formProblem(form: Record<string, string>): { code: number; message: string } | null {
  const { Status, Twiml, Url } = form;
  if (Status !== undefined && Status !== "completed" && Status !== "canceled") {
    return { code: 20001, message: `Status is ${Status}, wanted completed or canceled` };
  }
  if (Twiml !== undefined && Url !== undefined) {
    return { code: 20001, message: "Both Twiml and Url are given" };
  }
  if (Twiml !== undefined && Twiml.length > 4000) {
    return { code: 21213, message: `Twiml has ${Twiml.length} characters, the most is 4000` };
  }
  if (Status === undefined && Twiml === undefined && Url === undefined) {
    return { code: 20001, message: "None of Status, Twiml and Url is given" };
  }
  return null;
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Uint8Array).length;
    if (size > MAX_BODY_BYTES) throw new RangeError(`Body is larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
