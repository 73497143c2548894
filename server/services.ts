/**
 * What lives as long as the process, built from the settings: the brain, admission, counters, history,
 * and how a call begins.
 *
 * @module
 */

import type { Brain } from "../brain/brain.ts";
import { createEchoBrain, createEchoServer } from "../brain/echo/mod.ts";
import { createOpenAiBrain, OPENAI_DEFAULTS } from "../brain/openai/openai.ts";
import { reach } from "../brain/openai/reach.ts";
import { costUsd, defaultModel } from "../brain/prices.ts";
import type { RealtimeServer } from "../brain/realtime/server.ts";
import { Circuit } from "../brain/circuit.ts";
import type { Upstream } from "../call/session/choice.ts";
import { Call } from "../call/call.ts";
import type { CallContext } from "../call/context.ts";
import { systemClock } from "../runtime/clock.ts";
import { History } from "./history.ts";
import { recordTo } from "../call/recorder.ts";
import { Registry } from "./registry.ts";
import type { Config } from "../config.ts";
import type { Leg, LegStart } from "../legs/leg.ts";
import { bystanders } from "./bystanders.ts";
import { ClientSecrets } from "./client_secrets.ts";
import { callSettings } from "./call_settings.ts";
import { BrainProbe } from "./brain_probe.ts";
import { EventFeed } from "./event_feed.ts";
import { Handovers } from "./moves/handovers.ts";
import { StreamTokens, TOKEN_DEFAULTS } from "./stream_tokens.ts";
import type { Logger } from "../telemetry/log.ts";
import type { CallCounts } from "../telemetry/health.ts";
import { Telemetry } from "../telemetry/telemetry.ts";
import { VERSION } from "../version.ts";

/** What the routes are given. */
export interface Services {
  readonly config: Config;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly registry: Registry<Call>;
  readonly history: History;
  readonly events: EventFeed;
  readonly tokens: StreamTokens;
  /** Open the sockets of pages and Realtime clients. */
  readonly secrets: ClientSecrets;
  readonly handovers: Handovers;
  readonly brain: Brain;
  /** Whether a brain can be reached; it knows nothing until it is asked to look. */
  readonly probe: BrainProbe;
  /** What `/v1/realtime` serves. */
  readonly realtime: RealtimeServer;
  /**
   * Begins a call that is admitted, or goes on with one. `left` runs when all of it is closed.
   *
   * @returns What went wrong, when it could not begin.
   */
  startCall(
    start: LegStart,
    leg: Leg,
    left: () => void,
    resumes?: CallContext,
  ): Call | string;
}

/** A webhook's reservation waits this long for its stream; Twilio dials at once. */
const RESERVATION_MS = 15_000;
/** Calls that were left, for those who come back; the oldest are forgotten first. */
const MAX_KEPT_CALLS = 1000;

/** Who answers, in order. */
function createUpstreams(config: Config): Upstream[] {
  const connectTimeoutMs = config.EARSHOT_CONNECT_TIMEOUT_MS;
  const model = config.OPENAI_REALTIME_MODEL ?? defaultModel;
  const first = config.brain === "echo"
    ? createEchoBrain({ thinkMs: config.EARSHOT_THINK_MS, model: "echo" })
    : createOpenAiBrain({
      url: config.OPENAI_REALTIME_URL ?? OPENAI_DEFAULTS.url,
      apiKey: config.OPENAI_API_KEY,
      model,
      connectTimeoutMs,
    });
  const others = config.fallbacks.map(({ url, key, model: own }) =>
    createOpenAiBrain({ url, apiKey: key, model: own ?? model, connectTimeoutMs })
  );
  return [first, ...others].map((brain) => ({ brain, circuit: new Circuit() }));
}

/** For whoever only wants to know how many there are. */
function countsOf(registry: Registry<Call>): CallCounts {
  return {
    get maxCalls() {
      return registry.maxCalls;
    },
    get live() {
      return registry.live;
    },
    get liveByKind() {
      const live = { twilio: 0, browser: 0 };
      for (const { kind } of registry.calls.values()) live[kind]++;
      return live;
    },
    get closedBecause() {
      return registry.closedBecause;
    },
  };
}

export function createServices(config: Config, log: Logger): Services {
  const registry = new Registry<Call>({
    maxCalls: config.EARSHOT_MAX_CALLS,
    reservationMs: RESERVATION_MS,
    // Half of the places are for phones alone, unless it is said otherwise.
    maxBrowserCalls: config.EARSHOT_MAX_BROWSER_CALLS ??
      Math.max(1, Math.floor(config.EARSHOT_MAX_CALLS / 2)),
    maxCallsPerCaller: config.EARSHOT_MAX_CALLS_PER_CALLER,
    maxCallsPerAddress: config.EARSHOT_MAX_CALLS_PER_ADDRESS,
    newCallsPerSecond: config.EARSHOT_NEW_CALLS_PER_SECOND,
  });
  const first = config.OPENAI_REALTIME_URL ?? OPENAI_DEFAULTS.url;
  const endpoints = [first, ...config.fallbacks.map(({ url }) => url)];
  // The echo is in this very process.
  const probe = new BrainProbe(config.brain === "echo" ? [] : endpoints, reach);
  const telemetry = new Telemetry({
    calls: countsOf(registry),
    region: config.region,
    instance: config.instance,
    version: VERSION,
    unreachable: () => probe.unreachable,
    costUsd,
  });
  const history = new History({ maxDoneCalls: config.EARSHOT_HISTORY_CALLS });
  const events = new EventFeed(history, () => telemetry.health(), {
    maxListeners: config.EARSHOT_MAX_LISTENERS,
  });
  const upstreams = createUpstreams(config);
  const settings = callSettings(config.call);
  const handovers = new Handovers(
    {
      secret: config.EARSHOT_SECRET ?? config.TWILIO_AUTH_TOKEN ?? crypto.randomUUID(),
      address: config.instanceUrl ?? "",
      resumeMs: config.EARSHOT_RESUME_MS,
      maxKept: MAX_KEPT_CALLS,
      maxUsed: TOKEN_DEFAULTS.maxUsed,
    },
    (callId) => registry.calls.get(callId),
    log,
  );

  return {
    config,
    log,
    telemetry,
    registry,
    history,
    events,
    handovers,
    tokens: new StreamTokens(config.TWILIO_AUTH_TOKEN),
    secrets: new ClientSecrets(
      config.EARSHOT_SECRET ?? config.EARSHOT_ADMIN_TOKEN ?? config.TWILIO_AUTH_TOKEN,
    ),
    brain: upstreams[0]!.brain,
    probe,
    realtime: createEchoServer({
      thinkMs: config.EARSHOT_THINK_MS,
      maxMessageBytes: config.EARSHOT_MAX_MESSAGE_BYTES,
    }),
    startCall(start, leg, left, resumes) {
      const { callId } = start;
      const watched = bystanders(callId, log);
      const folder = config.EARSHOT_RECORD_DIR;
      const recorder = folder ? recordTo(folder, callId, log) : null;
      let call: Call;
      try {
        call = new Call(start, leg, {
          upstreams,
          settings,
          ...(resumes && { resumes }),
          clock: systemClock,
          telemetry,
          log,
          record: recorder ? watched("record", recorder.record) : undefined,
          heard: watched("heard", (_call, turn) => history.heard(callId, turn)),
          turned: watched("turned", (_call, turn) => history.turned(callId, turn)),
          leaving: watched("leaving", (call, by) => {
            // Twilio's stop need not mean that the phone was hung up: whoever was doesn't come back.
            if (by === "us" || by === "caller" && call.kind !== "twilio") return;
            handovers.keep(callId, { type: "context", context: call.context() }, by === "moved");
          }),
          closed(call) {
            const { endReason: reason } = call;
            const comesBack = /^(caller_lost|caller_stalled|moved)$/.test(reason) ||
              reason === "caller_hung_up" && call.kind === "twilio";
            if (!comesBack) handovers.keep(callId, { type: "ended", reason });
            registry.remove(callId);
            left();
            recorder?.close();
            watched("ended", () => history.ended(callId, reason))();
          },
        });
      } catch (error) {
        log.error("A call could not begin", { callId, error });
        recorder?.close();
        left();
        return "something went wrong on our side";
      }
      telemetry.callStarted(leg.kind);
      const facts = { callId, kind: leg.kind, live: registry.live };
      const known = resumes?.owes !== "welcome_back";
      if (resumes) log.info("A call goes on here", { ...facts, known });
      else log.info("A call began", facts);
      registry.add(callId, call);
      watched("began", () => history.began(callId, leg.kind, () => call.turn))();
      return call;
    },
  };
}
