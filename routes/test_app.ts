/**
 * The whole app for tests, without a port: requests go in, and sockets are in the test's hand.
 *
 * @module
 */

import { createApp } from "../app.ts";
import { readConfig } from "../config.ts";
import { createServices, type Services } from "../server/services.ts";
import type { ServerSocket, SocketHandlers } from "../runtime/runtime.ts";
import type { LogFields, Logger } from "../telemetry/log.ts";

/** A socket that a route asked for. It opens when a test says so. */
export class TestSocket implements ServerSocket {
  readonly handlers: SocketHandlers;
  readonly subprotocol: string | undefined;
  readonly sent: (string | Uint8Array)[] = [];
  readonly closes: { code: number; reason: string }[] = [];

  constructor(handlers: SocketHandlers, subprotocol?: string) {
    this.handlers = handlers;
    this.subprotocol = subprotocol;
  }

  send(data: string | Uint8Array<ArrayBuffer>): boolean {
    this.sent.push(typeof data === "string" ? data : data.slice());
    return true;
  }
  cork(write: () => void): void {
    write();
  }
  bufferedBytes(): number {
    return 0;
  }
  close(code: number, reason: string): void {
    this.closes.push({ code, reason });
  }

  open(): this {
    this.handlers.open(this);
    return this;
  }
  say(message: object): void {
    this.handlers.text(JSON.stringify(message));
  }
  get messages(): Record<string, unknown>[] {
    return this.sent.filter((data) => typeof data === "string").map((data) => JSON.parse(data));
  }
}

export const UPGRADE = { Upgrade: "websocket", Connection: "Upgrade" };

export interface TestApp {
  readonly deps: Services;
  /** What was logged, in one line each. */
  readonly lines: string[];
  /** Sockets that were granted, in order. */
  readonly sockets: TestSocket[];
  /** Whether requests to upgrade are real handshakes. */
  handshakes: boolean;
  /** Whom the socket of the next request belongs to. */
  remoteAddress: string;
  request(path: string, init?: RequestInit): Promise<Response>;
  /**
   * A request for a WebSocket: the status, and the socket if there is one. Where a client secret is
   * needed it brings one, unless it brings something else.
   */
  dial(path: string, headers?: Record<string, string>): Promise<[number, TestSocket | undefined]>;
  /** The headers of a handshake, with a client secret. */
  handshake(): Record<string, string>;
  /** A form, as Twilio posts it. */
  post(
    path: string,
    form: Record<string, string>,
    headers?: Record<string, string>,
  ): Promise<Response>;
  /** Ends every call, so that no timer stays. */
  end(): void;
}

export const ORIGIN = "http://earshot.test";

/** @param env Settings; the brain is the embedded one. */
export function testApp(env: Record<string, string> = {}): TestApp {
  const lines: string[] = [];
  const write = (level: string) => (sentence: string, fields?: LogFields) =>
    void lines.push(`${level}: ${sentence} ${JSON.stringify(fields ?? {})}`);
  const log: Logger = {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
  };
  const deps = createServices(
    readConfig({
      EARSHOT_BRAIN: "echo",
      EARSHOT_GREETING: "",
      EARSHOT_HOSTS: "earshot.test",
      ...env,
    }),
    log,
  );
  const app = createApp(deps);
  const sockets: TestSocket[] = [];
  const made: TestApp = {
    deps,
    lines,
    sockets,
    handshakes: true,
    remoteAddress: "127.0.0.1",
    async request(path, init) {
      return await app.request(ORIGIN + path, init, {
        remoteAddress: made.remoteAddress,
        upgrade(handlers: SocketHandlers, subprotocol?: string) {
          if (!made.handshakes) return new Response(null, { status: 426 });
          sockets.push(new TestSocket(handlers, subprotocol));
          // A Response can't be made with 101; Bun's port answers 200 too.
          return new Response(null, { status: 200 });
        },
      });
    },
    async dial(path, headers = {}) {
      const before = sockets.length;
      const own = /^\/(browser|v1)\//.test(path) ? made.handshake() : UPGRADE;
      const { status } = await made.request(path, { headers: { ...own, ...headers } });
      return [status, sockets[before]];
    },
    handshake: () => ({ ...UPGRADE, authorization: `Bearer ${deps.secrets.issue().value}` }),
    post: (path, form, headers = {}) =>
      made.request(path, { method: "POST", body: new URLSearchParams(form), headers }),
    end() {
      for (const call of [...deps.registry.calls.values()]) call.end("draining");
      for (const socket of sockets) socket.handlers.close(1006, "");
      deps.events.close();
      deps.handovers.close();
    },
  };
  return made;
}
