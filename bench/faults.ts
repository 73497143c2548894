/**
 * What it costs a caller when something breaks: silence added and words lost, over seeded calls to
 * the compiled binary, beside calls that nothing happens to.
 *
 * Run: `deno run -A bench/faults.ts --calls 200 --at-once 20`; `--only link` for one kind, `--seed`
 * for other moments, `--write` for the head of `docs/reliability.md`. Exits with 1 when an aim is
 * missed.
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { sharedTicker } from "../cli/phone/ticker.ts";
import { writeSection } from "../tasks/sections.ts";
import { lineTo } from "../tests/calls/line.ts";
import { startFaultBrain } from "../tests/faults/fault_brain.ts";
import { type Disturbance, DISTURBANCES, UPGRADE_MS } from "./faults/disturbances.ts";
import { figuresOf, HEAD, type Healthy, rowOf } from "./faults/figures.ts";
import { measureCall, type Measured, type OpenPlace } from "./faults/measured_call.ts";
import { percentile } from "./turns/figures.ts";
import { Random } from "./vad/random.ts";

const { values } = parseArgs({
  options: {
    calls: { type: "string", default: "200" },
    "at-once": { type: "string", default: "20" },
    seed: { type: "string", default: "one" },
    only: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const calls = Number(values.calls);

/** As the API behaves over a network: an upgrade takes its round trips, an answer a while. */
async function openPlace(env: Readonly<Record<string, string>>): Promise<OpenPlace> {
  const brain = await startFaultBrain({ upgradeMs: UPGRADE_MS, thinkMs: 300, streamRate: 2 });
  const line = await lineTo("binary", brain.url, {
    EARSHOT_LOG: "off",
    EARSHOT_TRANSCRIBE: "gpt-realtime-whisper",
    ...env,
  });
  const close = async () => {
    await line.close();
    await brain.close();
  };
  return { line, brain, close };
}

async function measure(count: number, name: string, what?: Disturbance): Promise<Measured[]> {
  const place = await (what?.open ?? openPlace)(what?.env ?? {});
  const measured: Measured[] = [];
  let next = 0;
  const seat = async (n: number) => {
    // Whoever calls at once doesn't begin at once.
    await new Promise((go) => setTimeout(go, n * 200));
    while (next < count) {
      const random = new Random(`${values.seed} ${name} ${next++}`);
      measured.push(await measureCall(place, random, what?.strike?.(random) ?? null));
    }
  };
  try {
    await Promise.all(
      Array.from({ length: Math.min(count, Number(values["at-once"])) }, (_, n) => seat(n)),
    );
  } finally {
    await place.close();
  }
  return measured;
}

const none = await measure(Math.ceil(calls / 5), "nothing");
const healthy: Healthy = [0, 1, 2].map((i) =>
  percentile(none.map(({ waitsMs }) => waitsMs[i]!).filter((ms) => !Number.isNaN(ms)), 50)
);
const lines = [...HEAD, rowOf("nothing", figuresOf(none, healthy))];
let good = true;
for (const [name, what] of Object.entries(DISTURBANCES)) {
  if (values.only && values.only !== name) continue;
  const figures = figuresOf(await measure(calls, name, what), healthy);
  lines.push(rowOf(what.name, figures, what.aim));
  console.log(`${what.name}: ${what.how}`);
  good &&= figures.ended === 0 && figures.silenceMs.p95 <= what.aim.silenceMs &&
    figures.words.p95 <= what.aim.words &&
    // What comes of the settings alone has to come.
    (what.strike !== undefined || figures.linksPerCall > 1.5);
}
const lateMs = sharedTicker.lateness().p99Ms.toFixed(1);
lines.push(
  "",
  `${calls} calls of each kind, ${
    values["at-once"]
  } at once, seed \`${values.seed}\`; an upgrade ` +
    `takes ${UPGRADE_MS} ms. The phones' own clock was late by ${lateMs} ms (p99).`,
);
console.log(lines.join("\n"));
if (values.write) writeSection("docs/reliability.md", "figures", lines.join("\n"));
process.exit(good ? 0 : 1);
