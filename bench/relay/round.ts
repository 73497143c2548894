/**
 * One round of the relay bench: a fresh server, N phones that talk all the time, a brain that talks
 * all the time, and what passed between them in the measured seconds.
 *
 * @module
 */

import { Phone } from "../../cli/phone/phone.ts";
import { Ticker } from "../../cli/phone/ticker.ts";
import { type FakeBrain, startFakeBrain } from "./fake_brain.ts";
import { Samples } from "./samples.ts";
import { type CpuMs, freePort, type ServerProcess } from "./server_process.ts";
import { readStamp, writeStamp } from "./stamp.ts";

/** How to start a server that relays between a phone and a brain. */
export interface Contender {
  readonly name: string;
  /** Null: no server, phones call the brain, which is the floor of the harness. */
  start(port: number, brainPort: number, calls: number): ServerProcess | null;
}

/** Times in ms; delays are p50, p99 and the worst. */
export interface RoundResult {
  readonly contender: string;
  readonly calls: number;
  readonly cpuPerFrameUs: number;
  readonly serverCpuPercent: number;
  readonly loadCpuPercent: number;
  /** What neither server nor load used, steal included. */
  readonly othersCpuPercent: number;
  readonly memoryMib: number;
  readonly up: readonly number[];
  readonly down: readonly number[];
  readonly framesUp: number;
  readonly framesDown: number;
  /** Frames that should have passed, by the clock. */
  readonly framesDue: number;
  /** Messages a second that phones received: fewer than frames when the relay gathers them. */
  readonly messagesDown: number;
  /** Marks that the relay asked for: each is one more message down and one more up. */
  readonly marks: number;
  /** How late the generator's own timer was, p99 and worst. */
  readonly lateP99Ms: number;
  readonly lateWorstMs: number;
  /** What makes the figures doubtful; empty when nothing does. */
  readonly doubts: readonly string[];
}

const FRAME_BYTES = 160;
/** Phones dial this far apart, so that their frames spread over the 20 ms. */
const DIAL_EVERY_MS = 7.3;

/**
 * Runs one round.
 *
 * @param seconds Measured time.
 * @param warmUpSeconds Time before it, in which the server's JIT settles.
 * @throws {Error} When the server does not start or calls do not begin.
 */
export async function runRound(
  contender: Contender,
  calls: number,
  seconds: number,
  warmUpSeconds: number,
): Promise<RoundResult> {
  const limit = calls * seconds * 60;
  const up = new Samples(limit);
  const down = new Samples(limit);
  const ticker = new Ticker();
  let unstamped = 0;
  let messagesDown = 0;
  const brain = await startFakeBrain({
    ticker,
    heard(sentAtMs, atMs) {
      if (Number.isNaN(sentAtMs)) unstamped++;
      else up.add(atMs - sentAtMs);
    },
  });
  const port = await freePort();
  const server = contender.start(port, brain.port, calls);
  const origin = `http://127.0.0.1:${server === null ? brain.port : port}`;
  const phones: Phone[] = [];
  try {
    await server?.ready(origin);
    for (let i = 0; i < calls; i++) {
      const phone = new Phone({
        webhookUrl: `${origin}/twilio/voice`,
        connectTo: origin,
        ticker,
        keepHeardMs: 1000,
        keepMessages: 100,
        fillFrame: (frame) => writeStamp(frame, performance.now()),
        onMedia: (bytes, atMs) => {
          messagesDown++;
          for (let at = 0; at < bytes.length; at += FRAME_BYTES) {
            const sentAtMs = readStamp(bytes, at);
            if (Number.isNaN(sentAtMs)) unstamped++;
            else down.add(atMs - sentAtMs);
          }
        },
      });
      phones.push(phone);
      phone.dial();
      await sleep(DIAL_EVERY_MS);
    }
    await phones[0]!.waitFor(
      () => phones.every((phone) => phone.end ?? !Number.isNaN(phone.times.streamStartedAtMs)),
      15_000,
      "all calls to begin",
    );
    await sleep(warmUpSeconds * 1000);
    up.reset();
    down.reset();
    unstamped = messagesDown = 0;
    ticker.resetLateness();
    const marksBefore = countMarks(phones);
    const cpuBefore = cpu(server);
    const startMs = performance.now();
    await sleep(seconds * 1000);
    const cpuAfter = cpu(server);
    const elapsedMs = performance.now() - startMs;
    const memoryMib = server?.memoryMib() ?? NaN;
    const lateness = ticker.lateness();
    const used = {
      server: cpuAfter.server - cpuBefore.server,
      load: cpuAfter.load - cpuBefore.load,
      machine: cpuAfter.machine - cpuBefore.machine,
    };
    const framesDue = Math.round(calls * elapsedMs / 20);
    return {
      contender: contender.name,
      calls,
      cpuPerFrameUs: used.server * 1000 / (up.count + down.count),
      serverCpuPercent: used.server / elapsedMs * 100,
      loadCpuPercent: used.load / elapsedMs * 100,
      // The kernel rounds each account by itself, so a quiet machine can come out below zero.
      othersCpuPercent: Math.max(0, used.machine - used.server - used.load) / elapsedMs * 100,
      memoryMib,
      up: up.quantiles(0.5, 0.99, 1),
      down: down.quantiles(0.5, 0.99, 1),
      framesUp: up.count,
      framesDown: down.count,
      framesDue,
      messagesDown,
      marks: countMarks(phones) - marksBefore,
      lateP99Ms: lateness.p99Ms,
      lateWorstMs: lateness.worstMs,
      doubts: [
        ...doubtsOf(phones, brain, unstamped),
        ...(up.count < framesDue * 0.99 ? [`only ${up.count} of ${framesDue} frames up`] : []),
        ...(down.count < framesDue * 0.99
          ? [`only ${down.count} of ${framesDue} frames down`]
          : []),
        ...(lateness.p99Ms > 5
          ? [`the generator did not keep pace: ${lateness.p99Ms.toFixed(1)} ms late at p99`]
          : []),
      ],
    };
  } finally {
    await Promise.all(phones.map((phone) => phone.hangUp()));
    await server?.stop();
    await brain.close();
  }
}

function doubtsOf(phones: Phone[], brain: FakeBrain, unstamped: number): string[] {
  const doubts: string[] = [];
  const dead = phones.filter((phone) => phone.end !== undefined);
  if (dead.length > 0) doubts.push(`${dead.length} calls ended early: ${dead[0]!.describe()}`);
  const violation = phones.map((phone) => phone.end ? undefined : phone.stream.violations.last())
    .find((found) => found !== undefined);
  if (violation !== undefined) doubts.push(`Twilio would object: ${violation.detail}`);
  if (brain.counts.interruptions > 0) doubts.push(`${brain.counts.interruptions} interruptions`);
  if (brain.counts.unknown > 0) doubts.push(`${brain.counts.unknown} unknown client events`);
  if (unstamped > 0) doubts.push(`${unstamped} frames without a stamp`);
  return doubts;
}

function countMarks(phones: Phone[]): number {
  return phones.reduce((sum, phone) => sum + (phone.end ? 0 : phone.stream.echoes.total), 0);
}

function cpu(server: ServerProcess | null): CpuMs {
  return server?.cpuMs() ?? { server: 0, load: 0, machine: 0, steal: 0 };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
