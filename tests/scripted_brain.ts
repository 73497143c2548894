/**
 * A brain that follows a script: it speaks the Realtime protocol's server side over a real WebSocket
 * and does what a test tells it, the things that a healthy brain never does included.
 *
 * @module
 */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

/** One connection of earshot to the brain. */
export interface BrainSession {
  /** Every client event but `append`, in order, with its time of arrival. */
  readonly events: { atMs: number; event: Record<string, unknown> }[];
  /** Frames of audio that were appended. */
  appended: number;
  appendedBytes: number;
  send(event: Record<string, unknown>): void;
  /** Sends audio of an answer, `ms` of it, as one delta. */
  audio(responseId: string, itemId: string, ulaw: Uint8Array): void;
  close(code: number): void;
  /** Resolves with the next client event of this type that nobody has waited for yet. */
  next(type: string, timeoutMs?: number): Promise<Record<string, unknown>>;
}

export interface BrainScript {
  /** What to refuse the upgrade with. */
  readonly refuse?: { status: number; body: string };
  /** Changes the effective session before it is confirmed. */
  readonly session?: (asked: Record<string, unknown>) => Record<string, unknown>;
  /** False to leave `session.update` without an answer. */
  readonly confirms?: boolean;
  /** `socket` is ours, to be paused. */
  readonly onSession?: (session: BrainSession, socket: WebSocket) => void;
  readonly onEvent?: (event: Record<string, unknown>, session: BrainSession) => void;
  /** Takes each client event as it came, before the script looks at it. */
  readonly onText?: (text: string, session: BrainSession) => void;
}

export interface ScriptedBrain {
  readonly url: string;
  readonly sessions: BrainSession[];
  close(): Promise<void>;
}

export async function startScriptedBrain(script: BrainScript = {}): Promise<ScriptedBrain> {
  const sessions: BrainSession[] = [];
  const http: Server = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  http.on("upgrade", (request, socket, head) => {
    if (script.refuse) {
      const { status, body } = script.refuse;
      socket.end(
        `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
      return;
    }
    sockets.handleUpgrade(request, socket, head, (ws) => serve(ws, script, sessions));
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/v1/realtime`,
    sessions,
    async close() {
      for (const client of sockets.clients) client.terminate();
      http.closeAllConnections?.();
      await new Promise<void>((resolve) => http.close(() => resolve()));
    },
  };
}

function serve(ws: WebSocket, script: BrainScript, sessions: BrainSession[]): void {
  const waiting: { type: string; resolve: (event: Record<string, unknown>) => void }[] = [];
  const unclaimed: Record<string, unknown>[] = [];
  let eventCount = 0;
  const session: BrainSession = {
    events: [],
    appended: 0,
    appendedBytes: 0,
    send: (event) => ws.send(JSON.stringify({ event_id: `event_${++eventCount}`, ...event })),
    audio(responseId, itemId, ulaw) {
      session.send({
        type: "response.output_audio.delta",
        response_id: responseId,
        item_id: itemId,
        output_index: 0,
        content_index: 0,
        delta: ulaw.toBase64(),
      });
    },
    close: (code) => ws.close(code),
    next(type, timeoutMs = 5000) {
      const index = unclaimed.findIndex((event) => event.type === type);
      if (index >= 0) return Promise.resolve(unclaimed.splice(index, 1)[0]!);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`No ${type} within ${timeoutMs} ms`)),
          timeoutMs,
        );
        waiting.push({
          type,
          resolve: (event) => {
            clearTimeout(timer);
            resolve(event);
          },
        });
      });
    },
  };
  sessions.push(session);
  session.send({ type: "session.created", session: { type: "realtime", id: "sess_1" } });
  script.onSession?.(session, ws);
  ws.on("error", () => {});
  ws.on("message", (data) => {
    const text = String(data);
    script.onText?.(text, session);
    const event = JSON.parse(text) as Record<string, unknown>;
    if (event.type === "input_audio_buffer.append") {
      session.appended++;
      session.appendedBytes += Uint8Array.fromBase64(String(event.audio)).length;
    } else {
      session.events.push({ atMs: performance.now(), event });
      const index = waiting.findIndex((wait) => wait.type === event.type);
      if (index >= 0) waiting.splice(index, 1)[0]!.resolve(event);
      else unclaimed.push(event);
      if (event.type === "session.update" && script.confirms !== false) {
        const asked = event.session as Record<string, unknown>;
        session.send({ type: "session.updated", session: script.session?.(asked) ?? asked });
      }
    }
    script.onEvent?.(event, session);
  });
}

/** Plays a whole answer by the book: created, one audio item, done. */
export function answer(session: BrainSession, n: number, ulaw: Uint8Array): void {
  const responseId = `resp_${n}`, itemId = `item_${n}`;
  begin(session, n);
  session.audio(responseId, itemId, ulaw);
  finish(session, n);
}

/** The opening events of an answer. */
export function begin(session: BrainSession, n: number): void {
  session.send({ type: "response.created", response: { id: `resp_${n}`, status: "in_progress" } });
  session.send({
    type: "response.output_item.added",
    response_id: `resp_${n}`,
    output_index: 0,
    item: { id: `item_${n}`, type: "message", role: "assistant", status: "in_progress" },
  });
}

/** The closing event of an answer. */
export function finish(session: BrainSession, n: number, status = "completed"): void {
  session.send({ type: "response.done", response: { id: `resp_${n}`, status, output: [] } });
}
