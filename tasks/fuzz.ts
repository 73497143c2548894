/**
 * Generated messages, a million to each parser and 100,000 to each live socket of the binary.
 *
 * Run: `deno task fuzz`; `--parsers 1000000 --sockets 100000 --seed 1`, and `--only TwiML`
 * for the parsers of that name.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { fuzzParser, SUBJECTS } from "../tests/fuzz/parsers.ts";
import { fuzzSockets } from "../tests/fuzz/sockets.ts";
import { seeded } from "../tests/random.ts";

const { values } = parseArgs({
  options: {
    parsers: { type: "string", default: "1000000" },
    sockets: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    only: { type: "string", default: "" },
  },
});

const mb = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
const row = (...cells: unknown[]) => console.log(`| ${cells.join(" | ")} |`);

row("parser", "messages", "refused", "s", "worst ms", "memory before", "after");
row("---", "---", "---", "---", "---", "---", "---");
for (const subject of SUBJECTS.filter(({ name }) => name.includes(values.only))) {
  const before = Deno.memoryUsage().rss;
  const { name, messages, refused, seconds, worstMs } = fuzzParser(
    subject,
    Number(values.parsers),
    seeded(Number(values.seed)),
  );
  const after = Deno.memoryUsage().rss;
  row(name, messages, refused, seconds.toFixed(0), worstMs.toFixed(1), mb(before), mb(after));
}
console.log();
row("socket", "messages", "times opened", "s", "memory after a tenth", "after all");
row("---", "---", "---", "---", "---", "---");
for await (const one of fuzzSockets("binary", Number(values.sockets))) {
  const { name, messages, opened, seconds, rssBeganBytes, rssEndedBytes } = one;
  row(name, messages, opened, seconds.toFixed(0), mb(rssBeganBytes), mb(rssEndedBytes));
}
