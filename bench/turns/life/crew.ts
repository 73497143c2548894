/**
 * Simulated conversations shared out: pieces of the work go to child processes one at a time, so
 * that a slow one holds nobody up, and their tallies come back and are added up.
 *
 * @module
 */

import { type ChildProcess, fork } from "node:child_process";
import process from "node:process";
import type { Round } from "./options.ts";
import type { TallyRecord } from "./tally.ts";

/** What a child hands in. */
export interface PieceDone {
  readonly tally: TallyRecord;
  readonly rssBytes: number;
}

/** Told with every piece that is done. */
export type OnPiece = (piece: Round, done: PieceDone, child: number) => void;

/** Conversations in one piece: a few seconds of work. */
const PIECE = 100;

export function* piecesOf(rounds: readonly Round[]): Generator<Round> {
  for (const round of rounds) {
    const endsBefore = round.from + round.count;
    for (let from = round.from; from < endsBefore; from += PIECE) {
      yield { ...round, from, count: Math.min(PIECE, endsBefore - from) };
    }
  }
}

/** The child's side: plays what it is given until nobody is there any more. */
export function serve(play: (piece: Round) => PieceDone): void {
  process.on("message", (piece: Round) => void process.send!(play(piece)));
}

/** The same here, without a child. */
export function playAlone(
  pieces: Iterable<Round>,
  play: (piece: Round) => PieceDone,
  onPiece: OnPiece,
): void {
  for (const piece of pieces) onPiece(piece, play(piece), 0);
}

/** @param file What the children run; it calls `serve`. */
export async function playTogether(
  pieces: Iterator<Round>,
  processes: number,
  file: string,
  args: readonly string[],
  onPiece: OnPiece,
): Promise<void> {
  const children: ChildProcess[] = [];
  const work = (child: ChildProcess, number: number) =>
    new Promise<void>((resolve, reject) => {
      let piece: Round | undefined;
      const next = () => {
        piece = pieces.next().value as Round | undefined;
        if (piece) child.send(piece);
        else resolve();
      };
      child.on("message", (done) => {
        onPiece(piece!, done as PieceDone, number);
        next();
      });
      child.on("error", reject);
      child.on("exit", (code, signal) => {
        const at = piece ? `at ${piece.turns} ${piece.mood} from ${piece.from}` : "with no work";
        reject(new Error(`A simulating process ended (${signal ?? code}) ${at}`));
      });
      next();
    });
  try {
    const all: Promise<void>[] = [];
    for (let number = 0; number < processes; number++) {
      const child = fork(file, [...args]);
      children.push(child);
      all.push(work(child, number));
    }
    await Promise.all(all);
  } finally {
    for (const child of children) child.kill();
  }
}
