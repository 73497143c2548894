/**
 * The sockets that calls run on: whether small messages leave at once. No API of ours shows a
 * socket's options, so their effect is looked at instead.
 *
 * With Nagle's algorithm on (RFC 896), a small message waits until the one before it is acknowledged,
 * and Linux holds acknowledgements back for 40 ms (RFC 1122, 4.2.3.2, allows 500). So two small
 * messages in a row show it, even on loopback. Measured with node:net on Bun 1.4.5 and Deno 2.9.6: a
 * round takes 0.04 to 0.2 ms, and 84 to 88 ms with Nagle switched on at both ends.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import WebSocket from "ws";
import type { Runtime, ServerSocket } from "../../runtime/runtime.ts";
import { type Finding, findingsOf, median, showMs, type Visit } from "./finding.ts";

const { good, poor } = findingsOf("This machine");

const ROUNDS = 20;
/** Well below the 40 ms that a held-back acknowledgement takes, well above a busy machine's noise. */
const STALL_MS = 30;
/** One or two rounds may be late because something else ran; Nagle makes most of them late. */
const MOST_STALLS = 2;
const ROUND_TIMEOUT_MS = 2000;

export async function* checkSockets({ runtime }: Visit): AsyncGenerator<Finding> {
  try {
    yield pairFinding(runtime, await measurePairs(runtime));
  } catch (error) {
    yield poor("small messages", `loopback: ${(error as Error).message}`, {
      advice: "A server on 127.0.0.1 can't be reached: look at the firewall",
    });
  }
  const control = await read("/proc/sys/net/ipv4/tcp_congestion_control");
  const write = await read("/proc/sys/net/ipv4/tcp_wmem");
  if (control && write) {
    const [, startBytes] = write.split(/\s+/);
    yield good(
      "kernel",
      `${control}, send buffers begin at ${Math.round(Number(startBytes) / 1024)} KiB`,
    );
  }
}

async function read(path: string): Promise<string | null> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch {
    return null;
  }
}

function pairFinding({ name, version }: Runtime, roundsMs: readonly number[]): Finding {
  const p50Ms = median(roundsMs);
  const maxMs = Math.max(...roundsMs);
  const stalls = roundsMs.filter((ms) => ms > STALL_MS).length;
  const values = { p50Ms, maxMs, stalls, rounds: ROUNDS };
  const round = `there and back p50 ${showMs(p50Ms)}, longest ${showMs(maxMs)}`;
  return stalls <= MOST_STALLS
    ? good("small messages", `leave at once, TCP_NODELAY is in force; ${round}`, { values })
    : poor("small messages", `${stalls} of ${ROUNDS} waited; ${round}`, {
      advice:
        `Nagle's algorithm is on, which ${name} ${version} is not known for, or the CPU stalls`,
      values,
    });
}

/**
 * A server of this runtime and a client as the brain's, on loopback. In each round either side sends
 * two small messages in a row.
 *
 * @returns How long each round took, ms.
 */
async function measurePairs(runtime: Runtime): Promise<number[]> {
  let socket: ServerSocket | null = null;
  const server = await runtime.serve({
    port: 0,
    hostname: "127.0.0.1",
    limits: {
      maxMessageBytes: 1024,
      pingSeconds: 5,
      pongTimeoutSeconds: 20,
      maxBufferedBytes: 1024 * 1024,
    },
  }, (_request, { upgrade }) =>
    upgrade({
      open: (opened) => void (socket = opened),
      text(text) {
        if (text !== "second") return;
        inTwo(() => socket?.send("first"), () => socket?.send("second"));
      },
      binary() {},
      close() {},
    }));
  const client = new WebSocket(`ws://127.0.0.1:${server.port}/`, { perMessageDeflate: false });
  try {
    await new Promise<void>((resolve, reject) => {
      client.once("open", () => resolve());
      client.once("error", (error: Error) => reject(error));
    });
    return await rounds(client);
  } finally {
    client.terminate();
    await server.stop();
  }
}

/** One after the other, each in a turn of the loop of its own: Bun gathers the writes of one turn. */
function inTwo(first: () => void, second: () => void): void {
  first();
  setImmediate(second);
}

/** The two-message rounds of a client against a server that answers in kind. */
export async function rounds(
  client: Pick<WebSocket, "send" | "on" | "off">,
): Promise<number[]> {
  const roundsMs: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const startMs = performance.now();
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no answer within ${ROUND_TIMEOUT_MS} ms`)),
        ROUND_TIMEOUT_MS,
      );
      const read = (data: unknown) => {
        if (String(data) !== "second") return;
        clearTimeout(timer);
        client.off("message", read);
        resolve();
      };
      client.on("message", read);
      inTwo(() => client.send("first"), () => client.send("second"));
    });
    roundsMs.push(performance.now() - startMs);
  }
  return roundsMs;
}
