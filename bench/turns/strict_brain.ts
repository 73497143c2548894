/**
 * A stand-in for the Realtime API for benches and tests, as a server on a port of its own.
 *
 * @module
 */

import type { BrainSession, ScriptedBrain } from "../../tests/scripted_brain.ts";
import { startScriptedBrain } from "../../tests/scripted_brain.ts";
import { type BrainSettings, STRICT_BRAIN_DEFAULTS } from "./brain_settings.ts";
import { Conversation } from "./conversation.ts";

export type { Conversation };

export interface StrictBrain {
  readonly url: string;
  /** In the order in which calls came. */
  readonly conversations: Conversation[];
  close(): Promise<void>;
}

/** @param forCall What differs for the n-th call, counted from 0. */
export async function startStrictBrain(
  given: Partial<BrainSettings> = {},
  forCall: (n: number) => Partial<BrainSettings> = () => ({}),
): Promise<StrictBrain> {
  const settings = { ...STRICT_BRAIN_DEFAULTS, ...given };
  const conversations: Conversation[] = [];
  const bySession = new Map<BrainSession, Conversation>();
  const brain: ScriptedBrain = await startScriptedBrain({
    confirms: false,
    onSession(session) {
      const n = settings.firstCall + conversations.length;
      const own = { ...settings, ...forCall(conversations.length) };
      const conversation = new Conversation(session.send, own, n);
      conversations.push(conversation);
      bySession.set(session, conversation);
    },
    onText: (text, session) => bySession.get(session)!.take(text),
  });
  return { url: brain.url, conversations, close: () => brain.close() };
}
