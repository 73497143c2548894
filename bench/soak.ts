/**
 * Calls that come and go: memory over time, what is left behind, and whether a call that nothing
 * happened to ever failed.
 *
 * Run: `deno task soak --minutes 20 --calls 200 --faults 5`; `--write` for `docs/images/soak.svg` and
 * `docs/reliability.md`. Exits with 1 when something is not as it should be.
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { sharedTicker } from "../cli/phone/ticker.ts";
import { writeSection } from "../tasks/sections.ts";
import { soakSvg } from "./faults/plot.ts";
import { soak, soakProblems } from "./faults/soak.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "20" },
    calls: { type: "string", default: "200" },
    "call-seconds": { type: "string", default: "30" },
    faults: { type: "string", default: "5" },
    seed: { type: "string", default: "one" },
    write: { type: "boolean", default: false },
  },
});
const minutes = Number(values.minutes);
/** A short run still fills its history and warms its code up. */
const mostGrowth = minutes >= 4 ? 1.1 : 1.25;

const result = await soak({
  minutes,
  calls: Number(values.calls),
  callMs: Number(values["call-seconds"]) * 1000,
  faults: Number(values.faults) / 100,
  seed: values.seed,
});
const { calls, earlyMib, lateMib, before, after, waitMs } = result;
const problems = soakProblems(result, mostGrowth);
const faulty = calls.filter((call) => call.faulty).length;
const { p50Ms, p99Ms } = sharedTicker.lateness();
const lines = [
  `${calls.length} calls of ${values["call-seconds"]} s, ${values.calls} at once for ${minutes} ` +
  `minutes, ${faulty} of them under faults.`,
  "",
  "| | |",
  "| --- | --- |",
  `| memory, ${minutes >= 4 ? "second minute" : "second third"} / ${
    minutes >= 4 ? "last minute" : "last third"
  } | ${earlyMib.toFixed(0)} / ${lateMib.toFixed(0)} MiB (${
    (100 * (lateMib / earlyMib - 1)).toFixed(1)
  } %) |`,
  `| healthy calls that failed | ${calls.filter((one) => !one.faulty && one.failure).length} |`,
  `| calls under faults that ended by it | ${
    calls.filter((one) => one.faulty && one.failure).length
  } of ${faulty} |`,
  `| left behind: calls / sessions / sockets / files | ${result.callsLeft} / ${result.linksLeft} / ${
    after.sockets - before.sockets
  } / ${after.files - before.files} |`,
  `| healthy answers, p50 / p99 | ${waitMs.p50.toFixed(0)} / ${waitMs.p99.toFixed(0)} ms |`,
  `| the phones' own lateness, p50 / p99 | ${p50Ms.toFixed(1)} / ${p99Ms.toFixed(1)} ms |`,
];
console.log(lines.join("\n"));
for (const problem of problems) console.log(`FAIL ${problem}`);
if (values.write) {
  Deno.writeTextFileSync("docs/images/soak.svg", soakSvg(result.samples, lines[0]!));
  writeSection("docs/reliability.md", "soak", lines.join("\n"));
}
process.exit(problems.length > 0 ? 1 : 0);
