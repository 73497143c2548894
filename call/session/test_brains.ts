/**
 * For tests of a call's sessions: brains whose links are in the test's hands.
 *
 * @module
 */

import type { Brain, BrainHandlers, BrainLink } from "../../brain/brain.ts";
import { Circuit } from "../../brain/circuit.ts";
import { UpstreamError } from "../../brain/errors.ts";
import { FakeClock } from "../../brain/test_session.ts";
import { PCMU } from "../../media/format.ts";
import { BrainSession, type BrainSessionSettings } from "./session.ts";

/** A brain whose links are in the test's hands. */
export class Hand implements Brain {
  readonly name = "openai";
  readonly links: { handlers: BrainHandlers; sent: string[]; closed: boolean }[] = [];

  constructor(readonly model = "m") {}

  connect(handlers: BrainHandlers): BrainLink {
    const link = { handlers, sent: [] as string[], closed: false };
    this.links.push(link);
    return {
      send: (text) => (link.sent.push(text), true),
      bufferedBytes: () => 0,
      close: () => void (link.closed = true),
    };
  }

  says(n: number, event: Record<string, unknown>): void {
    this.links[n]!.handlers.message(JSON.stringify(event));
  }

  stands(n: number, session: Record<string, unknown> = {}): void {
    this.says(n, { type: "session.updated", session });
  }

  drops(n: number, code = "closed_1006", retryable = true): void {
    this.links[n]!.handlers.closed(new UpstreamError("gone", code, retryable));
  }
}

export const SETTINGS: BrainSessionSettings = {
  instructions: "",
  voice: "marin",
  format: PCMU,
  turns: "server",
  silenceMs: 200,
  eagerness: "auto",
  connectTimeoutMs: 3000,
  sessionLimitMs: 3_300_000,
};

export function opened(
  brains = [new Hand()],
  settings: Partial<BrainSessionSettings> = {},
  inPause = false,
) {
  const told: string[] = [];
  const clock = new FakeClock();
  const circuits = brains.map(() => new Circuit());
  const upstreams = brains.map((brain, n) => ({ brain, circuit: circuits[n]! }));
  const session = new BrainSession(
    upstreams,
    {
      instructions: "",
      voice: "marin",
      format: PCMU,
      turns: "server",
      silenceMs: 200,
      eagerness: "auto",
      connectTimeoutMs: 3000,
      sessionLimitMs: 3_300_000,
      ...settings,
    },
    clock,
    {
      ready: () => told.push("ready"),
      audio: (responseId) => told.push(`audio ${responseId}`),
      said: (event) => told.push(event.type),
      lost: ({ code }) => told.push(`lost ${code}`),
      attemptFailed: ({ model }, { code }) => told.push(`${model} ${code}`),
      failed: ({ code }) => told.push(`failed ${code}`),
      inPause: () => inPause,
      problem: () => told.push("problem"),
    },
  );
  return { brain: brains[0]!, told, session, clock, circuits };
}

export const delta = (id: string) => ({
  type: "response.output_audio.delta",
  response_id: id,
  item_id: "i",
  delta: "AAAA",
});
