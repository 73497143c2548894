/**
 * Nothing is exported that nobody imports. Tests count as importers only of what its own file uses
 * too: what tests alone use is no part of the product. A type may be exported for the sake of what its
 * own file exports.
 *
 * @module
 */

import { isTest, sources } from "./imports.ts";

const NAME = "[A-Za-z_$][\\w$]*";
const DECLARED = new RegExp(
  `^export\\s+(?:declare\\s+)?(?:abstract\\s+)?(?:async\\s+)?(function\\*?|class|const|let|type|interface|enum)\\s+(${NAME})`,
  "gm",
);
/** `export const { a, b } = …` is not to be found here, and neither is `export *`. */
const LISTED = /^export\s+(?:type\s+)?\{([^}]*)\}(?:\s*from\s*"([^"]+)")?/gm;
const IMPORTED = /(?:^|\n)\s*import\s+(?:type\s+)?(?:\w+\s*,\s*)?\{([^}]*)\}\s*from\s*"([^"]+)"/g;
const WHOLE = /(?:\*\s*as\s+\w+\s+from\s*|import\()"(\.[^"]+)"/g;

interface Uses {
  product: boolean;
  tests: boolean;
}

/** @param files Path to source text. */
export function exportProblems(files: ReadonlyMap<string, string>): string[] {
  const uses = new Map<string, Uses>();
  const whole = new Set<string>();
  for (const [path, text] of files) {
    const use = (target: string, name: string) => {
      const key = `${resolve(path, target)} ${name}`;
      const found = uses.get(key) ?? { product: false, tests: false };
      found[isTest(path) ? "tests" : "product"] = true;
      uses.set(key, found);
    };
    for (const [, names, target] of text.matchAll(IMPORTED)) {
      for (const { from } of listed(names!)) use(target!, from);
    }
    for (const [, names, target] of text.matchAll(LISTED)) {
      if (target) { for (const { from } of listed(names!)) use(target, from); }
    }
    for (const [, target] of text.matchAll(WHOLE)) whole.add(resolve(path, target!));
  }
  const problems: string[] = [];
  for (const [path, text] of files) {
    if (whole.has(path)) continue;
    for (const { name, isType } of exportsOf(text)) {
      const { product, tests } = uses.get(`${path} ${name}`) ?? { product: false, tests: false };
      if (product || (tests && isTest(path))) continue;
      if ((tests || isType) && usedAtHome(text, name)) continue;
      problems.push(
        `${path} exports ${name}: ${tests ? "only tests import" : "nobody imports"} it`,
      );
    }
  }
  return problems;
}

function exportsOf(text: string): { name: string; isType: boolean }[] {
  const found = [...text.matchAll(DECLARED)].map(([, kind, name]) => ({
    name: name!,
    isType: kind === "type" || kind === "interface",
  }));
  for (const [, list] of text.matchAll(LISTED)) {
    found.push(...listed(list!).map(({ to }) => ({ name: to, isType: false })));
  }
  return found;
}

/** `a, type b as c` → what it is called where it comes from, and where it goes. */
function listed(names: string): { from: string; to: string }[] {
  return names.split(",").map((name) => name.trim().replace(/^type\s+/, "")).filter(Boolean).map(
    (name) => {
      const [from, to = from] = name.split(/\s+as\s+/);
      return { from: from!, to: to! };
    },
  );
}

/** More than its declaration; comments don't count. */
function usedAtHome(text: string, name: string): boolean {
  const code = text.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, "");
  return code.match(
    new RegExp(`(?<![\\w$#])(?<!(?<!\\.)\\.)${name.replaceAll("$", "\\$")}(?![\\w$])`, "g"),
  )!
    .length > 1;
}

function resolve(from: string, target: string): string {
  return new URL(target, `file:///${from}`).pathname.slice(1);
}

if (import.meta.main) {
  const problems = exportProblems(
    new Map(sources().map((path) => [path, Deno.readTextFileSync(path)])),
  );
  for (const problem of problems) console.error(problem);
  console.log(
    problems.length === 0 ? "What is exported is imported." : `${problems.length} problems`,
  );
  Deno.exit(problems.length === 0 ? 0 : 1);
}
