/**
 * A brain that fails when it is told to. The Realtime protocol's server half is the repository's own
 * (`brain/realtime/`, held to the API's reference by OpenAI's clients); what answers is the
 * {@linkcode CountingBrain}; and below it lies a socket that can be broken in every way.
 *
 * @module
 */

import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { readStamps } from "../../bench/turns/stamps.ts";
import { liftAppend } from "../../brain/realtime/client_events.ts";
import { RealtimeServer } from "../../brain/realtime/server.ts";
import type { RealtimeSettings } from "../../brain/realtime/settings.ts";
import { CountingBrain, type HangsUp } from "./counting_brain.ts";
import { type LinkFault, RudeSocket } from "./rude_socket.ts";

/** What becomes of an upgrade that isn't accepted. */
export type Refusal =
  /** A status with the API's JSON body. */
  | { readonly status: number; readonly code?: string; readonly retryAfterSeconds?: number }
  /** TCP is accepted, and then nothing is said. */
  | "no-answer"
  /** TCP is accepted and dropped at once. */
  | "hang-up";

export interface FaultBrainOptions extends Partial<RealtimeSettings> {
  /** What an upgrade costs over a network: TCP, TLS and HTTP, ms; 0 on loopback. */
  readonly upgradeMs?: number;
  readonly hangsUp?: HangsUp;
}

type Event = Readonly<Record<string, unknown>>;

/** Of each link, the newest events are kept. */
const MAX_EVENTS = 2000;
/** Links that are remembered. */
const MAX_LINKS = 5000;

/** One link of earshot to the brain. */
export class FaultLink {
  readonly openedAtMs = performance.now();
  /** Every client event but `append`. */
  readonly told: { readonly atMs: number; readonly event: Event }[] = [];
  /** Types of what was said to earshot, `response.output_audio.delta` left out. */
  readonly said: { readonly atMs: number; readonly type: string }[] = [];
  /** Questions of which something came, and the number of the call. */
  readonly known = new Set<number>();
  /** When it was broken, NaN while it wasn't; when it was over. */
  brokenAtMs = NaN;
  closedAtMs = NaN;
  readonly #rude: RudeSocket;

  constructor(rude: RudeSocket) {
    this.#rude = rude;
  }

  break(fault: LinkFault): void {
    this.brokenAtMs = performance.now();
    this.#rude.break(fault);
  }

  /** As the API does at 60 minutes: an error, then it closes. */
  expire(): void {
    this.brokenAtMs = performance.now();
    const message = "Your session hit the maximum duration of 60 minutes.";
    const error = { type: "invalid_request_error", code: "session_expired", message, param: null };
    this.#rude.send(JSON.stringify({ type: "error", event_id: "event_expired", error }));
    this.#rude.close(1001, message);
  }

  hear(ulaw: Uint8Array<ArrayBuffer>): void {
    for (const { source } of readStamps(ulaw)) this.known.add(source);
  }

  /** Client events of a type. */
  all(type: string): Event[] {
    return this.told.filter(({ event }) => event.type === type).map(({ event }) => event);
  }
}

export interface FaultBrain {
  readonly url: string;
  readonly counting: CountingBrain;
  /** In the order in which they were opened. */
  readonly links: readonly FaultLink[];
  /** When each upgrade came, and whether it was refused. */
  readonly upgrades: readonly { readonly atMs: number; readonly refused: boolean }[];
  /** The next upgrades are refused like this, one after the other. */
  refuse(...refusals: Refusal[]): void;
  /** All upgrades are refused like this; null for none. */
  refuseAll(refusal: Refusal | null): void;
  /** Runs with the next link, before `session.created` is sent to it. */
  onNextLink(does: (link: FaultLink) => void): void;
  /** The newest link that heard this question, or anything of the call with this number. */
  linkOf(number: number): FaultLink | undefined;
  close(): Promise<void>;
}

export async function startFaultBrain(options: FaultBrainOptions = {}): Promise<FaultBrain> {
  const { upgradeMs = 0, hangsUp, ...settings } = options;
  const counting = new CountingBrain(hangsUp);
  const realtime = new RealtimeServer(counting, settings);
  const links: FaultLink[] = [];
  const upgrades: { atMs: number; refused: boolean }[] = [];
  const open = new Set<Socket>();
  let refusals: Refusal[] = [];
  let always: Refusal | null = null;
  let nextLink: ((link: FaultLink) => void)[] = [];

  const http = createServer();
  http.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => open.delete(socket));
  });
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  http.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const refusal = always ?? refusals.shift();
    upgrades.push({ atMs: performance.now(), refused: refusal !== undefined });
    setTimeout(() => {
      if (refusal === undefined) {
        sockets.handleUpgrade(request, socket, head, (ws) => serve(ws, socket));
      } else if (refusal === "hang-up") socket.destroy();
      else if (refusal !== "no-answer") socket.end(refusedWith(refusal));
    }, upgradeMs);
  });

  function serve(ws: WebSocket, tcp: Socket): void {
    const rude = new RudeSocket(ws, tcp);
    const link = new FaultLink(rude);
    links.push(link);
    if (links.length > MAX_LINKS) links.shift();
    nextLink.shift()?.(link);
    const session = realtime.open(
      (text) => {
        const type = /"type":"([^"]+)"/.exec(text.slice(0, 200))?.[1] ?? "";
        if (type !== "response.output_audio.delta") {
          keep(link.said, { atMs: performance.now(), type });
        }
        rude.send(text);
      },
      (code, reason) => rude.close(code, reason),
    );
    ws.on("message", (data) => {
      const text = String(data);
      take(link, text);
      session.receive(text);
    });
    ws.on("close", () => {
      link.closedAtMs = performance.now();
      session.end();
    });
  }

  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/v1/realtime`,
    counting,
    links,
    upgrades,
    refuse: (...more) => void refusals.push(...more),
    refuseAll(refusal) {
      always = refusal;
      if (refusal === null) refusals = [];
    },
    onNextLink: (does) => void nextLink.push(does),
    linkOf: (number) => links.findLast(({ known }) => known.has(number)),
    close() {
      nextLink = [];
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => http.close(() => resolve()));
    },
  };
}

/** Writes down what earshot said. */
function take(link: FaultLink, text: string): void {
  const audio = liftAppend(text);
  if (audio !== undefined) return link.hear(Uint8Array.fromBase64(audio));
  const event = JSON.parse(text) as Event;
  keep(link.told, { atMs: performance.now(), event });
  if (event.type !== "conversation.item.create") return;
  const { content } = event.item as { content?: { type: string; audio?: string }[] };
  for (const { audio } of content ?? []) if (audio) link.hear(Uint8Array.fromBase64(audio));
}

function keep<T>(list: T[], entry: T): void {
  list.push(entry);
  if (list.length > MAX_EVENTS) list.shift();
}

function refusedWith(refusal: Exclude<Refusal, string>): string {
  const { status, code = `http_${status}`, retryAfterSeconds } = refusal;
  const body = JSON.stringify({ error: { type: "error", code, message: "Refused." } });
  const retry = retryAfterSeconds === undefined ? "" : `Retry-After: ${retryAfterSeconds}\r\n`;
  return `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\n${retry}` +
    `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
}
