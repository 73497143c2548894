/**
 * The echo brain: the embedded brain that needs no key. It answers speech with that speech and text
 * with that text, behind a Realtime server.
 *
 * @module
 */

import type { Brain } from "../brain.ts";
import { createEmbeddedBrain } from "../realtime/embedded.ts";
import { RealtimeServer } from "../realtime/server.ts";
import { Echo } from "./echo.ts";
import { type EchoSettings, resolveEchoSettings } from "./settings.ts";

/**
 * The echo brain for whoever speaks the protocol.
 *
 * @throws {RangeError} When a setting is out of range.
 */
export function createEchoServer(settings: Partial<EchoSettings> = {}): RealtimeServer {
  const resolved = resolveEchoSettings(settings);
  return new RealtimeServer(new Echo(resolved), resolved);
}

/**
 * The echo brain for calls of this process.
 *
 * @throws {RangeError} When a setting is out of range.
 */
export function createEchoBrain(settings: Partial<EchoSettings> = {}): Brain {
  return createEmbeddedBrain("echo", createEchoServer(settings));
}
