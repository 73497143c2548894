/**
 * Runs each fault at each moment against the binary and prints the tables of `docs/reliability.md`;
 * `--write` puts them there.
 *
 * Run: `deno task reliability`, after `deno task build`.
 *
 * @module
 */

import { sharedTicker } from "../cli/phone/ticker.ts";
import { runLegMatrix } from "../tests/faults/leg_cells.ts";
import { runMatrix } from "../tests/faults/matrix.ts";
import { legTableOf, tableOf } from "../tests/faults/table.ts";
import { writeSection } from "./sections.ts";

const cells = await runMatrix("binary");
const { p50Ms, p99Ms, worstMs } = sharedTicker.lateness();
const late = [p50Ms, p99Ms, worstMs].map((ms) => ms.toFixed(0)).join(" / ");
const matrix = `${
  tableOf(cells, p99Ms)
}\n\nThe phones were late by ${late} ms (p50 / p99 / worst).`;
const legs = legTableOf(await runLegMatrix("binary"));
console.log(`${matrix}\n\n${legs}`);
if (Deno.args.includes("--write")) {
  writeSection("docs/reliability.md", "matrix", matrix);
  writeSection("docs/reliability.md", "legs", legs);
}
Deno.exit(`${matrix}${legs}`.includes("**") ? 1 : 0);
