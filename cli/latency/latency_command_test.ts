import { describe, it } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ServerStream, startTestServer } from "../phone/test_server.ts";
import { runLatencyTest } from "./command.ts";
import type { LatencyReport } from "./run.ts";

/** A server that says hello and nothing else. */
const greet = (stream: ServerStream) => stream.media(new Uint8Array(480).fill(0x80));

/** Runs the command against a server of ours. */
async function run(args: string[], stream: (stream: ServerStream) => void = greet) {
  const server = await startTestServer({
    webhook: (_, host) =>
      `<Response><Connect><Stream url="wss://${host}/stream"/></Connect></Response>`,
    stream,
  });
  let stdout = "";
  let stderr = "";
  const abort = new AbortController();
  const code = runLatencyTest(["--url", server.origin, ...args], {
    stdout: { write: (text) => stdout += text },
    stderr: { write: (text) => stderr += text },
    env: {},
    signal: abort.signal,
  });
  return { server, abort, code, output: () => ({ stdout, stderr }) };
}

describe("runLatencyTest", () => {
  it("ends early with what it has when it is broken off", async () => {
    const test = await run(["--calls", "3", "--rate", "1000", "--duration", "60"]);
    setTimeout(() => test.abort.abort(), 400);
    const startMs = performance.now();
    assertEquals(await test.code, 0);
    assert(performance.now() - startMs < 3000);
    assertStringIncludes(test.output().stdout, "(broken off)");
    assertStringIncludes(test.output().stdout, "3 calls, 3 connected, 0 failed");
    await test.server.close();
  });

  it("writes JSON alone with --json, and a page that needs nothing else with --html", async () => {
    const dir = mkdtempSync(join(tmpdir(), "latency-"));
    const html = join(dir, "report.html");
    const test = await run(["--calls", "2", "--rate", "1000", "--json", "--html", html]);
    setTimeout(() => test.abort.abort(), 300);
    assertEquals(await test.code, 0, test.output().stderr);
    const report: LatencyReport = JSON.parse(test.output().stdout);
    assertEquals([report.counts.connected, report.interrupted], [2, true]);
    assertEquals(report.stages.greeting?.count, 2);
    const page = readFileSync(html, "utf8");
    assertStringIncludes(page, "start → greeting heard");
    assert(!/<script|src=|href=|url\(/.test(page));
    rmSync(dir, { recursive: true });
    await test.server.close();
  });

  it("exits with 1 and groups the reasons when calls fail", async () => {
    const test = await run(
      ["--calls", "3", "--rate", "1000", "--duration", "1"],
      (stream) => stream.socket.close(1013, "full"),
    );
    assertEquals(await test.code, 1);
    assertStringIncludes(test.output().stdout, "3 × stream closed by the server: 1013 full");
    await test.server.close();
  });

  it("exits with 2 on a wrong flag, and 0 on --help", async () => {
    const test = await run(["--calls", "none"]);
    assertEquals(await test.code, 2);
    assertStringIncludes(test.output().stderr, '--calls is "none"');
    await test.server.close();
    const help = await run(["--help"]);
    assertEquals(await help.code, 0);
    assertStringIncludes(help.output().stdout, "--barge-in".slice(2));
    await help.server.close();
  });
});
