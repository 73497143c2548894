/**
 * Waits for a WebSocket to open, and names a failure with Twilio's error code.
 *
 * @module
 */

import type { WebSocket } from "ws";
import { TwilioError } from "./twilio_error.ts";

/**
 * Resolves when the upgrade is done; otherwise the socket is torn down.
 *
 * @throws {TwilioError} 31920 when the server refuses the upgrade, 31901 when it cannot be reached
 *   in time.
 */
export function whenOpen(socket: WebSocket, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let opened = false;
    const fail = (error: TwilioError) => {
      if (opened) return;
      clearTimeout(deadline);
      socket.on("error", () => {});
      socket.terminate();
      reject(error);
    };
    const deadline = setTimeout(
      () => fail(new TwilioError(31901, `No upgrade within ${timeoutMs} ms`)),
      timeoutMs,
    );
    socket.on("unexpected-response", (_request, response) => {
      fail(new TwilioError(31920, `Upgrade answered with status ${response.statusCode}`));
    });
    socket.on("error", (error: Error) => {
      // Bun's own `ws` reports a refused upgrade here, with the status in the text.
      const refused = /Expected 101|Unexpected server response/.test(error.message);
      fail(new TwilioError(refused ? 31920 : 31901, `Cannot open the stream: ${error.message}`));
    });
    socket.on("open", () => {
      opened = true;
      clearTimeout(deadline);
      resolve();
    });
    socket.on("close", (code: number) => {
      fail(new TwilioError(31920, `Closed before the upgrade (${code})`));
    });
  });
}
