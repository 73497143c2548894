/**
 * A link to a brain whose handlers keep what they are told.
 *
 * @module
 */

import type { BrainLink } from "../brain.ts";
import type { UpstreamError } from "../errors.ts";
import { createOpenAiBrain, type OpenAiSettings } from "./openai.ts";

const MODEL = "gpt-realtime-2.1";

/** A link whose handlers keep what they are told. */
interface Dialled {
  readonly link: BrainLink;
  readonly messages: string[];
  closes: number;
  /** Resolves with the first `closed`. */
  readonly closed: Promise<UpstreamError | undefined>;
}

export function dial(settings: Partial<OpenAiSettings>, heard?: (text: string) => void): Dialled {
  const { promise, resolve } = Promise.withResolvers<UpstreamError | undefined>();
  const messages: string[] = [];
  const brain = createOpenAiBrain({ model: MODEL, connectTimeoutMs: 2000, ...settings });
  const dialled = {
    messages,
    closes: 0,
    closed: promise,
    link: brain.connect({
      message(text) {
        messages.push(text);
        heard?.(text);
      },
      closed(error) {
        dialled.closes++;
        resolve(error);
      },
    }),
  };
  return dialled;
}

/** What callers decide by. */
export const told = (error?: UpstreamError) => error && [error.code, error.status, error.retryable];

export async function until(what: string, holds: () => boolean): Promise<void> {
  for (const endMs = performance.now() + 2000; !holds();) {
    if (performance.now() > endMs) throw new Error(`Waited in vain for: ${what}`);
    await new Promise((go) => setTimeout(go, 2));
  }
}
