/**
 * The floor that a relay is compared with: a Bun server that joins each phone's socket to a brain's
 * socket and copies every message as it is, both ways. It reads nothing and decides nothing.
 *
 * Run: `bun bench/relay/copy_relay.ts <port> <ws url of the brain>`
 *
 * @module
 */

import process from "node:process";

const [port, brainUrl] = process.argv.slice(2);
if (!port || !brainUrl) throw new TypeError("usage: copy_relay.ts <port> <ws url of the brain>");

/** Bun's constructor takes options, which the standard's type does not know. */
const BunWebSocket = WebSocket as unknown as new (
  url: string,
  options: { perMessageDeflate: boolean },
) => WebSocket;

interface Joined {
  brain: WebSocket;
  /** What the phone said before the brain's socket was open. */
  early: string[];
}

interface Phone {
  readonly data: Joined;
  send(text: string): number;
  close(code: number): void;
}

/** What this file uses of Bun; its own types would redefine globals for the whole project. */
declare const Bun: {
  serve(options: {
    port: number;
    hostname: string;
    fetch(
      request: Request,
      server: { upgrade(request: Request, options: { data: Joined }): boolean },
    ): Response | undefined;
    websocket: {
      open(phone: Phone): void;
      message(phone: Phone, text: string): void;
      close(phone: Phone): void;
    };
  }): unknown;
};

Bun.serve({
  port: Number(port),
  hostname: "127.0.0.1",
  fetch(request, server) {
    if (request.method === "POST") {
      const twiml = `<Response><Connect><Stream url="wss://127.0.0.1/s"/></Connect></Response>`;
      return new Response(twiml, { headers: { "content-type": "text/xml" } });
    }
    // Bun offers compression by default, and both sides would then pay for it.
    const brain = new BunWebSocket(brainUrl, { perMessageDeflate: false });
    if (server.upgrade(request, { data: { brain, early: [] } })) return undefined;
    brain.close();
    return new Response("Not a WebSocket", { status: 426 });
  },
  websocket: {
    open(phone) {
      const { brain, early } = phone.data;
      brain.onopen = () => early.splice(0).forEach((text) => brain.send(text));
      brain.onmessage = (event) => phone.send(event.data as string);
      brain.onclose = () => phone.close(1000);
    },
    message({ data: { brain, early } }, text) {
      if (brain.readyState === WebSocket.OPEN) brain.send(text);
      else early.push(text);
    },
    close: ({ data }) => data.brain.close(),
  },
});
console.log(`copy relay on ${port}`);
