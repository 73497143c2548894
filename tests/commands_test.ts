/**
 * The command line, from source and as the binary: what is refused, and what the commands say.
 *
 * @module
 */

import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { BINARY, isStale } from "../tasks/build.ts";

/** Deno compiles what has changed when it first runs it. */
const PATIENT = { timeout: 60_000 };

const PROGRAMS: [name: string, command: string[], skip: string | false][] = [
  ["Deno from source", [Deno.execPath(), "run", "-q", "-A", "main.ts"], false],
  ["the binary", [BINARY], isStale() && `${BINARY} is older than its source`],
];

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(
  command: string[],
  args: string[],
  env: Record<string, string> = {},
): Promise<Outcome> {
  const [program, ...first] = command;
  return new Promise((resolve) => {
    execFile(program!, [...first, ...args], {
      cwd: fileURLToPath(new URL("..", import.meta.url).href),
      env: {
        PATH: Deno.env.get("PATH"),
        HOME: Deno.env.get("HOME"),
        ...(Deno.env.has("DENO_DIR") && { DENO_DIR: Deno.env.get("DENO_DIR") }),
        NO_COLOR: "1",
        ...env,
      },
      timeout: 30_000,
    }, (error, out, err) => {
      resolve({ code: error ? Number(error.code ?? -1) : 0, out: String(out), err: String(err) });
    });
  });
}

for (const [name, command, skip] of PROGRAMS) {
  describe(`commands on ${name}`, { skip }, () => {
    it("helps, naming every command", PATIENT, async () => {
      const { code, out } = await run(command, ["--help"]);
      assertEquals(code, 0);
      for (const word of ["serve", "latency-test", "doctor", "--version"]) {
        assertStringIncludes(out, `earshot ${word}`);
      }
      assertEquals((await run(command, ["serve", "--help"])).out, out);
    });

    it("refuses what it does not know, by its name, with 2", PATIENT, async () => {
      const wrong = [["--port=1"], ["dcotor"], ["serve", "--port"], ["doctor", "--jsno"], [
        "latency-test",
        "--cals",
        "5",
      ]];
      for (const args of wrong) {
        const { code, out, err } = await run(command, args);
        assertEquals([code, out], [2, ""], args.join(" "));
        assertStringIncludes(err, args.find((arg) => /-|dco/.test(arg) && arg !== "latency-test")!);
      }
    });

    it("examines the place it runs in, and writes whole JSON into a pipe", PATIENT, async () => {
      const { code, out, err } = await run(command, ["doctor", "--json"], { PORT: "1" });
      const { good, findings } = JSON.parse(out);
      assertEquals([code, err], [good ? 0 : 1, ""]);
      assert(findings.length > 10);
    });

    it("tells every wrong setting before it serves", PATIENT, async () => {
      const { code, err } = await run(command, [], { PORT: "eighty", EARSHOT_TURNS: "mine" });
      assertEquals(code, 1);
      assertStringIncludes(err, 'PORT is "eighty"');
      assertStringIncludes(err, 'EARSHOT_TURNS is "mine"');
    });
  });
}
