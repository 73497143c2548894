/**
 * The brain: how far away it is, step by step, and whether it takes the session that a call asks for.
 * Nothing is said to it, so a visit costs nothing.
 *
 * @module
 */

import { OPENAI_DEFAULTS } from "../../brain/openai/openai.ts";
import { defaultModel } from "../../brain/prices.ts";
import { updateSession } from "../../brain/openai/requests.ts";
import { checkSession, sessionRequest, type SessionWish } from "../../brain/openai/session.ts";
import type { Config } from "../../config.ts";
import { PCMU } from "../../media/format.ts";
import { WireError } from "./dial.ts";
import { count, type Finding, findingsOf, median, showMs, type Visit } from "./finding.ts";
import { openWire, type Wire } from "./wire.ts";

const { good, poor, skipped } = findingsOf("Brain");

/** Sessions that are opened, one after the other: each call opens one. */
const SESSIONS = 3;
const PINGS = 10;

/** From here on, callers notice. */
const LIMITS_MS = {
  /** Names are cached after the first time; until then each call would wait. */
  name: 200,
  /** Every turn of every call takes at least one round trip. */
  roundTrip: 150,
  /** A greeting can't begin before the session stands. */
  ready: 2000,
  /** How much one round trip may differ from the others: jitter is heard as gaps. */
  jitter: 100,
};

export function modelOf(config: Config): string {
  return config.OPENAI_REALTIME_MODEL ?? defaultModel;
}

interface Session {
  readonly wire: Wire;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly differences: readonly string[];
}

export async function* checkBrain(visit: Visit): AsyncGenerator<Finding> {
  const { config, clocks } = visit;
  if (!config) return;
  if (config.brain === "echo") {
    yield skipped(
      "connection",
      "the echo brain is part of earshot: there is nowhere to connect to",
    );
    return;
  }
  const url = new URL(config.OPENAI_REALTIME_URL ?? OPENAI_DEFAULTS.url);
  const sessions: Session[] = [];
  try {
    for (let i = 0; i < SESSIONS; i++) {
      const session = await openSession(url, config, visit.timeoutMs);
      sessions.push(session);
      const { date } = session.wire;
      if (date) clocks.push({ host: url.hostname, ...date });
      if (i < SESSIONS - 1) session.wire.close();
    }
    const { wire } = sessions.at(-1)!;
    const pingsMs: number[] = [];
    for (let i = 0; i < PINGS; i++) pingsMs.push(await wire.ping());
    yield* timings(url, sessions);
    yield roundTrip(pingsMs);
    yield agreement(sessions[0]!);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    yield poor("connection", error.at(url.host), { advice: adviceFor(error) });
  } finally {
    for (const { wire } of sessions) wire.close();
  }
}

async function openSession(url: URL, config: Config, timeoutMs: number): Promise<Session> {
  const target = new URL(url);
  target.searchParams.set("model", modelOf(config));
  const key = config.OPENAI_API_KEY;
  const headers: Record<string, string> = key ? { Authorization: `Bearer ${key}` } : {};
  const wire = await openWire(target, { timeoutMs, headers });
  try {
    const startMs = performance.now();
    await eventOf(wire, "session.created");
    const createdMs = performance.now() - startMs;
    const wish = wishOf(config);
    wire.send(updateSession(sessionRequest(wish)));
    const updated = await eventOf(wire, "session.updated");
    const updatedMs = performance.now() - startMs - createdMs;
    return { wire, createdMs, updatedMs, differences: differencesIn(wish, updated.session) };
  } catch (error) {
    wire.close();
    throw error;
  }
}

/** What a phone call asks for. */
function wishOf({ call }: Config): SessionWish {
  return { ...call, format: PCMU };
}

function differencesIn(wish: SessionWish, session: unknown): readonly string[] {
  try {
    return checkSession(wish, session).differences;
  } catch (error) {
    return [(error as Error).message];
  }
}

/** The next event of a type; an `error` before it is a failure. */
async function eventOf(wire: Wire, type: string): Promise<Record<string, unknown>> {
  for (;;) {
    let event: Record<string, unknown>;
    try {
      event = JSON.parse(await wire.next());
    } catch (error) {
      if (error instanceof WireError) {
        throw new WireError("messages", `${error.message}, waiting for ${type}`);
      }
      throw new WireError("messages", "a message is not JSON");
    }
    if (event?.type === type) return event;
    if (event?.type === "error") {
      const { code } = (event.error ?? {}) as { code?: unknown };
      throw new WireError("messages", `an error instead of ${type}`, undefined, String(code));
    }
  }
}

function* timings(url: URL, sessions: readonly Session[]): Generator<Finding> {
  const first = sessions[0]!.wire;
  const nameMs = first.times.nameMs;
  const dead = first.deadAddresses.length;
  const addresses = count(first.addresses.length, "address", "addresses");
  const name = `${url.hostname}, ${addresses} in ${showMs(nameMs)}`;
  if (dead > 0) {
    yield poor("name", `${name}; ${dead} did not answer`, {
      advice: "Each connection may wait for these first: does this machine's IPv6 work?",
      values: { nameMs, deadAddresses: dead },
    });
  } else if (nameMs > LIMITS_MS.name) {
    const advice = "Use a nearer DNS resolver";
    yield poor("name", name, { advice, values: { nameMs } });
  } else yield good("name", name, { values: { nameMs } });

  const of = (read: (session: Session) => number) => median(sessions.map(read));
  const tcpMs = of(({ wire }) => wire.times.tcpMs);
  const tlsMs = first.times.tlsMs === null ? null : of(({ wire }) => wire.times.tlsMs ?? 0);
  const upgradeMs = of(({ wire }) => wire.times.upgradeMs);
  const createdMs = of((session) => session.createdMs);
  const updatedMs = of((session) => session.updatedMs);
  const readyMs = tcpMs + (tlsMs ?? 0) + upgradeMs + createdMs + updatedMs;
  const tlsText = tlsMs === null ? "" : `, ${first.tlsVersion ?? "TLS"} ${showMs(tlsMs)}`;
  yield good("connect", `TCP ${showMs(tcpMs)}${tlsText}, upgrade ${showMs(upgradeMs)}`, {
    values: { tcpMs, tlsMs, upgradeMs },
  });
  const measured = `created ${showMs(createdMs)}, updated ${showMs(updatedMs)}; ready after ${
    showMs(readyMs)
  }`;
  const values = { createdMs, updatedMs, readyMs };
  yield readyMs <= LIMITS_MS.ready ? good("session", measured, { values }) : poor(
    "session",
    measured,
    { values, advice: `Callers hear nothing for that long; up to ${LIMITS_MS.ready} ms is usual` },
  );
}

function roundTrip(pingsMs: readonly number[]): Finding {
  const p50Ms = median(pingsMs);
  const maxMs = Math.max(...pingsMs);
  const measured = `p50 ${showMs(p50Ms)}, longest of ${PINGS} ${showMs(maxMs)}`;
  const values = { p50Ms, maxMs };
  if (p50Ms > LIMITS_MS.roundTrip) {
    const advice = "Every answer waits for it: run earshot in a region nearer to the brain";
    return poor("round trip", measured, { advice, values });
  }
  if (maxMs - p50Ms > LIMITS_MS.jitter) {
    const advice =
      "The network between here and the brain is uneven: look for a busy or lossy link";
    return poor("round trip", measured, { advice, values });
  }
  return good("round trip", measured, { values });
}

function agreement({ differences }: Session): Finding {
  if (differences.length === 0) {
    return good("agreement", "the brain takes the session as asked, with audio/pcmu both ways");
  }
  return poor("agreement", differences.join("; "), {
    advice: "The endpoint does not do all that a call asks for: look at its documentation",
  });
}

function adviceFor({ stage, status, code }: WireError): string {
  if (code === "model_not_found") return "The key has no access to OPENAI_REALTIME_MODEL";
  if (code === "insufficient_quota") return "The account has no credit left";
  if (status === 401 || status === 403) return "OPENAI_API_KEY is refused: is it the right one?";
  if (status === 404) return "There is no Realtime API at this URL: look at OPENAI_REALTIME_URL";
  if (status === 429) return "The account's limit is reached";
  if (status !== undefined && status >= 500) return "The brain is in trouble: try again later";
  if (stage === "name") return "Is the name right, and does this machine have DNS?";
  if (stage === "TCP") {
    return "Nothing answers there: a firewall, a wrong port, or the server is down";
  }
  if (stage === "TLS") return "The certificate is not trusted: is a proxy in between?";
  if (stage === "upgrade") return "What answers there is no WebSocket: look at OPENAI_REALTIME_URL";
  return "The endpoint does not speak the Realtime protocol as OpenAI does";
}
