/**
 * Prometheus's own judge over what we write for it: the metrics text, the alert rules, and every
 * query of the dashboard. Skipped, and says so, where `promtool` (Debian package `prometheus`) is not
 * installed.
 *
 * @module
 */

import test from "node:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { costUsd } from "../brain/prices.ts";
import { Telemetry } from "../telemetry/telemetry.ts";
import { calls } from "../telemetry/test_calls.ts";
import type { UsageTokens } from "../telemetry/turn.ts";

const deploy = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const installed = spawnSync("promtool", ["--version"]).status === 0;
const skip = installed ? false : "promtool is not installed (Debian package prometheus)";
// The runners print that a test was skipped, but not why.
if (skip) console.warn(`Skipped: ${skip}`);

function promtool(args: string[], input?: string): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync("promtool", args, { input, encoding: "utf8" });
  return { status, said: `${stdout}${stderr}` };
}

const USAGE: UsageTokens = {
  inputTextTokens: 10,
  inputAudioTokens: 20,
  inputImageTokens: 3,
  cachedTextTokens: 5,
  cachedAudioTokens: 10,
  cachedImageTokens: 1,
  outputTextTokens: 30,
  outputAudioTokens: 40,
  billedMs: 0,
};

/** The text of an instance to which everything has happened that can, odd words included. */
async function fullText(): Promise<string> {
  const telemetry = new Telemetry({
    calls: calls(10),
    region: 'f"r\\a\n',
    instance: "m1",
    costUsd,
  });
  telemetry.start();
  telemetry.framesIn = 1e12;
  telemetry.callStarted("twilio");
  telemetry.callEnded("twilio", "caller_hung_up", 30_000);
  telemetry.callRefused("full");
  telemetry.turn({
    callId: "CA1",
    n: 1,
    kind: "answer",
    startedAtMs: 0,
    stages: {
      endpointMs: 200,
      commitMs: 0.1,
      createdMs: 40,
      firstDeltaMs: 150,
      firstSentMs: 1,
      firstHeardMs: 60,
    },
    totalMs: 451.1,
    bargeIn: { onsetToClearMs: 90, lastHeardMs: 110 },
  });
  telemetry.cleared();
  telemetry.truncated();
  telemetry.bargedIn();
  telemetry.falseAlarm();
  telemetry.brainError('odd "code"\n{}', "fatal");
  telemetry.connectFailed("api.example.com", "http_429");
  telemetry.connected();
  telemetry.brainReplaced("closed_1006", 250);
  telemetry.webhook(200);
  telemetry.usage("gpt-realtime-2.1", USAGE);
  telemetry.usage("unheard-of", USAGE);
  await new Promise((resolve) => setTimeout(resolve, 60));
  telemetry.stop();
  return await telemetry.metrics();
}

test("promtool check metrics finds nothing to say about /metrics", { skip }, async () => {
  const { status, said } = promtool(["check", "metrics"], await fullText());
  assertEquals([status, said.trim()], [0, ""]);
});

test("promtool check metrics does see a fault: this test can fail", { skip }, () => {
  const { status, said } = promtool(["check", "metrics"], "# TYPE a counter\na 1\n");
  assert(status !== 0 && said.includes("_total"), said);
});

test("the alert rules are well formed and lint clean", { skip }, () => {
  const { status, said } = promtool(["check", "rules", "--lint-fatal", deploy("alerts.yaml")]);
  assertEquals(status, 0, said);
});

test("the alert rules fire on what they are for, and on nothing else", { skip }, () => {
  const { status, said } = promtool(["test", "rules", deploy("alerts_test.yaml")]);
  assertEquals(status, 0, said);
});

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}
const dashboard = JSON.parse(readFileSync(deploy("grafana.json"), "utf8")) as { panels: Panel[] };
const queries = dashboard.panels.flatMap((panel) => panel.targets ?? []).map(({ expr }) => expr);

test("every query of the dashboard is PromQL", { skip }, () => {
  assert(queries.length > 30);
  const rules = queries.map((expr, i) => {
    const plain = expr.replaceAll("$region", ".*").replaceAll("$__rate_interval", "5m");
    return { record: `query:${i}`, expr: plain };
  });
  const folder = mkdtempSync(join(tmpdir(), "earshot-dashboard-"));
  try {
    const file = join(folder, "queries.json");
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
    const { status, said } = promtool(["check", "rules", file]);
    assertEquals(status, 0, said);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("dashboard and alerts ask only for metrics that there are", async () => {
  const text = await fullText();
  const known = new Set<string>();
  for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    known.add(name!);
    if (type === "histogram") {
      for (const end of ["bucket", "sum", "count"]) known.add(`${name}_${end}`);
    }
  }
  const asked = `${queries.join("\n")}\n${readFileSync(deploy("alerts.yaml"), "utf8")}`;
  const names = new Set(asked.match(/\bearshot_[a-z0-9_]+/g));
  assert(names.size > 25);
  for (const name of names) assert(known.has(name), `${name} is not a metric of ours`);
});

test("the dashboard answers its four questions, with an id of its own for each panel", () => {
  const rows = dashboard.panels.filter((panel) => panel.type === "row").map(({ title }) => title);
  for (const title of ["Is it fast?", "Is it full?", "What does it cost?", "What breaks?"]) {
    assert(rows.includes(title), title);
  }
  assertEquals(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
});
