import test from "node:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { testApp } from "../routes/test_app.ts";

test("a folder that can't be written costs the recording, not the call", async () => {
  const place = mkdtempSync(join(tmpdir(), "earshot-record-"));
  const file = join(place, "file");
  writeFileSync(file, "");
  // A folder below a file can't be made; a folder that was taken away can't be written to.
  for (const folder of [join(file, "below"), "/proc/earshot"]) {
    const all = testApp({ EARSHOT_RECORD_DIR: folder });
    await all.post("/twilio/voice", { CallSid: "CA1" });
    const [, socket] = await all.dial("/twilio/stream");
    socket!.open();
    socket!.say({ event: "connected", protocol: "Call", version: "1.0.0" });
    socket!.say(start("CA1"));
    assertEquals(socket!.closes, [], folder);
    assertEquals(all.deps.registry.live, 1);
    await new Promise((go) => setTimeout(go, 20));
    const told = all.lines.filter((line) => line.includes("recording can't be written"));
    assertEquals(told.length, 1, all.lines.join("\n"));
    assert(told[0]!.includes("CA1"));
    socket!.handlers.close(1006, "");
    assertEquals(all.deps.registry.live, 0);
  }
  rmSync(place, { recursive: true });
});

test("who watches a call can't fail it, and is told of by the call's id", async () => {
  const all = testApp();
  const { history } = all.deps;
  for (const name of ["began", "heard", "turned", "ended"] as const) {
    history[name] = () => {
      throw new Error(`${name} broke`);
    };
  }
  await all.post("/twilio/voice", { CallSid: "CA2" });
  const [, socket] = await all.dial("/twilio/stream");
  socket!.open().say(start("CA2"));
  assertEquals([socket!.closes.length, all.deps.registry.live], [0, 1]);
  socket!.handlers.close(1006, "");
  assertEquals([all.deps.registry.live, all.deps.registry.calls.size], [0, 0]);
  const told = all.lines.filter((line) => line.startsWith("error: "));
  assert(told.length >= 2 && told.every((line) => line.includes("CA2")), all.lines.join("\n"));
});

test("a call that can't begin leaves no place taken, and is told of by its id", async () => {
  const all = testApp();
  (all.deps.brain as { connect: unknown }).connect = () => {
    throw new Error("no brain at all");
  };
  await all.post("/twilio/voice", { CallSid: "CA3" });
  const [, socket] = await all.dial("/twilio/stream");
  socket!.open().say(start("CA3"));
  await new Promise((go) => setTimeout(go, 20));
  socket!.handlers.close(1006, "");
  assertEquals([all.deps.registry.live, all.deps.registry.calls.size], [0, 0]);
  const told = all.lines.filter((line) => line.startsWith("error: "));
  assert(told.length > 0 && told.every((line) => line.includes("CA3")), all.lines.join("\n"));
});

test("an error of ours inside a call is logged with the call's id, also behind nonsense of the peer", async () => {
  const all = testApp();
  await all.post("/twilio/voice", { CallSid: "CA4" });
  const [, socket] = await all.dial("/twilio/stream");
  socket!.open().say(start("CA4"));
  socket!.handlers.text("nonsense");
  assertEquals(socket!.closes, []);
  const [call] = all.deps.registry.calls.values();
  call!.markHeard = () => {
    throw new TypeError("a defect");
  };
  socket!.say({ event: "mark", streamSid: "MZ1", mark: { name: "m" } });
  const told = all.lines.filter((line) => line.startsWith("error: "));
  assert(told.length === 1 && told[0]!.includes("CA4"), all.lines.join("\n"));
  assertEquals(socket!.closes.map(({ code }) => code), [1011]);
  all.end();
});

function start(callSid: string) {
  return {
    event: "start",
    sequenceNumber: "1",
    streamSid: "MZ1",
    start: {
      accountSid: "AC1",
      streamSid: "MZ1",
      callSid,
      tracks: ["inbound"],
      mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
      customParameters: {},
    },
  };
}
