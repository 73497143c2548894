/**
 * All cells of the table: each fault at each moment, many calls at once on a few servers.
 *
 * @module
 */

import type { Target } from "../server.ts";
import { lineTo } from "../calls/line.ts";
import {
  type Fault,
  LINK_ROWS,
  type Moment,
  MOMENTS,
  type Outcome,
  THINK_MS,
  UPGRADE_ROWS,
} from "./cells.ts";
import { startFaultBrain } from "./fault_brain.ts";
import { broken, connecting, isGoodbye, measureHealthy, type Setup } from "./run_cell.ts";

/** Streams little faster than it is heard, so that an answer can be cut in its midst. */
const BRAIN = { thinkMs: THINK_MS, streamRate: 1.5, hangsUp: isGoodbye };
const ENV = {
  EARSHOT_TRANSCRIBE: "gpt-realtime-whisper",
  // So that what lasts for good is over soon.
  EARSHOT_SESSION_TIMEOUT_MS: "5000",
};
const MIDST = MOMENTS.filter((moment) => moment !== "connecting");

/** A cell that came to an outcome, or to an error of the test's own. */
export interface Cell {
  readonly fault: Fault;
  readonly moment: Moment;
  readonly outcome: Outcome | Error;
}

async function onServer(
  target: Target,
  run: (setup: Setup) => Promise<Cell[]>,
  withFallback = false,
): Promise<Cell[]> {
  const brain = await startFaultBrain(BRAIN);
  const second = withFallback ? await startFaultBrain(BRAIN) : null;
  const env = second ? { ...ENV, EARSHOT_FALLBACK_URLS: second.url } : ENV;
  const line = await lineTo(target, brain.url, env);
  try {
    const healthy = await measureHealthy(line);
    return await run({ line, brain, healthy, ...(second && { second }) });
  } finally {
    await line.close();
    await brain.close();
    await second?.close();
  }
}

const cell = (fault: Fault, moment: Moment, outcome: Promise<Outcome>): Promise<Cell> =>
  outcome.then((outcome) => ({ fault, moment, outcome })).catch((error) => ({
    fault,
    moment,
    outcome: error instanceof Error ? error : new Error(String(error)),
  }));

/** Every fault of the link, once it stands: all at once. */
const linkCells = (target: Target) =>
  onServer(target, (setup) =>
    Promise.all(
      LINK_ROWS.flatMap((fault) =>
        MIDST.map((moment) => cell(fault, moment, broken(setup, fault, moment)))
      ),
    ));

/** Every fault of the first link: a brain can't know whose link it is, so one begins after the other. */
const firstLinkCells = (target: Target) =>
  onServer(target, async (setup) => {
    const cells: Promise<Cell>[] = [];
    for (const fault of LINK_ROWS) {
      await new Promise<void>((settled) => {
        cells.push(cell(fault, "connecting", connecting(setup, fault, settled)).finally(settled));
      });
    }
    return await Promise.all(cells);
  });

/** A way that is barred: a server for each fault, because upgrades don't say whose they are. */
const upgradeCells = (target: Target, fault: Fault) =>
  onServer(target, async (setup) => {
    const first = () => cell(fault, "connecting", connecting(setup, fault));
    // What is barred for good is barred for all: those who are to speak first have to be there.
    const before = fault.always ? [] : [await first()];
    const midst = await Promise.all(
      MIDST.map((moment) => cell(fault, moment, broken(setup, fault, moment))),
    );
    return [...before, ...midst, ...fault.always ? [await first()] : []];
  }, fault.fallback);

/** Runs the whole table. */
export async function runMatrix(target: Target): Promise<Cell[]> {
  const cells = await Promise.all([
    linkCells(target),
    firstLinkCells(target),
    ...UPGRADE_ROWS.map((fault) => upgradeCells(target, fault)),
  ]);
  return cells.flat();
}
