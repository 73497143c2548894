import test from "node:test";
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { CallContext } from "../../call/context.ts";
import { within } from "../../runtime/within.ts";
import type { LogFields, Logger } from "../../telemetry/log.ts";
import { Handovers, type HandoverSettings, type Leaver, type Taken } from "./handovers.ts";

const CONTEXT: CallContext = {
  startedAtMs: 7,
  lines: [{ role: "caller", text: "My name is Ada." }],
  unanswered: [],
  owes: "nothing",
};
const KEPT = { type: "context", context: CONTEXT } as const;
const NOTHING = { type: "nothing" } as const;
const SECRET = "a secret that all instances share";

/** An instance: what it keeps, and the route by which others ask. */
class Instance {
  nowMs = 1_000_000;
  readonly live = new Map<string, Leaver>();
  readonly lines: string[] = [];
  readonly handovers: Handovers;

  constructor(settings: Partial<HandoverSettings> = {}) {
    const write = (sentence: string, fields?: LogFields) =>
      void this.lines.push(`${sentence} ${JSON.stringify(fields)}`);
    const log: Logger = { debug: write, info: write, warn: write, error: write };
    this.handovers = new Handovers(
      { secret: SECRET, address: "", resumeMs: 30_000, maxKept: 10, maxUsed: 100, ...settings },
      (callId) => this.live.get(callId),
      log,
      () => this.nowMs,
    );
  }

  issue(callId = "CA1", ttlMs = 60_000): string {
    return this.handovers.issue(callId, 7, ttlMs);
  }
}

/** Runs a server in the place of the other instance. */
async function serving(
  answer: (form: URLSearchParams) => Promise<[status: number, body: Uint8Array | string]>,
  use: (url: string, asked: URLSearchParams[]) => Promise<void>,
): Promise<void> {
  const asked: URLSearchParams[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    assertEquals([request.method, request.url], ["POST", "/moves"]);
    asked.push(new URLSearchParams(body));
    const [status, text] = await answer(asked.at(-1)!);
    response.writeHead(status, { Location: "/elsewhere" }).end(text);
  });
  await new Promise<void>((go) => server.listen(0, "127.0.0.1", () => go()));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function give(
  instance: Instance,
  form: URLSearchParams,
): Promise<[number, Uint8Array | string]> {
  const given = await instance.handovers.give(form.get("token")!, form.get("callId")!);
  return [typeof given === "string" ? 403 : 200, given];
}

function refused(taken: Taken, words: RegExp): void {
  assert("refused" in taken && words.test(taken.refused), JSON.stringify(taken));
}

test("Handovers: what is kept is taken once, with a token of its own call", async () => {
  const one = new Instance();
  const token = one.issue(), second = one.issue();
  one.handovers.keep("CA1", KEPT);
  refused(await one.handovers.take(token, "CA2"), /not for this call/);
  refused(await one.handovers.take("x.y", "CA1"), /malformed/);
  assertEquals(await one.handovers.take(token, "CA1"), { parcel: KEPT, startedAtMs: 7 });
  refused(await one.handovers.take(token, "CA1"), /used before/);
  assertEquals(await one.handovers.take(second, "CA1"), { parcel: NOTHING, startedAtMs: 7 });
  one.handovers.close();
});

test("Handovers: after resumeMs nothing is known any more, and nothing is held in memory", async () => {
  const one = new Instance();
  const token = one.issue();
  one.handovers.keep("CA1", KEPT);
  one.nowMs += 30_000;
  assertEquals(await one.handovers.take(token, "CA1"), { parcel: NOTHING, startedAtMs: 7 });
  one.handovers.close();
});

test("Handovers: the oldest of too many is forgotten", async () => {
  const one = new Instance({ maxKept: 2 });
  const tokens = ["CA1", "CA2", "CA3"].map((callId) => one.issue(callId));
  for (const callId of ["CA1", "CA2", "CA3"]) one.handovers.keep(callId, KEPT);
  const types = [];
  for (const [i, callId] of ["CA1", "CA2", "CA3"].entries()) {
    const taken = await one.handovers.take(tokens[i], callId);
    types.push("parcel" in taken && taken.parcel.type);
  }
  assertEquals(types, ["nothing", "context", "context"]);
  one.handovers.close();
});

test("Handovers: a call whose stream is only thought to be alive is handed over, and ends here", async () => {
  const one = new Instance();
  let left = 0;
  one.live.set("CA1", { endReason: "", context: () => CONTEXT, end: () => void left++ });
  assertEquals(await one.handovers.take(one.issue(), "CA1"), { parcel: KEPT, startedAtMs: 7 });
  assertEquals(left, 1);
  one.handovers.close();
});

test("Handovers: another instance fetches it, sealed, and once", async () => {
  const knows = new Instance();
  await serving((form) => give(knows, form), async (address, asked) => {
    const there = new Instance({ address });
    knows.handovers.keep("CA1", KEPT);
    const token = there.issue();
    const here = new Instance({ address: "http://127.0.0.1:1" });
    assertEquals(await here.handovers.take(token, "CA1"), { parcel: KEPT, startedAtMs: 7 });
    assertEquals(Object.fromEntries(asked[0]!), { token, callId: "CA1" });
    // A third instance has not seen the token, but the one that knew the call has.
    refused(await new Instance().handovers.take(token, "CA1"), /used before/);
  });
  knows.handovers.close();
});

test("Handovers: an instance that is gone, silent, or talks nonsense costs no call, and little time", async () => {
  const answers: [what: string, answer: () => Promise<[number, Uint8Array | string]>][] = [
    ["nonsense", () => Promise.resolve([200, "hello"])],
    ["another's parcel", () => Promise.resolve([200, new Uint8Array(100).fill(1)])],
    ["too much", () => Promise.resolve([200, new Uint8Array(5_000_000)])],
    ["a failure", () => Promise.resolve([500, "no"])],
    ["a redirect", () => Promise.resolve([302, ""])],
    ["silence", () => new Promise(() => {})],
  ];
  for (const [what, answer] of answers) {
    await serving(answer, async (address, asked) => {
      const token = new Instance({ address }).issue();
      const here = new Instance();
      const beganMs = performance.now();
      const taken = await within(3000, here.handovers.take(token, "CA1"), () => {
        throw new Error(`${what}: nobody gave up`);
      });
      assertEquals(taken, { parcel: NOTHING, startedAtMs: 7 }, what);
      assertLess(performance.now() - beganMs, 1500, what);
      assertEquals(asked.length, 1, what);
      assertMatch(here.lines.join(), /can't be asked/);
    });
  }
  const gone = new Instance({ address: "http://127.0.0.1:1" }).issue();
  assertEquals(await new Instance().handovers.take(gone, "CA1"), {
    parcel: NOTHING,
    startedAtMs: 7,
  });
});

test("Handovers: an instance that goes waits until what it moved has been fetched, or time is up", async () => {
  const one = new Instance();
  const token = one.issue();
  await within(500, one.handovers.untilTaken(60_000), () => {
    throw new Error("It waits for nobody");
  });
  one.handovers.keep("CA2", KEPT);
  one.handovers.keep("CA1", KEPT, true);
  const late = performance.now();
  await one.handovers.untilTaken(100);
  assert(performance.now() - late >= 95);
  const taken = one.handovers.untilTaken(60_000);
  await one.handovers.take(token, "CA1");
  await within(500, taken, () => {
    throw new Error("It was fetched, and is still waited for");
  });
  one.handovers.close();
});

test("Handovers: of the used tokens the oldest are forgotten first, within a bound", async () => {
  const one = new Instance({ maxUsed: 3 });
  const tokens = Array.from({ length: 5 }, () => one.issue());
  for (const token of tokens) await one.handovers.take(token, "CA1");
  refused(await one.handovers.take(tokens[4], "CA1"), /used before/);
  refused(await one.handovers.take(tokens[3], "CA1"), /used before/);
});
