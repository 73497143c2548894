/**
 * Ordinary life in simulated time: callers with their habits in whole calls through the real `Call`,
 * as fast as the machine can, and what became of each thing that they said.
 *
 * Run: `node_modules/bun/bin/bun.exe bench/turns/simulate.ts --conversations 1000 --processes 2`,
 * with as many conversations for each of `--turns` and `--mood`; `--from` chooses the first seed,
 * `--json FILE` keeps all figures. `--seed "server calm 17"` runs one conversation alone and tells
 * it, `--only "mm-hm"` one behaviour.
 *
 * @module
 */

import process from "node:process";
import type { TurnMode } from "../../brain/openai/session.ts";
import { type PieceDone, piecesOf, playAlone, playTogether, serve } from "./life/crew.ts";
import { at, BRAINS, report, type Round, rounds, score, values } from "./life/options.ts";
import { Progress } from "./life/progress.ts";
import { simulate } from "./life/simulated.ts";
import { Tally } from "./life/tally.ts";

function play({ turns, mood, from, count }: Round): PieceDone {
  const tally = new Tally();
  const settings = {
    turns: turns as TurnMode,
    brain: BRAINS[mood]!,
    only: values.only ?? null,
  };
  for (let n = from; n < from + count; n++) {
    score(simulate(at(n, turns, mood), settings), mood, tally);
  }
  return { tally: tally.toJSON(), rssBytes: process.memoryUsage.rss() };
}

async function playAll(): Promise<void> {
  const wanted = rounds();
  const total = wanted.reduce((sum, { count }) => sum + count, 0);
  const progress = new Progress(total);
  const parts = new Map(wanted.map(({ turns, mood }) => [`${turns} ${mood}`, new Tally()]));
  const onPiece = ({ turns, mood, count }: Round, done: PieceDone, child: number) => {
    parts.get(`${turns} ${mood}`)!.merge(done.tally);
    progress.add(count, child, done.rssBytes);
  };
  const processes = Number(values.processes);
  const pieces = piecesOf(wanted);
  if (processes === 1) playAlone(pieces, play, onPiece);
  else {
    const args = [...process.argv.slice(2), "--serves"];
    await playTogether(pieces, processes, import.meta.filename!, args, onPiece);
  }
  const all = new Tally();
  for (const part of parts.values()) all.merge(part.toJSON());
  const { seconds } = progress;
  report(
    `${total} conversations in simulated time (${[...parts.keys()].join(", ")}): ` +
      `${seconds.toFixed(1)} s, ${(seconds * 1000 / total).toFixed(1)} ms each`,
    all,
    parts,
  );
}

if (values.serves) serve(play);
else await playAll();
