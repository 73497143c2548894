/**
 * Goes every way through the world: breadth first to a depth, so that the first path that breaks
 * something is a shortest one, and by chance far beyond. From each new state it asks whether a caller
 * who falls silent there is served.
 *
 * @module
 */

import { seeded } from "../random.ts";
import { keyOf } from "./key.ts";
import { type Budget, type Move, moves } from "./moves.ts";
import { CHECKS, ENDLESS, type Violation } from "./paths.ts";
import type { Subject } from "./subject.ts";
import { openWorld } from "./open_world.ts";
import { fork, type World, type WorldSettings } from "./world.ts";

export interface Found {
  states: number;
  /** Moves of the longest path of which all shorter ones were tried. */
  depth: number;
  walks: number;
  /** The shortest way to each thing that can go wrong. */
  readonly violations: Map<string, Violation>;
  /** Actions, refusals and timers that occurred: what never does proves nothing. */
  readonly seen: Set<string>;
}

export function emptyFound(): Found {
  return { states: 0, depth: 0, walks: 0, violations: new Map(), seen: new Set() };
}

interface Node<S> {
  readonly world: World<S>;
  readonly budget: Budget;
  readonly parent: Node<S> | null;
  readonly name: string;
}

function pathOf<S>(node: Node<S>): string[] {
  const path: string[] = [];
  for (let at: Node<S> | null = node; at?.parent; at = at.parent) path.unshift(at.name);
  return path;
}

/** More ways than this to go wrong in the same way tell no more. */
const MAX_ALIKE = 4;

function note<S>(found: Found, w: World<S>, path: () => string[]): boolean {
  const what = w.broken[0];
  if (what === undefined) return false;
  const { settings } = w;
  const key = `${settings.turns} ${what} ${actsOf(path())}`;
  const known = found.violations.get(key);
  const alike = [...found.violations.values()].filter((v) => v.what === what);
  const full = alike.filter((v) => v.settings.turns === settings.turns).length >= MAX_ALIKE;
  if (known ? known.path.length > path().length : !full) {
    found.violations.set(key, { what, settings, path: path() });
  }
  return true;
}

/** What the caller did and where the brain failed: two ways that agree in it are likely one defect. */
function actsOf(path: readonly string[]): string {
  return path.filter((move) => /^the caller (asks|coughs|types)|^the brain \w+ it$/.test(move))
    .join();
}

const ALL = Object.entries(CHECKS);
const [STILL, CALM, ...STORMS] = ALL;

/**
 * Whether the caller is served from here on.
 *
 * @param n Each state is left in peace and in calm; the storms take turns.
 */
function checkLiveness<S>(found: Found, node: Node<S>, n: number): void {
  for (const [name, check] of [STILL!, CALM!, STORMS[n % STORMS.length]!]) {
    const world = check(node.world);
    if (world.broken.length > 0) note(found, world, () => [...pathOf(node), name]);
  }
}

function next<S>(node: Node<S>, move: Move<S>): Node<S> {
  const world = fork(node.world);
  move.run(world);
  const { spends } = move;
  const budget = spends ? { ...node.budget, [spends]: node.budget[spends] - 1 } : node.budget;
  return { world, budget, parent: node, name: move.name };
}

function start<S>(
  subject: Subject<S>,
  settings: WorldSettings,
  budget: Budget,
  { seen }: Found,
): Node<S> {
  // One for all worlds that come of this.
  const world = { ...openWorld(subject, settings), seen };
  return { world, budget, parent: null, name: "" };
}

/** @returns Where the path leads, or its first move that is not there. */
function begin<S>(
  subject: Subject<S>,
  settings: WorldSettings,
  budget: Budget,
  found: Found,
  path: readonly string[],
): Node<S> {
  let node = start(subject, settings, budget, found);
  for (const name of path) {
    const move = moves(node.world, ENDLESS).find((m) => m.name === name);
    if (!move) throw new Error(`There is no such move: ${name}, after ${pathOf(node).join("; ")}`);
    node = { ...next(node, move), budget };
  }
  return node;
}

export interface Limits {
  readonly depth: number;
  /** Where to begin: moves that are made before anything is tried. */
  readonly after?: readonly string[];
  readonly untilMs: number;
  readonly maxStates: number;
  readonly stopAtFirst?: boolean;
}

/** Every path up to a depth, or until time is up. */
export function exploreAll<S>(
  subject: Subject<S>,
  settings: WorldSettings,
  budget: Budget,
  limits: Limits,
  found: Found,
): void {
  const first = begin(subject, settings, budget, found, limits.after ?? []);
  if (note(found, first.world, () => pathOf(first))) return;
  const known = new Set([keyOf(first.world, budget)]);
  let level: Node<S>[] = [first];
  let depth = 0;
  for (; depth < limits.depth && level.length > 0; depth++) {
    const deeper: Node<S>[] = [];
    for (const node of level) {
      if (performance.now() > limits.untilMs || known.size > limits.maxStates) {
        found.depth = Math.max(found.depth, depth);
        return;
      }
      for (const move of moves(node.world, node.budget)) {
        const child = next(node, move);
        if (note(found, child.world, () => pathOf(child))) {
          if (limits.stopAtFirst) return;
          continue;
        }
        const key = keyOf(child.world, child.budget);
        if (known.has(key)) continue;
        known.add(key);
        checkLiveness(found, child, found.states++);
        if (limits.stopAtFirst && found.violations.size > 0) return;
        deeper.push(child);
      }
    }
    level = deeper;
  }
  found.depth = Math.max(found.depth, depth);
}

/** What is on its way, or about to be. */
const MESSAGE = /^hears of|^the brain takes (?!noise)|^the brain hears/;
/** Faults after which little can follow. */
const ENDS = /gone|forbids|despairs|hangs up|time for session/;

/** How often what is on its way comes before anything else, by walk: wires differ. */
const HURRY = [0, 0.4, 0.8];

/** Long paths by chance; a seed gives the same one again. */
export function walk<S>(
  subject: Subject<S>,
  settings: WorldSettings,
  budget: Budget,
  length: number,
  seed: number,
  found: Found,
): void {
  const random = seeded(seed);
  const hurry = HURRY[seed % HURRY.length]!;
  let node = start(subject, settings, budget, found);
  found.walks++;
  for (let n = 0; n < length; n++) {
    const options = moves(node.world, node.budget);
    if (options.length === 0) return;
    const any = () => options[Math.floor(random() * options.length)]!;
    let option = any();
    // Messages are quick, time that passes is only one of the things that can happen, and what ends
    // everything is best kept for later.
    const message = random() < hurry ? options.find(({ name }) => MESSAGE.test(name)) : undefined;
    if (message) option = message;
    if (option.name.startsWith("time for") && random() < 0.6) option = any();
    if (option.spends === "faults" && random() < 0.7) option = any();
    for (let n = 0; n < 3 && ENDS.test(option.name); n++) option = any();
    node = next(node, option);
    found.states++;
    if (note(found, node.world, () => pathOf(node))) return;
    if (n % 4 === 0) checkLiveness(found, node, n / 4 + seed);
  }
}
