/**
 * What the documents say, held to the code: settings, routes, bounds, and every file they name.
 *
 * @module
 */

import test from "node:test";
import { existsSync, readFileSync } from "node:fs";
import { assert, assertEquals, assertGreater } from "@std/assert";
import { createApp } from "../app.ts";
import { readConfig } from "../config.ts";
import { createServices } from "../server/services.ts";
import { log } from "../telemetry/log.ts";

const at = (path: string) => new URL(`../${path}`, import.meta.url);
const read = (path: string) => readFileSync(at(path), "utf8");

const DOCUMENTS = [
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "docs/architecture.md",
  "docs/closing.md",
  "docs/deploy.md",
  "docs/echo-brain.md",
  "docs/security.md",
  "docs/reliability.md",
  "docs/turn-taking.md",
  "examples/openai-sdk/README.md",
  "examples/twilio-number/README.md",
];

/** The rows of the table under a heading, without its head, as cells without backticks. */
function table(path: string, heading: string): string[][] {
  const [, body] = read(path).split(`\n## ${heading}\n`);
  assert(body, `${path} has no heading ${heading}`);
  return body.split("\n## ")[0]!.split("\n")
    .filter((line) => line.startsWith("|"))
    .slice(2)
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim().replace(/^`|`$/g, "")));
}

test("README: the settings are those of environment.ts, in its order, with their defaults", () => {
  const environment = /const Environment = v\.object\(\{([\s\S]*?)\n\}\);/.exec(
    read("environment.ts"),
  );
  const names = [...environment![1]!.matchAll(/^ {2}([A-Z][A-Z0-9_]*):/gm)].map(([, name]) => name);
  const rows = table("README.md", "Settings");
  assertEquals(rows.map(([name]) => name), names);
  const defaults = readConfig({}) as unknown as Record<string, unknown>;
  for (const [name, value] of rows) assertEquals(value, String(defaults[name!] ?? "–"), name);
});

test("README: the routes are those of the app", () => {
  const app = createApp(createServices(readConfig({}), log("test")));
  const served = app.routes
    .filter(({ method, path }) => method !== "ALL" && !path.includes("*"))
    .map(({ method, path }) => `${method} ${path}`);
  // The page stands behind a route for everything.
  const told = table("README.md", "Routes").map(([route]) => route!).filter((r) => r !== "GET /");
  assertEquals(told.sort(), [...new Set(served)].sort());
});

const UNITS: Record<string, number> = { "": 1, KiB: 1024, MiB: 1024 * 1024 };

/** The value that `source` gives to `name`: a product of whole numbers, or a setting's default. */
function valueIn(source: string, name: string): number | null {
  const setting = new RegExp(`\\b${name}: whole\\([^)]*, ([\\d_]+)\\)`).exec(source);
  const plain = new RegExp(
    `\\b${name}(?:: number)?\\s*[:=]\\s*([\\d_]+(?: (?:\\*|<<) [\\d_]+)*)[;,\\s]`,
  )
    .exec(source);
  const text = (setting ?? plain)?.[1]?.replaceAll("_", "");
  if (!text) return null;
  const [shifted, by] = text.split(" << ");
  const product = shifted!.split(" * ").reduce((all, factor) => all * Number(factor), 1);
  return by === undefined ? product : product * 2 ** Number(by);
}

test("architecture: each bound stands in the file that is named, with the value that is named", () => {
  const rows = table("docs/architecture.md", "Every bound");
  assertGreater(rows.length, 40);
  for (const [name, told, file] of rows) {
    const [, number, unit] = /^(\d+)(?: (KiB|MiB))?$/.exec(told!) ?? [];
    assert(number, `${name}: ${told} is no value`);
    const value = Number(number) * UNITS[unit ?? ""]!;
    assertEquals(valueIn(read(file!), name!), value, `${name} in ${file}`);
  }
});

test("all links between documents lead somewhere, and every file that is named exists", () => {
  for (const document of DOCUMENTS) {
    const text = read(document).replace(/^```[\s\S]*?^```/gm, "");
    const links = [...text.matchAll(/\]\(([^)\s]+)\)|\b(?:src|srcset)="([^"]+)"/g)]
      .map((match) => (match[1] ?? match[2])!.split("#")[0]!)
      .filter((link) => link !== "" && !/^https?:/.test(link));
    for (const link of links) {
      assert(existsSync(new URL(link, at(document))), `${document} links to ${link}`);
    }
    for (
      const [, path] of text.matchAll(/`((?:[\w-]+\/)*[\w.-]+\.(?:ts|json|md|toml)|[a-z]+\/)`/g)
    ) {
      // Named in examples of what others make for themselves.
      if (path === "fly.ie1.toml") continue;
      const beside = new URL(path!, at(document));
      assert(existsSync(at(path!)) || existsSync(beside), `${document} names ${path}`);
    }
  }
});

test("turn-taking: each deadline of the machine is in the table, and no other", () => {
  const rows = table("docs/turn-taking.md", "Nothing owed without a timer");
  const [, names] = /const TIMERS: readonly TimerName\[\] = \[([^\]]*)\]/.exec(
    read("call/turns/deadlines.ts"),
  )!;
  const told = rows.map(([name]) => name).sort();
  assertEquals(told, [...names!.matchAll(/"(\w+)"/g)].map(([, name]) => name).sort());
});
