import test from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type BrainScript, startScriptedBrain } from "../../tests/scripted_brain.ts";
import { checkBrain } from "./brain.ts";
import type { Visit } from "./finding.ts";
import { about, findings, inShort, visitWith } from "./test_visit.ts";

const KEY = "sk-never-to-be-shown";

async function look(script: BrainScript, rest: Partial<Visit> = {}) {
  const brain = await startScriptedBrain(script);
  const visit = visitWith({ OPENAI_REALTIME_URL: brain.url, OPENAI_API_KEY: KEY }, rest);
  const all = await findings(checkBrain, visit);
  await brain.close();
  assertEquals(JSON.stringify(all).includes(KEY), false);
  return { all, brain };
}

test("a healthy brain: each step is timed, over three sessions, and nothing is said to it", async () => {
  const { all, brain } = await look({});
  assertEquals(inShort(all), [
    "good name",
    "good connect",
    "good session",
    "good round trip",
    "good agreement",
  ]);
  const { tcpMs, tlsMs, upgradeMs } = about("connect", all).values!;
  assert(Number(tcpMs) > 0 && Number(upgradeMs) > 0 && tlsMs === null);
  assertEquals(brain.sessions.length, 3);
  for (const { events, appended } of brain.sessions) {
    assertEquals(events.map(({ event }) => event.type), ["session.update"]);
    assertEquals(appended, 0);
  }
});

test("the session is the one that calls ask for, and a different one is told", async () => {
  const { all, brain } = await look({
    session: (asked) => ({ ...asked, audio: { output: { format: { type: "audio/pcma" } } } }),
  });
  const asked = brain.sessions[0]!.events[0]!.event.session as {
    audio: { input: { format: unknown } };
  };
  assertEquals(asked.audio.input.format, { type: "audio/pcmu" });
  assertEquals(about("agreement", all).verdict, "poor");
  assertStringIncludes(about("agreement", all).measured, "audio.output.format is pcma");
});

test("a refused key is told with its status, its code, and where to look", async () => {
  const body = JSON.stringify({ error: { code: "invalid_api_key", message: `${KEY} is wrong` } });
  const { all } = await look({ refuse: { status: 401, body } });
  const { verdict, measured, advice } = about("connection", all);
  assertEquals(verdict, "poor");
  assertStringIncludes(measured, "answered with 401 (invalid_api_key)");
  assertStringIncludes(advice!, "OPENAI_API_KEY");
});

test("a brain that falls silent, or errs in place of an answer, is told with what was awaited", async () => {
  const silent = await look({ confirms: false }, { timeoutMs: 100 });
  assertStringIncludes(
    about("connection", silent.all).measured,
    "no answer within 100 ms, waiting for session.updated",
  );
  const erring = await look({
    confirms: false,
    onEvent: (_event, session) =>
      session.send({ type: "error", error: { type: "x", code: "insufficient_quota" } }),
  });
  const { measured, advice } = about("connection", erring.all);
  assertStringIncludes(measured, "an error instead of session.updated (insufficient_quota)");
  assertStringIncludes(advice!, "credit");
});

test("a far brain is told by its round trip", async () => {
  // A pipe that holds everything back by 80 ms each way.
  const brain = await startScriptedBrain();
  const { default: net } = await import("node:net");
  const pipe = net.createServer((near) => {
    const far = net.connect(Number(new URL(brain.url).port), "127.0.0.1");
    const held = (to: import("node:net").Socket) => (bytes: Uint8Array) =>
      void setTimeout(() => to.write(bytes), 80);
    near.on("data", held(far)).on("error", () => far.destroy()).on("close", () => far.destroy());
    far.on("data", held(near)).on("error", () => near.destroy());
  });
  await new Promise<void>((resolve) => pipe.listen(0, "127.0.0.1", resolve));
  const { port } = pipe.address() as { port: number };
  const url = `ws://127.0.0.1:${port}/v1/realtime`;
  const all = await findings(checkBrain, visitWith({ OPENAI_REALTIME_URL: url }));
  const { verdict, values, advice } = about("round trip", all);
  assertEquals(verdict, "poor");
  assert(Number(values!.p50Ms) >= 155, JSON.stringify(values));
  assertStringIncludes(advice!, "nearer");
  pipe.close();
  await brain.close();
});

test("the echo brain is nowhere to connect to", async () => {
  assertEquals(inShort(await findings(checkBrain, visitWith({}))), ["skipped connection"]);
});
