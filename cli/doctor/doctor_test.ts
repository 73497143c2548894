/**
 * The whole command: what it prints, in which form, and what its exit code says.
 *
 * @module
 */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import test from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type DoctorOutput, runDoctor } from "./command.ts";
import type { Finding } from "./finding.ts";
import { readSettings } from "./settings.ts";
import { Report } from "./show.ts";
import { about, runtime } from "./test_visit.ts";

class Output implements DoctorOutput {
  text = "";
  constructor(readonly isTTY = false, readonly columns?: number) {}
  write(text: string) {
    this.text += text;
  }
}

async function run(args: string[], env: Record<string, string>, stdout = new Output()) {
  const stderr = new Output();
  const context = { stdout, stderr, env, runtime, timeoutMs: 500, watchMs: 60 };
  const code = await runDoctor(args, context);
  return { code, out: stdout.text, err: stderr.text };
}

// Port 1 is nobody's: nothing on this machine is mistaken for a server under test.
const QUIET = { PORT: "1" };

test("--json is JSON and nothing else, and the exit code says what it says", async () => {
  const { code, out } = await run(["--json"], QUIET);
  const { good, findings } = JSON.parse(out) as { good: boolean; findings: Finding[] };
  assertEquals(good, findings.every(({ verdict }) => verdict !== "poor"));
  assertEquals(code, good ? 0 : 1);
  const sections = [...new Set(findings.map(({ section }) => section))];
  assertEquals(sections, ["Settings", "Brain", "Twilio", "Way in", "This machine"]);
  for (const { verdict, advice } of findings) assert(verdict !== "poor" || advice);
});

test("elsewhere than on a terminal each finding is a line, without colours", async () => {
  const { code, out } = await run([], { ...QUIET, EARSHOT_MAXCALLS: "5" });
  assertEquals(code, 1);
  assertEquals(out.includes("\x1b"), false);
  for (const line of out.trim().split("\n").slice(1, -1)) {
    assertMatch(line, /^(good|poor|skipped) +[A-Z][a-z ]+, .+: ./);
  }
  assertStringIncludes(out, "there is no setting EARSHOT_MAXCALLS");
  assertStringIncludes(out, "Did you mean EARSHOT_MAX_CALLS?");
  assertMatch(out.trim().split("\n").at(-1)!, /^\d+ poor, \d+ good, \d+ skipped$/);
});

test("settings that don't hold are all told, and what needs them is skipped", async () => {
  const env = { PORT: "eighty", EARSHOT_TURNS: "mine", TWILIO_ACCOUNT_SID: "x" };
  const { code, out } = await run(["--json"], env);
  const { findings } = JSON.parse(out) as { findings: Finding[] };
  assertEquals(code, 1);
  assertEquals(findings.filter(({ what }) => what === "values").length, 3);
  const skipped = findings.filter(({ what }) => what === "all").map(({ section }) => section);
  assertEquals(skipped, ["Brain", "Twilio", "Way in"]);
  assertEquals(about("CPU", findings).section, "This machine");
});

test("a flag that is none is refused by its name; help is help", async () => {
  const refused = await run(["--jsno"], QUIET);
  assertEquals([refused.code, refused.out], [2, ""]);
  assertStringIncludes(refused.err, "--jsno");
  assertEquals((await run(["extra"], QUIET)).code, 2);
  const help = await run(["--help"], QUIET);
  assertEquals(help.code, 0);
  assertStringIncludes(help.out, "--json");
});

test("what a server says can't command the terminal", async () => {
  const health = { uptimeMs: 1, instance: "m\x1b[2J", version: "1\u202e", region: "x\nfake" };
  const server = createServer((_request, response) => void response.end(JSON.stringify(health)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const env = { ...QUIET, PUBLIC_URL: `http://127.0.0.1:${port}` };
  const { out } = await run([], env);
  assertStringIncludes(out, "earshot 1? (x?fake, m?[2J)");
  server.close();
});

test("on a terminal lines keep within its width, and numbers stay with their units", () => {
  const report = new Report({ isTerminal: true, colour: true, width: 60 });
  const text = report.finding({
    section: "Brain",
    what: "round trip",
    verdict: "poor",
    measured: "p50 180 ms and then some more words, up to the longest of 10 1234 ms",
    advice: "Every answer waits for it: run earshot in a region nearer to the brain",
  });
  // deno-lint-ignore no-control-regex
  const lines = text.replaceAll(/\x1b\[[\d;]*m/g, "").split("\n");
  assertEquals(lines.slice(0, 3), [
    "",
    "Brain",
    "  ✗ round trip      p50 180 ms and then some more words, up",
  ]);
  for (const line of lines) assert(line.length <= 60, line);
  assertEquals(lines.some((line) => /^\s*ms/.test(line)), false);
  assert(lines.some((line) => line.startsWith(" ".repeat(20) + "→ Every answer")));
});

test("NO_COLOR is respected, and a section's name is written once", async () => {
  const { out } = await run([], { ...QUIET, NO_COLOR: "1" }, new Output(true, 80));
  // deno-lint-ignore no-control-regex
  assertEquals(/\x1b\[\d*m/.test(out), false);
  assertEquals(out.split("\nThis machine\n").length, 2);
});

test("a name that is near no setting is told without a guess, and those of others are left alone", () => {
  const { findings } = readSettings({ EARSHOT_XYZZY_PLUGH_FROTZ: "1", PATH: "/bin", HOME: "/" });
  assertEquals(findings.map(({ what }) => what), ["values", "names"]);
  assertEquals(findings[1]!.advice, "README.md lists all settings");
});
