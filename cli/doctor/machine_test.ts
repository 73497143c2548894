import net, { type AddressInfo } from "node:net";
import test from "node:test";
import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import type { ClockReading } from "./finding.ts";
import { checkMachine } from "./machine.ts";
import { checkSockets, rounds } from "./sockets.ts";
import { about, findings, visitWith } from "./test_visit.ts";

function clock(host: string, aheadMs: number): ClockReading {
  const nowMs = Date.now();
  const theirMs = Math.floor((nowMs - aheadMs) / 1000) * 1000;
  return { host, theirMs, sentMs: nowMs - 20, heardMs: nowMs + 20 };
}

test("a machine is measured in all that matters to audio, with figures", async () => {
  const all = await findings(checkMachine, visitWith({ EARSHOT_MAX_CALLS: "3" }));
  assertEquals(all.map(({ what }) => what), [
    "CPU",
    "CPU steal",
    "CPU stalls",
    "event loop",
    "memory",
    "open files",
    "clock",
  ]);
  assert(Number(about("CPU", all).values!.cores) >= 1);
  assert(Number(about("CPU stalls", all).values!.longestMs) > 0);
  assert(Number(about("event loop", all).values!.maxMs) >= 0);
  assert(Number(about("memory", all).values!.freeMiB) > 0);
  // Two sockets for each of 3 calls, 20 listeners, 64 spare.
  assertEquals(about("open files", all).values?.needed ?? 90, 90);
  for (const { verdict, advice } of all) assert(verdict !== "poor" || advice);
});

test("a call limit beyond what the process may open is told", async () => {
  const all = await findings(checkMachine, visitWith({ EARSHOT_MAX_CALLS: "100000" }));
  const files = about("open files", all);
  if (files.values) {
    assertEquals(files.verdict, Number(files.values.most) < 200_084 ? "poor" : "good");
  }
});

test("the clock: agreement, a small difference, one that matters, and none to compare with", async () => {
  const look = async (...clocks: ClockReading[]) =>
    about("clock", await findings(checkMachine, visitWith({}, { clocks, watchMs: 1 })));
  const agrees = await look(clock("api.example", 0));
  assertEquals(agrees.verdict, "good");
  assertStringIncludes(agrees.measured, "agrees with api.example within 520 ms");
  const ahead = await look(clock("api.example", 3000));
  assertEquals(ahead.verdict, "good");
  assertStringIncludes(ahead.measured, "s ahead of api.example");
  const behind = await look(clock("api.example", -60_000));
  assertEquals(behind.verdict, "poor");
  assertStringIncludes(behind.measured, "s behind api.example");
  assertEquals((await look()).verdict, "skipped");
  assertEquals((await look(clock("127.0.0.1", 60_000))).verdict, "skipped", "our own clock");
});

test("small messages leave at once on this runtime's sockets", async () => {
  const { verdict, values } = about("small messages", await findings(checkSockets, visitWith({})));
  assertEquals(verdict, "good", JSON.stringify(values));
});

test("Nagle's algorithm, switched on, shows in every round; switched off, in none", async () => {
  for (const noDelay of [true, false]) {
    const lines = (socket: net.Socket, heard: (line: string) => void) => {
      let rest = "";
      socket.on("data", (bytes) => {
        const parts = (rest + bytes).split("\n");
        rest = parts.pop()!;
        parts.forEach(heard);
      });
    };
    const server = net.createServer((socket) => {
      // Bun takes a change of what it was told last, so it is told both.
      socket.setNoDelay(true).setNoDelay(noDelay);
      lines(socket, (line) => {
        if (line !== "second") return;
        socket.write("first\n");
        setImmediate(() => socket.write("second\n"));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const socket = net.connect((server.address() as AddressInfo).port, "127.0.0.1");
    await new Promise<void>((resolve) => socket.once("connect", resolve));
    socket.setNoDelay(true).setNoDelay(noDelay);
    const listeners = new Set<(data: string) => void>();
    lines(socket, (line) => listeners.forEach((listener) => listener(line)));
    const client = {
      send: (text: string) => void socket.write(`${text}\n`),
      on: (_event: string, listener: (data: string) => void) => void listeners.add(listener),
      off: (_event: string, listener: (data: string) => void) => void listeners.delete(listener),
    };
    const roundsMs = await rounds(client as unknown as Parameters<typeof rounds>[0]);
    const stalls = roundsMs.filter((ms) => ms > 30).length;
    if (noDelay) assertLess(stalls, 3, roundsMs.join(" "));
    else assert(stalls > 15, roundsMs.join(" "));
    socket.destroy();
    server.close();
  }
});
