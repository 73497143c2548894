/**
 * The way in: whether earshot runs here, and whether PUBLIC_URL leads to it, for requests and for
 * WebSockets.
 *
 * @module
 */

import { WireError } from "./dial.ts";
import { type Finding, findingsOf, median, showMs, type Visit } from "./finding.ts";
import { ask } from "./http.ts";
import { openWire } from "./wire.ts";

const { good, poor, skipped } = findingsOf("Way in");

/** Two answers that put the server's start this close together are of one server. */
const SAME_START_MS = 3000;
const PINGS = 5;

/** What we read of `GET /health`. */
interface Health {
  readonly status?: string;
  readonly warnings?: readonly string[];
  readonly uptimeMs?: number;
  readonly version?: string;
  readonly region?: string;
  readonly instance?: string;
  readonly calls?: { readonly live?: number; readonly max?: number };
  readonly latencyMs?: { readonly count?: number; readonly p50?: number; readonly p95?: number };
}

interface SeenHealth {
  readonly health: Health;
  readonly startedAtMs: number;
  readonly ms: number;
}

export async function* checkWayIn(visit: Visit): AsyncGenerator<Finding> {
  const { config } = visit;
  if (!config) return;
  let here: SeenHealth | null = null;
  const local = new URL("/health", `http://${localHost(config.HOST)}:${config.PORT}`);
  try {
    here = await healthAt(visit, local);
    yield* hereFindings(here);
  } catch (error) {
    yield skipped("here", `no earshot answers at ${local.host}: ${(error as Error).message}`, {
      advice: "Start it, and its own figures are looked at too",
    });
  }
  const { PUBLIC_URL: publicUrl } = config;
  if (!publicUrl) {
    const measured = "PUBLIC_URL is not set";
    yield config.TWILIO_AUTH_TOKEN
      ? poor("PUBLIC_URL", measured, {
        advice: "Set it to what Twilio calls: behind TLS, signatures can't match without it",
      })
      : skipped("PUBLIC_URL", measured);
    return;
  }
  const wrong = shapeOf(new URL(publicUrl));
  if (wrong) yield wrong;
  let there: SeenHealth;
  try {
    there = await healthAt(visit, new URL("/health", publicUrl), true);
  } catch (error) {
    yield poor("reach", `${new URL(publicUrl).host}: ${(error as Error).message}`, {
      advice: "Twilio can't reach it either: is the tunnel or the deployment up?",
    });
    return;
  }
  yield reachFinding(there, here);
  yield await socketFinding(visit, publicUrl);
}

/** The address at which a server that listens on `host` is reached from here. */
function localHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

async function healthAt(visit: Visit, url: URL, clocks = false): Promise<SeenHealth> {
  const { timeoutMs } = visit;
  const answer = await ask(url, { timeoutMs, clocks: clocks ? visit.clocks : undefined });
  if (answer.status !== 200) throw new Error(`/health answers with ${answer.status}`);
  const health = answer.json as Health | null;
  if (typeof health?.uptimeMs !== "number" || typeof health.instance !== "string") {
    throw new Error("/health is not earshot's");
  }
  return { health, startedAtMs: Date.now() - health.uptimeMs, ms: answer.ms };
}

function* hereFindings({ health }: SeenHealth): Generator<Finding> {
  const { status, version, calls, latencyMs } = health;
  const answers = latencyMs?.count
    ? `, answers p50 ${showMs(latencyMs.p50 ?? 0)}, p95 ${showMs(latencyMs.p95 ?? 0)}`
    : "";
  const live = `${calls?.live ?? 0} of ${calls?.max ?? "?"} calls`;
  const measured = `earshot ${version} is ${status}, ${live}${answers}`;
  const values = { status: status ?? null, liveCalls: calls?.live ?? null };
  yield status === "ok" ? good("here", measured, { values }) : poor("here", measured, {
    values,
    advice: status === "full"
      ? "Raise EARSHOT_MAX_CALLS if the machine can, or add machines"
      : "It takes no new calls: a stop was asked for",
  });
  for (const warning of health.warnings ?? []) {
    yield poor("here", warning, { advice: "Give it a larger or a dedicated CPU, or fewer calls" });
  }
}

function shapeOf(url: URL): Finding | null {
  if (url.protocol !== "https:") {
    return poor("PUBLIC_URL", `${url.origin} is not https`, {
      advice: "Twilio's media streams come over wss:// alone: put TLS in front",
    });
  }
  return null;
}

function reachFinding(there: SeenHealth, here: SeenHealth | null): Finding {
  const { version, region, instance } = there.health;
  const name = `earshot ${version} (${region}, ${instance})`;
  const values = { ms: there.ms, instance: instance ?? null };
  if (!here) return good("reach", `${name} answers in ${showMs(there.ms)}`, { values });
  const same = here.health.instance === instance &&
    Math.abs(here.startedAtMs - there.startedAtMs) < SAME_START_MS;
  if (same) return good("reach", `this server answers in ${showMs(there.ms)}`, { values });
  return poor("reach", `another one answers: ${name}`, {
    advice: "PUBLIC_URL leads elsewhere than to the server that runs here",
    values,
  });
}

/**
 * Streams need WebSockets, which some proxies don't let through. The embedded brain opens one for the
 * operator; a refusal of its own shows at least that the request for one came through.
 */
async function socketFinding(visit: Visit, publicUrl: string): Promise<Finding> {
  const url = new URL("/v1/realtime", publicUrl);
  try {
    const token = visit.env.EARSHOT_ADMIN_TOKEN;
    const headers = token ? { Authorization: `Bearer ${token}` } : undefined;
    const wire = await openWire(url, { timeoutMs: visit.timeoutMs, headers });
    try {
      await wire.next();
      const pingsMs: number[] = [];
      for (let i = 0; i < PINGS; i++) pingsMs.push(await wire.ping());
      const p50Ms = median(pingsMs);
      const values = { p50Ms, maxMs: Math.max(...pingsMs) };
      return good("WebSocket", `gets through, round trip ${showMs(p50Ms)}`, { values });
    } finally {
      wire.close();
    }
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return poor("WebSocket", error.at(url.host), {
      advice: error.status === 503
        ? "The server takes no new sessions just now"
        : error.status === 401 || error.status === 403
        ? "Set EARSHOT_ADMIN_TOKEN, here and for the server, so that a WebSocket can be tried"
        : "Twilio's stream would fail the same way: does the proxy pass WebSockets on?",
    });
  }
}
