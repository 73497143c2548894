import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { exportProblems } from "../tasks/exports.ts";

const problems = (files: Record<string, string>) => exportProblems(new Map(Object.entries(files)));

test("exports: what nobody imports is told; a type may stand beside what uses it", () => {
  const file = "export const LIMIT = 3;\nexport interface Options {\n  a: 1;\n}\n" +
    "export function run(options: Options) {\n  return LIMIT;\n}\nexport type Lost = 1;";
  assertEquals(problems({ "call/a.ts": file }), [
    "call/a.ts exports LIMIT: nobody imports it",
    "call/a.ts exports run: nobody imports it",
    "call/a.ts exports Lost: nobody imports it",
  ]);
  const user =
    `import {\n  run as go,\n  type Lost,\n} from "./a.ts";\nexport { LIMIT } from "./a.ts";`;
  assertEquals(
    problems({ "call/a.ts": file, "call/b.ts": user, "call/c_test.ts": `import("./b.ts")` }),
    [],
  );
});

test("exports: a test alone is a reason only for what is used at home too", () => {
  const file =
    "export const USED = 1;\n/** UNUSED, UNUSED */\nexport const UNUSED = 2;\nprint({ ...USED });";
  const test = `import { UNUSED, USED } from "./a.ts";`;
  assertEquals(problems({ "call/a.ts": file, "call/a_test.ts": test }), [
    "call/a.ts exports UNUSED: only tests import it",
  ]);
});
