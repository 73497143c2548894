/**
 * How many calls a server has, by its own word.
 *
 * @module
 */

import type { TestServer } from "../server.ts";

export async function liveCalls(server: TestServer): Promise<number> {
  const health = await (await fetch(`${server.url}/health`)).json();
  return health.calls.live;
}

/** A call's place is free when Twilio has answered the hang-up, and the leg is closed. */
export async function untilNoCalls(server: TestServer): Promise<void> {
  for (let i = 0; i < 100; i++) {
    if (await liveCalls(server) === 0) return;
    await new Promise((go) => setTimeout(go, 50));
  }
  throw new Error(`${await liveCalls(server)} calls are still live`);
}
