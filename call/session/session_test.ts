import test from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { Brain, BrainHandlers, BrainLink } from "../../brain/brain.ts";
import { Circuit } from "../../brain/circuit.ts";
import { UpstreamError } from "../../brain/errors.ts";
import { FakeClock } from "../../brain/test_session.ts";
import { PCMU } from "../../media/format.ts";
import { BrainChoice } from "./choice.ts";
import { BrainSession, type BrainSessionSettings } from "./session.ts";

/** A brain whose links are in the test's hands. */
class Hand implements Brain {
  readonly name = "openai";
  readonly links: { handlers: BrainHandlers; sent: string[]; closed: boolean }[] = [];

  constructor(readonly model = "m") {}

  connect(handlers: BrainHandlers): BrainLink {
    const link = { handlers, sent: [] as string[], closed: false };
    this.links.push(link);
    return {
      send: (text) => (link.sent.push(text), true),
      bufferedBytes: () => 0,
      close: () => void (link.closed = true),
    };
  }

  says(n: number, event: Record<string, unknown>): void {
    this.links[n]!.handlers.message(JSON.stringify(event));
  }

  stands(n: number, session: Record<string, unknown> = {}): void {
    this.says(n, { type: "session.updated", session });
  }

  drops(n: number, code = "closed_1006", retryable = true): void {
    this.links[n]!.handlers.closed(new UpstreamError("gone", code, retryable));
  }
}

const SETTINGS: BrainSessionSettings = {
  instructions: "",
  voice: "marin",
  format: PCMU,
  turns: "server",
  silenceMs: 200,
  eagerness: "auto",
  connectTimeoutMs: 3000,
  sessionLimitMs: 3_300_000,
};

function opened(
  brains = [new Hand()],
  settings: Partial<BrainSessionSettings> = {},
  inPause = false,
) {
  const told: string[] = [];
  const clock = new FakeClock();
  const circuits = brains.map(() => new Circuit());
  const upstreams = brains.map((brain, n) => ({ brain, circuit: circuits[n]! }));
  const session = new BrainSession(
    upstreams,
    {
      instructions: "",
      voice: "marin",
      format: PCMU,
      turns: "server",
      silenceMs: 200,
      eagerness: "auto",
      connectTimeoutMs: 3000,
      sessionLimitMs: 3_300_000,
      ...settings,
    },
    clock,
    {
      ready: () => told.push("ready"),
      audio: (responseId) => told.push(`audio ${responseId}`),
      said: (event) => told.push(event.type),
      lost: ({ code }) => told.push(`lost ${code}`),
      attemptFailed: ({ model }, { code }) => told.push(`${model} ${code}`),
      failed: ({ code }) => told.push(`failed ${code}`),
      inPause: () => inPause,
      problem: () => told.push("problem"),
    },
  );
  return { brain: brains[0]!, told, session, clock, circuits };
}

const delta = (id: string) => ({
  type: "response.output_audio.delta",
  response_id: id,
  item_id: "i",
  delta: "AAAA",
});

test("asks for its session at once, and is ready once it stands", () => {
  const { brain, told, session } = opened();
  assertEquals(JSON.parse(brain.links[0]!.sent[0]!).type, "session.update");
  assertEquals(session.ready, false);
  brain.stands(0);
  brain.stands(0);
  assertEquals([session.ready, told], [true, ["ready"]]);
});

test("a link that is lost is replaced at once, and nothing more is heard of it", () => {
  const { brain, told, session, clock } = opened();
  brain.stands(0);
  clock.advance(20_000);
  brain.drops(0);
  assertEquals(session.ready, false);
  clock.advance(60);
  brain.says(0, delta("old"));
  brain.drops(0);
  brain.stands(1);
  brain.says(1, delta("new"));
  session.send("hello");
  assertEquals(told, ["ready", "lost closed_1006", "ready", "audio new"]);
  assertEquals([brain.links[0]!.closed, brain.links[1]!.sent.at(-1)], [true, "hello"]);
});

test("an attempt that nobody answers ends, and the pauses between attempts grow", () => {
  const { brain, told, clock } = opened();
  clock.advance(2999);
  assertEquals(told, []);
  clock.advance(1);
  assertEquals(told, ["m connect_timeout"]);
  const beginsMs: number[] = [];
  for (let ms = 0; ms < 60_000; ms += 10) {
    const before = brain.links.length;
    clock.advance(10);
    if (brain.links.length > before) beginsMs.push(ms);
  }
  const pausesMs = beginsMs.slice(1).map((ms, n) => ms - beginsMs[n]! - 3000);
  assert(pausesMs[0]! >= 200 && pausesMs[0]! <= 520, `${pausesMs}`);
  assert(pausesMs.at(-1)! >= 980 && pausesMs.at(-1)! <= 2020, `${pausesMs}`);
});

test("the next brain takes over at once, and a refusal for good is asked for no second time", () => {
  const brains = [new Hand("first"), new Hand("second")];
  const { told, session, clock } = opened(brains);
  brains[0]!.drops(0, "http_401", false);
  clock.advance(1);
  brains[1]!.stands(0);
  assertEquals([told, session.brain.model], [["first http_401", "ready"], "second"]);
  clock.advance(20_000);
  brains[1]!.drops(0);
  clock.advance(10_000);
  assertEquals([brains[0]!.links.length, brains[1]!.links.length > 1], [1, true]);
});

test("when each brain refuses for good there is nothing to wait for", () => {
  const { brain, told, clock } = opened();
  brain.drops(0, "http_401", false);
  clock.advance(1000);
  assertEquals(told, ["m http_401", "failed http_401"]);
});

test("a session that dies as soon as it stands is not dialled in a circle without a pause", () => {
  const { brain, clock } = opened();
  for (let ms = 0; ms < 10_000; ms += 10) {
    const { length } = brain.links;
    brain.stands(length - 1);
    if (!brain.links[length - 1]!.closed) brain.drops(length - 1);
    clock.advance(10);
  }
  assert(brain.links.length < 15, `${brain.links.length} links in 10 s`);
});

test("a new call is told at once that nobody reaches the brain, and one that goes on waits", () => {
  const first = opened();
  first.brain.stands(0);
  first.clock.advance(20_000);
  first.brain.drops(0);
  for (let n = 1; n < 12; n++) {
    first.clock.advance(2500);
    first.brain.links[n]?.handlers.closed(new UpstreamError("no", "connect_failed", true));
  }
  assert(first.circuits[0]!.isOpen(first.clock.nowMs()));
  assert(!first.told.some((word) => word.startsWith("failed")));
  const told: string[] = [];
  const circuit = first.circuits[0]!;
  circuit.allows(first.clock.nowMs()); // the one attempt of this time is somebody else's
  const none = () => {};
  new BrainSession(
    [{ brain: new Hand(), circuit }],
    SETTINGS,
    first.clock,
    {
      ready: none,
      audio: none,
      said: none,
      lost: none,
      attemptFailed: none,
      failed: ({ code }) => told.push(code),
      inPause: () => false,
      problem: none,
    },
  );
  assertEquals(told, [], "not before the call has its session at hand");
  first.clock.advance(1);
  assertEquals(told, ["unreachable"]);
});

test("before its time is over the next session is opened, and takes over in a pause", () => {
  const { brain, told, session, clock } = opened(undefined, { sessionLimitMs: 60_000 });
  brain.stands(0);
  clock.advance(60_000);
  assertEquals([brain.links.length, told], [2, ["ready"]]);
  brain.stands(1);
  brain.says(0, delta("still"));
  assertEquals(told, ["ready", "audio still"]);
  session.paused();
  brain.says(1, delta("new"));
  assertEquals(told.slice(2), ["lost rotation", "ready", "audio new"]);
  assertEquals(brain.links[0]!.closed, true);
});

test("a call without a pause is not spared: the session is replaced before the brain ends it", () => {
  const { brain, told, clock } = opened(undefined, { sessionLimitMs: 60_000 });
  brain.stands(0);
  clock.advance(60_000);
  brain.stands(1);
  clock.advance(60_000);
  assertEquals(told, ["ready", "lost rotation", "ready"]);
});

test("when the brain says that its session expires, it is replaced two minutes before", () => {
  const { brain, clock } = opened();
  brain.stands(0, { expires_at: Math.floor(Date.now() / 1000) + 300 });
  clock.advance(170_000);
  assertEquals(brain.links.length, 1);
  clock.advance(12_000);
  assertEquals(brain.links.length, 2);
});

test("a brain that should say something is asked for a sign of life, and given up without one", () => {
  const { brain, told, session, clock } = opened();
  brain.stands(0);
  clock.advance(20_000);
  session.expecting = true;
  clock.advance(500);
  brain.says(0, { type: "rate_limits.updated", rate_limits: [] });
  clock.advance(1499);
  assertEquals(brain.links[0]!.sent.length, 1);
  clock.advance(1);
  assertEquals(JSON.parse(brain.links[0]!.sent[1]!), {
    type: "session.update",
    session: { type: "realtime" },
  });
  clock.advance(1400);
  brain.stands(0);
  clock.advance(1000);
  assertEquals(told, ["ready", "rate_limits"], "it thinks, and lives");
  clock.advance(3000);
  assertEquals(told.at(-1), "lost silent");
});

test("a brain that owes nothing is asked nothing, and neither is one that speaks", () => {
  const { brain, told, session, clock } = opened();
  brain.stands(0);
  session.expecting = true;
  for (let n = 0; n < 20; n++) {
    brain.says(0, delta(`r${n}`));
    clock.advance(700);
  }
  session.expecting = false;
  clock.advance(60_000);
  assertEquals(brain.links[0]!.sent.length, 1);
  session.suspect();
  clock.advance(1500);
  assertEquals(told.at(-1), "lost silent");
});

test("an event that comes twice is one, and two pieces of silence without names are two", () => {
  const { brain, told } = opened();
  brain.stands(0);
  brain.says(0, { event_id: "e1", ...delta("r") });
  brain.says(0, { event_id: "e1", ...delta("r") });
  assertEquals(told, ["ready", "audio r"]);
  brain.says(0, delta("s"));
  brain.says(0, delta("s"));
  assertEquals(told.slice(2), ["audio s", "audio s"]);
});

test("an event that is cut off ends the session: what is missing nobody knows", () => {
  const { brain, told, clock } = opened();
  brain.stands(0);
  clock.advance(20_000);
  brain.links[0]!.handlers.message("pong");
  assertEquals(told, ["ready", "problem"]);
  brain.links[0]!.handlers.message('{"type":"response.done","resp');
  assertEquals(told.at(-1), "lost malformed");
});

test("what a message brings about and throws ends the session, not the process", () => {
  const { brain, told, session, clock } = opened();
  brain.says(0, { type: "session.updated", session: { audio: { input: { format: 7 } } } });
  clock.advance(1000);
  assertEquals([told, session.ready], [["m wrong_format", "failed wrong_format"], false]);
});

test("an error before the session stands is a refusal of it", () => {
  const { brain, told, clock } = opened();
  brain.says(0, { type: "error", error: { type: "server_error", message: "no" } });
  clock.advance(600);
  assertEquals([told, brain.links.length], [["m server_error"], 2]);
});

test("a brain that makes no answers is left for the next one, and asked no more", () => {
  const brains = [new Hand("first"), new Hand("second")];
  const { told, session, clock } = opened(brains);
  brains[0]!.stands(0);
  clock.advance(20_000);
  session.misfired("server_error");
  brains[0]!.says(0, delta("r"));
  session.misfired("server_error");
  assertEquals(told, ["ready", "audio r"], "one of them is bad luck");
  session.misfired("server_error");
  clock.advance(100);
  brains[1]!.stands(0);
  assertEquals(told.slice(2), ["lost no_answers", "ready"]);
  brains[1]!.drops(0);
  clock.advance(10_000);
  assertEquals(brains[0]!.links.length, 1);
});

test("a limit that outlasts the call is not waited for where another brain is at hand", () => {
  const brains = [new Hand("first"), new Hand("second")];
  const { told, session } = opened(brains);
  brains[0]!.stands(0);
  session.misfired("rate_limit_exceeded", true);
  assertEquals(told.at(-1), "lost no_answers");
});

test("the only brain is not left because an answer failed", () => {
  const { brain, told, session } = opened();
  brain.stands(0);
  for (let n = 0; n < 10; n++) session.misfired("server_error");
  assertEquals(told, ["ready"]);
});

for (const code of ["closed_1008", "closed_1014", "closed_4000", "http_404", "http_302"]) {
  test(`${code} on a brain that had taken the call is tried once more`, () => {
    const { brain, told, clock } = opened();
    brain.stands(0);
    clock.advance(20_000);
    brain.drops(0);
    clock.advance(100);
    brain.drops(1, code, false);
    clock.advance(1000);
    brain.stands(2);
    assertEquals(told, ["ready", "lost closed_1006", `m ${code}`, "ready"]);
  });
}

test("no caller waits for a brain that is known to be dead while another one answers", () => {
  const brains = [new Hand("dead"), new Hand("alive")];
  const circuits = [new Circuit(), new Circuit()];
  const upstreams = brains.map((brain, n) => ({ brain, circuit: circuits[n]! }));
  for (let n = 0; n < 5; n++) circuits[0]!.failed(n * 4000);
  const choice = new BrainChoice(upstreams);
  assertEquals(choice.next(20_000, true), brains[1]);
  assertEquals(brains[0]!.links.length, 1, "it is probed, for nobody in particular");
  assertEquals(choice.next(20_100, true), brains[1]);
  assertEquals(brains[0]!.links.length, 1, "and not by each call");
  brains[0]!.says(0, { type: "session.created" });
  assertEquals(new BrainChoice(upstreams).next(20_200, true), brains[0]);
  assertEquals(brains[0]!.links[0]!.closed, true);
});

test("in a pause the next session takes over as soon as it stands", () => {
  const { brain, told, clock } = opened(undefined, { sessionLimitMs: 60_000 }, true);
  brain.stands(0);
  clock.advance(60_000);
  brain.stands(1);
  assertEquals(told, ["ready", "lost rotation", "ready"]);
});

test("a brain whose sessions are short has one at a time nearly always", () => {
  const { brain, clock } = opened();
  brain.stands(0, { expires_at: Math.floor(Date.now() / 1000) + 60 });
  clock.advance(28_000);
  assertEquals(brain.links.length, 1);
  clock.advance(4000);
  assertEquals(brain.links.length, 2);
});

test("a call that comes back waits for a brain that nobody reaches just now", () => {
  const { brain, told, clock } = opened(undefined, { resumes: true });
  for (let n = 0; n < 8; n++) {
    clock.advance(2500);
    brain.links[n]?.handlers.closed(new UpstreamError("no", "connect_failed", true));
  }
  assert(!told.some((word) => word.startsWith("failed")), `${told}`);
});
