/**
 * What docs/security.md claims: each control names a test, and each of these tests exists.
 *
 * @module
 */

import test from "node:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { assert, assertGreater } from "@std/assert";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PASSED_BY = ["node_modules", "dist", ".git"];

/** The source of all tests. */
function tests(folder = ROOT): string {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !PASSED_BY.includes(name))
    .map((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return tests(path);
      return entry.name.endsWith("_test.ts") ? readFileSync(path, "utf8") : "";
    })
    .join("\n");
}

test("security: every control is shown by a test that exists", () => {
  const page = readFileSync(join(ROOT, "docs/security.md"), "utf8");
  const [, body] = page.split("\n## Threats, controls, tests\n");
  const rows = body!.split("\n## ")[0]!.split("\n").filter((line) => line.startsWith("|")).slice(2);
  const source = tests();
  assertGreater(rows.length, 25);
  for (const row of rows) {
    const name = row.split("|").at(-2)!.trim().replace(/^`|`$/g, "");
    // A name that is put together begins in the code with what it is made of.
    const found = [`"${name}"`, `\`${name}\``, ` ${name}\``].some((one) => source.includes(one));
    assert(found, `No test is called ${name}`);
  }
});
