/**
 * What is deployed, held to the code: `fly.toml`, the Dockerfile and `.env.example`.
 *
 * @module
 */

import test from "node:test";
import { existsSync, readFileSync } from "node:fs";
import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { createApp } from "../app.ts";
import { readConfig } from "../config.ts";
import { createServices } from "../server/services.ts";
import { log } from "../telemetry/log.ts";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

type Value = string | number | boolean;

/**
 * The part of TOML that our fly.toml is written in: sections and one scalar a line, as
 * `section.key`. Whatever else there is makes it throw, so nothing is silently passed over.
 */
function readToml(text: string): Map<string, Value> {
  const values = new Map<string, Value>();
  let section = "";
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const head = /^\[\[?([\w.]+)\]\]?$/.exec(line);
    const pair = /^(\w+) = (?:"([^"\\]*)"|(\d+)|(true|false))$/.exec(line);
    if (head) section = `${head[1]}.`;
    else if (pair) {
      const [, key, text, number, flag] = pair;
      const name = section + key;
      assert(!values.has(name), `${name} stands twice in fly.toml`);
      values.set(name, text ?? (number !== undefined ? Number(number) : flag === "true"));
    } else throw new SyntaxError(`fly.toml: this test can't read the line ${JSON.stringify(line)}`);
  }
  return values;
}

/** `FROM`, `COPY` and so on of the last stage, with their arguments. */
function lastStage(dockerfile: string): [string, string][] {
  const instructions = dockerfile.split("\n").filter((line) => /^[A-Z]+ /.test(line));
  const from = instructions.findLastIndex((line) => line.startsWith("FROM "));
  return instructions.slice(from).map((line) => {
    const space = line.indexOf(" ");
    return [line.slice(0, space), line.slice(space + 1).trim()];
  });
}

const fly = readToml(read("fly.toml"));
const of = (name: string): Value => {
  const value = fly.get(name);
  assert(value !== undefined, `fly.toml has no ${name}`);
  return value;
};

const dockerfile = read("Dockerfile");
const stage = lastStage(dockerfile);
const imageEnv: Record<string, string> = Object.fromEntries(
  stage.filter(([word]) => word === "ENV").flatMap(([, pairs]) =>
    pairs.split(" ").map((pair) => pair.split("=") as [string, string])
  ),
);
const flyEnv: Record<string, string> = Object.fromEntries(
  [...fly].filter(([name]) => name.startsWith("env.")).map(([name, value]) =>
    [name.slice(4), String(value)] as const
  ),
);
/** What earshot is started with on Fly; the secret is the one that it insists on. */
const environment = {
  ...imageEnv,
  ...flyEnv,
  FLY_REGION: String(of("primary_region")),
  FLY_MACHINE_ID: "m1",
  TWILIO_AUTH_TOKEN: "secret",
};
const config = readConfig(environment);

test("fly.toml: what it checks and what it scrapes are routes that answer 200", async () => {
  const app = createApp(createServices(config, log("test")));
  assertEquals(of("http_service.checks.method"), "GET");
  for (const name of ["http_service.checks.path", "metrics.path"]) {
    const response = await app.request(String(of(name)));
    assertEquals(response.status, 200, `${name} is ${of(name)}`);
    await response.body?.cancel();
  }
  assertEquals((await app.request("/no-such-route")).status, 404);
});

test("fly.toml: ports are the one that the image listens on, on IPv6 as well", () => {
  assertEquals(of("http_service.internal_port"), config.PORT);
  assertEquals(of("metrics.port"), config.PORT);
  assertEquals(stage.find(([word]) => word === "EXPOSE"), ["EXPOSE", String(config.PORT)]);
  assertEquals(config.HOST, "::");
  assertEquals(config.PORT, readConfig({}).PORT);
});

test("fly.toml: its settings are settings, and the public URL is the app's own", () => {
  for (const name of [...Object.keys(flyEnv), ...Object.keys(imageEnv)]) {
    assert(name in config, `${name} is not a setting of earshot`);
  }
  assertEquals(config.PUBLIC_URL, `https://${of("app")}.fly.dev`);
});

test("fly.toml: the drain fits into the time before the kill, which Fly bounds at 300 s", () => {
  const killMs = Number(of("kill_timeout")) * 1000;
  assertGreater(killMs, config.EARSHOT_DRAIN_MS);
  assertLessOrEqual(killMs, 300_000);
  assert(read("main.ts").includes(`"${of("kill_signal")}"`), "main.ts must listen to the signal");
});

test("fly.toml: the proxy never turns away whom earshot would take", () => {
  assertEquals(of("http_service.concurrency.type"), "connections");
  const calls = config.EARSHOT_MAX_CALLS;
  const hard = Number(of("http_service.concurrency.hard_limit"));
  // Calls, as many sessions at /v1/realtime, and some room for webhooks, checks and pages.
  assertGreater(hard, 2 * calls);
  assertLessOrEqual(Number(of("http_service.concurrency.soft_limit")), calls);
});

test("fly.toml: machines are never stopped under a call, and have a CPU of their own", () => {
  assertEquals(of("http_service.auto_stop_machines"), "off");
  assert(String(of("vm.size")).startsWith("performance-"));
});

test("Dockerfile: the image that runs holds one file, runs it directly, and not as root", () => {
  const words = stage.map(([word]) => word);
  assertEquals(words.filter((word) => word === "COPY" || word === "ADD"), ["COPY"]);
  assert(!words.includes("RUN"), "there is no shell in a distroless image");
  const [, copy] = stage.find(([word]) => word === "COPY")!;
  const [, source, target] = copy.split(" ");
  assertEquals(source, "/src/dist/earshot");
  const [, entry] = stage.find(([word]) => word === "ENTRYPOINT")!;
  assertEquals(JSON.parse(entry), [target]);
  assert(!words.includes("CMD"));
  const [, user] = stage.find(([word]) => word === "USER")!;
  assertEquals(user, "nonroot");
});

test("Dockerfile: one version of Deno, the README's", () => {
  const versions = new Set(
    [...(dockerfile + read("README.md")).matchAll(/deno@([\d.]+)/g)].map(([, version]) => version),
  );
  assertEquals(versions.size, 1, `deno@${[...versions].join(", deno@")}`);
});

test(".dockerignore: keeps secrets and litter out, and lets all of the source in", () => {
  const ignored = read(".dockerignore").split("\n").filter((line) => line && !line.startsWith("#"));
  for (const name of [".env", ".env.*", ".git", "node_modules", "dist"]) {
    assert(ignored.includes(name), `${name} must be ignored`);
  }
  const list = /const SOURCES = \[([^\]]+)\]/.exec(read("tasks/build.ts"));
  assert(list, "tasks/build.ts has no list of sources any more");
  const sources = [...list[1]!.matchAll(/"([^"]+)"/g)].map(([, path]) => path!);
  assertGreater(sources.length, 5);
  for (const path of [...sources, "tasks"]) {
    assert(!ignored.includes(path), `${path} is needed to build`);
    assert(existsSync(new URL(`../${path}`, import.meta.url)), `${path} does not exist`);
  }
});

test(".env.example: lists every setting once, save for those that Fly sets, with good values", () => {
  const lines = [...read(".env.example").matchAll(/^# ([A-Z][A-Z0-9_]*)=(.*)$/gm)];
  const names = lines.map(([, name]) => name!);
  assertEquals(new Set(names).size, names.length, "a setting stands twice");
  const example = Object.fromEntries(
    lines.map(([, name, value]) => [name!, value!.replace(/^"(.*)"$/, "$1")]),
  );
  readConfig({ ...example, OPENAI_API_KEY: "k" });
  assertEquals(names.toSorted(), settingNames().filter((name) => !/^FLY_/.test(name)).toSorted());
  // What is shown is the default, wherever there is one.
  for (const [name, value] of Object.entries(readConfig({}))) {
    if (example[name]) assertEquals(example[name], String(value), name);
  }
});

/** The names in environment.ts: an object without values doesn't tell those that have no default. */
function settingNames(): string[] {
  const body = /const Environment = v\.object\(\{([\s\S]*?)\n\}\);/.exec(read("environment.ts"));
  assert(body, "environment.ts has no Environment any more");
  return [...body[1]!.matchAll(/^ {2}([A-Z][A-Z0-9_]*):/gm)].map(([, name]) => name!);
}
