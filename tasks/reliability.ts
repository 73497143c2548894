/**
 * Runs each fault at each moment against the binary and prints the table of `docs/reliability.md`;
 * `--write` puts it there.
 *
 * Run: `deno task reliability`, after `deno task build`.
 *
 * @module
 */

import { sharedTicker } from "../cli/phone/ticker.ts";
import { runMatrix } from "../tests/faults/matrix.ts";
import { tableOf } from "../tests/faults/table.ts";
import { writeSection } from "./sections.ts";

const cells = await runMatrix("binary");
const { p50Ms, p99Ms, worstMs } = sharedTicker.lateness();
const table = tableOf(cells, p99Ms);
const late = [p50Ms, p99Ms, worstMs].map((ms) => ms.toFixed(0)).join(" / ");
console.log(`${table}\n\nThe phones were late by ${late} ms (p50 / p99 / worst).`);
if (Deno.args.includes("--write")) writeSection("docs/reliability.md", "matrix", table);
Deno.exit(table.includes("**") ? 1 : 0);
