import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { checkImports, MAY_IMPORT, problemsIn } from "../tasks/imports.ts";

const problems = (files: Record<string, string>) => problemsIn(new Map(Object.entries(files)));

test("imports: the source keeps to the table", () => {
  assertEquals(checkImports(), []);
});

test("imports: a type from a room above is refused like a value", () => {
  const value = `import { Registry } from "../server/registry.ts";`;
  const type = `import type { Registry } from "../server/registry.ts";`;
  const again = `export type { Registry } from "../server/registry.ts";`;
  for (const text of [value, type, again]) {
    assertEquals(problems({ "call/call.ts": text }), [
      "call/call.ts imports server/registry.ts: not its way",
    ]);
  }
});

test("imports: none hides in a comment, behind one, or in another way of saying it", () => {
  const ways = [
    `import { a, /* it's; */ b } from "../server/registry.ts";`,
    `/* first */ import "../server/registry.ts";`,
    "const later = await import(`../server/registry.ts`);",
    `const later = () => import(/* so */ "../server/registry.ts");`,
    `const later = () =>\n  import(\n    "../server/registry.ts"\n  );`,
  ];
  for (const text of ways) {
    const told = ["call/call.ts imports server/registry.ts: not its way"];
    assertEquals(problems({ "call/call.ts": text }), told, text);
  }
});

test("imports: the product imports no helper of tests, and no file is too long to read", () => {
  assertEquals(problems({ "call/typing.ts": `import { FakeClock } from "./test_phone.ts";` }), [
    "call/typing.ts imports call/test_phone.ts: a helper of tests",
  ]);
  assertEquals(problems({ "call/long.ts": "x;\n".repeat(301) }), [
    "call/long.ts has 301 lines, at most 300 are read",
  ]);
});

test("imports: a circle is refused, of types too, and is told from file to file", () => {
  const circle = {
    "call/a.ts": `import type { B } from "./b.ts";\nexport type A = B;`,
    "call/b.ts": `import {\n  c,\n} from "./c.ts";`,
    "call/c.ts": `export const load = () => import("./a.ts");`,
  };
  assertEquals(problems(circle), ["a circle: call/a.ts → call/b.ts → call/c.ts → call/a.ts"]);
});

test("imports: a room that nobody has placed is refused", () => {
  assertEquals(problems({ "attic/old.ts": "" }), [
    "attic/old.ts: the room attic is not in tasks/imports.ts",
  ]);
});

test("imports: the page on architecture tells of the table, room by room", () => {
  const page = readFileSync(new URL("../docs/architecture.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| `([\w./]+)` \| [^|]+ \| ([^|]+) \|$/gm)];
  const told = new Map(rows.map(([, room, may]) => [
    room!.replace(/\/$/, ""),
    [...may!.matchAll(/`([\w./]+)`/g)].map(([, name]) => name!.replace(/\/$/, "")).sort(),
  ]));
  for (const [room, may] of Object.entries(MAY_IMPORT)) {
    if (room !== "version.ts") assertEquals(told.get(room), [...may].sort(), room);
  }
});
