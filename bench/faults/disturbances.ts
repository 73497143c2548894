/**
 * What may happen to a call, and what we aim at when it does. A new kind is a new entry: its settings,
 * and what is done to a call.
 *
 * @module
 */

import type { LinkFault } from "../../tests/faults/rude_socket.ts";
import type { Random } from "../vad/random.ts";
import type { OpenPlace, Strike } from "./measured_call.ts";

export interface Disturbance {
  /** As the table calls it. */
  readonly name: string;
  /** What the table says of it. */
  readonly how: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Where the calls are made, if one server and one brain are not enough. */
  readonly open?: (env: Readonly<Record<string, string>>) => Promise<OpenPlace>;
  /** Done to a call at a random moment; absent when it comes of the settings alone. */
  readonly strike?: (random: Random) => Strike;
  readonly aim: { readonly silenceMs: number; readonly words: number };
}

/** The upgrade over a network of 40 ms: TCP, TLS and HTTP take a round trip each. */
export const UPGRADE_MS = 120;

const LOSSES: readonly (LinkFault | "expired")[] = [
  "drop",
  "reset",
  "close",
  "half-close",
  "expired",
];

export const DISTURBANCES: Readonly<Record<string, Disturbance>> = {
  link: {
    name: "a lost link",
    how: "FIN, RST, close 1011, half-close or `session_expired`, at any moment",
    strike: (random) => {
      const loss = random.pick(LOSSES);
      return async (call, { brain }) => {
        // Before the first frame of the call there is no link that is known to be its own.
        const own = () => brain.linkOf(call.number);
        const link = await call.phone.waitFor(own, 3000, "the call's link");
        if (loss === "expired") link.expire();
        else link.break(loss);
      };
    },
    aim: { silenceMs: UPGRADE_MS + 300, words: 0 },
  },
  rotation: {
    name: "a rotation",
    how: "`EARSHOT_SESSION_LIMIT_MS=4000`: each session is replaced after 4 s",
    env: { EARSHOT_SESSION_LIMIT_MS: "4000" },
    aim: { silenceMs: 300, words: 0 },
  },
};
