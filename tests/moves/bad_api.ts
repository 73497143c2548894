/**
 * Twilio's REST API on a bad day, in front of the stand-in.
 *
 * @module
 */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface BadApi {
  readonly url: string;
  /** The stand-in, which acts. */
  good: string;
  /** The forms that came. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** @param fault `fails after it has acted` is meant for the first request; the next ones are well. */
export async function startBadApi(
  fault: "fails" | "hangs" | "fails after it has acted",
): Promise<BadApi> {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    let form = "";
    for await (const piece of request) form += piece;
    asked.push(form);
    if (fault === "hangs") return;
    if (fault === "fails after it has acted") {
      const { method, headers } = request;
      await fetch(new URL(request.url!, api.good), {
        method: method!,
        headers: {
          authorization: headers.authorization!,
          "content-type": "application/x-www-form-urlencoded",
        },
        body: form,
      });
    }
    response.writeHead(fault === "fails" || asked.length === 1 ? 503 : 200).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const api: BadApi = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    good: "",
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return api;
}
