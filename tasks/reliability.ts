/**
 * Runs each fault at each moment against the binary and prints the table of `docs/reliability.md`;
 * `--write` puts it there.
 *
 * Run: `deno task reliability`, after `deno task build`.
 *
 * @module
 */

import { runMatrix } from "../tests/faults/matrix.ts";
import { tableOf } from "../tests/faults/table.ts";
import { writeSection } from "./sections.ts";

const table = tableOf(await runMatrix("binary"));
console.log(table);
if (Deno.args.includes("--write")) writeSection("docs/reliability.md", "matrix", table);
Deno.exit(table.includes("**") ? 1 : 0);
