/**
 * Builds the calls, runs the detectors, writes RESULTS.md, roc.svg and strip.svg beside itself.
 *
 *     deno run -A bench/vad/evaluate.ts [--calls 4] [--sounds DIR] [--out DIR]
 *
 * @module
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Clip, loadCorpus, PROMPTS_DIR } from "./corpus.ts";
import { type Detect, fixedRms, floorPlusMargin, ours } from "./detectors.ts";
import { buildDialogs, type Dialog, lengthMs } from "./dialogs.ts";
import { NOISES } from "./noise.ts";
import { machine, table } from "./report.ts";
import { rocSvg } from "./roc.ts";
import { type Row, Score } from "./score.ts";
import type { Part } from "./sentences.ts";
import { stripSvg } from "./strip.ts";

const { values: args } = parseArgs({
  options: {
    calls: { type: "string", default: "4" },
    sounds: { type: "string", default: PROMPTS_DIR },
    out: { type: "string", default: import.meta.dirname! },
  },
});
const callsEach = Number(args.calls);
if (!Number.isInteger(callsEach) || callsEach < 1 || callsEach > 50) {
  throw new RangeError(`--calls is ${args.calls}, wants a whole number 1..50`);
}

const DETECTORS: readonly (readonly [string, Detect])[] = [
  ["earshot", ours()],
  ["floor + 6 dB", floorPlusMargin(6)],
  ["fixed RMS −45 dBFS", fixedRms(-45)],
  ["fixed RMS −40 dBFS", fixedRms(-40)],
  ["fixed RMS −35 dBFS", fixedRms(-35)],
];

function scored(dialogs: readonly Dialog[], detect: Detect): Row {
  const score = new Score();
  for (const dialog of dialogs) score.add(dialog, detect(dialog.pcm));
  return score.row();
}

/** Mean time of a 20 ms frame over all calls, the second of two passes. */
function microsecondsPerFrame(dialogs: readonly Dialog[], detect: Detect): string {
  let ms = 0, frames = 0;
  for (let pass = 0; pass < 2; pass++) {
    frames = 0;
    const startedMs = performance.now();
    for (const dialog of dialogs) {
      detect(dialog.pcm);
      frames += dialog.pcm.length / 160;
    }
    ms = performance.now() - startedMs;
  }
  return ((1000 * ms) / frames).toFixed(2);
}

/** Rows of one detector over groups of calls. */
function byGroup(
  dialogs: readonly Dialog[],
  detect: Detect,
  groups: readonly (readonly [string, (dialog: Dialog) => boolean])[],
): [string, Row][] {
  const rows: [string, Row][] = [];
  for (const [name, belongs] of groups) {
    const own = dialogs.filter(belongs);
    if (own.length > 0) rows.push([name, scored(own, detect)]);
  }
  return rows;
}

function partReport(part: Part, clips: readonly Clip[]): { markdown: string; even: Dialog[] } {
  say(`${part}: building calls from ${clips.length} clips`);
  const even = buildDialogs(part, clips, callsEach, "even");
  const jumps = buildDialogs(part, clips, callsEach, "jumps");
  const minutes = Math.round(even.reduce((sum, d) => sum + lengthMs(d), 0) / 60000);
  const speakers = [...new Set(even.map((d) => d.speaker))];
  say(`${part}: scoring ${even.length} calls, ${minutes} minutes, ${speakers.length} speakers`);

  const pooled = DETECTORS.map(([name, detect]): [string, Row, string] => {
    return [name, scored(even, detect), microsecondsPerFrame(even.slice(0, 20), detect)];
  });
  const earshot = DETECTORS[0]![1];
  const snrs = [Infinity, 20, 10, 5];
  const markdown = [
    `## ${part === "dev" ? "Development part" : "Test part"}`,
    "",
    `${even.length} calls, ${minutes} minutes; speakers: ${speakers.join(", ")}.`,
    "",
    table("detector, pooled", pooled),
    "",
    table(
      "±9 dB level jumps, pooled",
      DETECTORS.slice(0, 4).map(([name, detect]) => [
        name,
        scored(jumps, detect),
      ]),
    ),
    "",
    table(
      "earshot, by SNR",
      byGroup(
        even,
        earshot,
        snrs.map((snrDb) => [
          snrDb === Infinity ? "clean" : `${snrDb} dB`,
          (d) => d.snrDb === snrDb,
        ]),
      ),
    ),
    "",
    table(
      "earshot, by noise",
      byGroup(
        even,
        earshot,
        NOISES.flatMap((noise) =>
          [20, 10, 5].map((snrDb) =>
            [
              `${noise}, ${snrDb} dB`,
              (d: Dialog) => d.noise === noise && d.snrDb === snrDb,
            ] as const
          )
        ),
      ),
    ),
    "",
    table(
      "earshot, by source and level",
      byGroup(even, earshot, [
        ["recorded prompts", (d) => d.source === "prompts"],
        ["espeak-ng", (d) => d.source === "espeak"],
        ...[-14, -20, -26, -32, -37].map((level) =>
          [`${level} dBov`, (d: Dialog) => d.levelDbov === level] as const
        ),
      ]),
    ),
    "",
  ].join("\n");
  return { markdown, even };
}

function say(words: string): void {
  console.error(`bench:vad: ${words}`);
}

const startedMs = performance.now();
const parts: string[] = [];
let pictured: Dialog[] = [];
for (const part of ["dev", "test"] as const) {
  const clips = loadCorpus(part, args.sounds);
  if (!clips.some((clip) => clip.source === "prompts")) {
    say(`${part}: no recorded prompts (apt install asterisk-core-sounds-en-wav); espeak-ng alone`);
  }
  const { markdown, even } = partReport(part, clips);
  parts.push(markdown);
  pictured = even;
}
say("drawing");
mkdirSync(args.out, { recursive: true });
const strip = pictured.find((d) => d.noise === "street" && d.snrDb === 10 && d.levelDbov === -26) ??
  pictured[0]!;
writeFileSync(join(args.out, "strip.svg"), stripSvg(strip, 0, 14000));
writeFileSync(join(args.out, "roc.svg"), rocSvg(pictured));
const results = [
  "# Results of the voice activity evaluation",
  "",
  `${machine()}. Written by \`evaluate.ts\`; what each measure means is in [README.md](README.md).`,
  "",
  "![curves](roc.svg)",
  "",
  "![strip](strip.svg)",
  "",
  ...parts,
].join("\n");
writeFileSync(join(args.out, "RESULTS.md"), results);
console.log(results);
say(`done in ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
