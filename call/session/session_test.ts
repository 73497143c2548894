import test from "node:test";
import { assertEquals } from "@std/assert";
import type { Brain, BrainHandlers, BrainLink } from "../brain/brain.ts";
import { UpstreamError } from "../brain/errors.ts";
import { PCMU } from "../media/format.ts";
import { BrainSession } from "./brain_session.ts";

/** A brain whose links are in the test's hands. */
class Hand implements Brain {
  readonly name = "openai";
  readonly model = "m";
  readonly links: { handlers: BrainHandlers; sent: string[]; closed: boolean }[] = [];

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
}

function opened() {
  const brain = new Hand();
  const told: string[] = [];
  const session = new BrainSession(brain, {
    instructions: "",
    voice: "marin",
    format: PCMU,
    turns: "server",
    silenceMs: 200,
    eagerness: "auto",
  }, {
    ready: () => told.push("ready"),
    audio: (responseId) => told.push(`audio ${responseId}`),
    said: (event) => told.push(event.type),
    failed: (_error, code) => told.push(`failed ${code}`),
    problem: () => told.push("problem"),
  });
  return { brain, told, session };
}

const UPDATED = { type: "session.updated", session: {} };
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
  brain.says(0, UPDATED);
  brain.says(0, UPDATED);
  assertEquals([session.ready, told], [true, ["ready"]]);
});

test("another link takes the place of the first, of which nothing more is heard", () => {
  const { brain, told, session } = opened();
  brain.says(0, UPDATED);
  session.connect(brain);
  assertEquals([session.ready, brain.links[0]!.closed], [false, true]);
  brain.says(0, delta("old"));
  brain.links[0]!.handlers.closed(new UpstreamError("gone", "closed_1006", true));
  brain.says(1, UPDATED);
  brain.says(1, delta("new"));
  session.send("hello");
  assertEquals(told, ["ready", "ready", "audio new"]);
  assertEquals([brain.links[0]!.sent.length, brain.links[1]!.sent.at(-1)], [1, "hello"]);
});

test("fails once a link, with the code that the call is told", () => {
  const { brain, told, session } = opened();
  brain.links[0]!.handlers.closed(new UpstreamError("gone", "closed_1006", true));
  session.fail(new Error("again"));
  assertEquals(told, ["failed closed_1006"]);
  session.connect(brain);
  brain.links[1]!.handlers.closed();
  assertEquals(told, ["failed closed_1006", "failed closed"]);
});

test("what a message brings about and throws ends the session, not the process", () => {
  const { brain, told, session } = opened();
  brain.says(0, { type: "session.updated", session: { audio: { input: { format: 7 } } } });
  assertEquals([told, session.ready], [["failed wrong_format"], false]);
});
