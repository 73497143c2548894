/**
 * Goes every way through the world: breadth first to a depth, so that the first path that breaks
 * something is a shortest one, and by chance far beyond. From each new state it asks whether a caller
 * who falls silent there is served.
 *
 * @module
 */

import type { CallAction, CallEvent, TurnSettings } from "../../call/state.ts";
import { seeded } from "../random.ts";
import { checkCalm, checkMute } from "./calm.ts";
import { type Budget, type Move, moves } from "./moves.ts";
import type { Subject } from "./subject.ts";
import { fork, openWorld, type World } from "./world.ts";

export interface Violation {
  readonly what: string;
  readonly settings: TurnSettings;
  readonly path: readonly string[];
}

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

export const TURN_SETTINGS: TurnSettings = {
  turns: "server",
  bargeInMs: 700,
  greets: true,
  silencePromptMs: 0,
  brainSilenceMs: 200,
  deadAirMs: 6000,
  sessionTimeoutMs: 10_000,
  callLimitMs: 3_600_000,
  idleLimitMs: 600_000,
};

interface Node<S> {
  readonly world: World<S>;
  readonly budget: Budget;
  readonly parent: Node<S> | null;
  readonly name: string;
  readonly depth: number;
}

function pathOf<S>(node: Node<S>): string[] {
  const path: string[] = [];
  for (let at: Node<S> | null = node; at?.parent; at = at.parent) path.unshift(at.name);
  return path;
}

/** Two worlds that differ only in names and in the time of day are one. */
export function keyOf<S>(w: World<S>, budget: Budget): string {
  const names = new Map<string, number>();
  const { subject: _subject, settings: _settings, seen: _seen, lastSoundMs: _last, ...rest } = w;
  const text = JSON.stringify([rest, budget], (key, value) => {
    if (key === "settings" || key === "ids" || key === "lastId") return undefined;
    if (
      typeof value === "number" && /Ms$/.test(key) && !/^(heard|received|spoken|audio)Ms$/.test(key)
    ) {
      return Math.round(value - w.nowMs);
    }
    return value;
  });
  return text.replace(
    /"(?:id|ref|utterance|answer|earlyUtterance)":(\d+)|"([rit]\d+|(?:answer|commit|text)_\d+)"/g,
    (all, id, name) => {
      const known = id ?? name;
      if (known === "0") return all;
      if (!names.has(known)) names.set(known, names.size);
      return `#${names.get(known)}`;
    },
  );
}

function note<S>(found: Found, settings: TurnSettings, w: World<S>, path: () => string[]): boolean {
  for (const name of w.seen) found.seen.add(name);
  const what = w.broken[0];
  if (what === undefined) return false;
  const key = `${settings.turns} ${what} ${actsOf(path())}`;
  const known = found.violations.get(key);
  const full = found.violations.size >= MAX_VIOLATIONS;
  if (known ? known.path.length > path().length : !full) {
    found.violations.set(key, { what, settings, path: path() });
  }
  return true;
}

/** Last moves of a path: what liveness was checked with. */
const CALM = "all goes well", MUTE = "the brain is mute";
/** More of them than this tell no more. */
const MAX_VIOLATIONS = 40;

/** What the caller did and where the brain failed: two ways that agree in it are likely one defect. */
function actsOf(path: readonly string[]): string {
  return path.filter((move) => /^the caller (asks|coughs|types)|^the brain \w+ it$/.test(move))
    .join();
}

/** @returns Whether the caller is served from here on. */
function checkLiveness<S>(found: Found, node: Node<S>, settings: TurnSettings): void {
  note(found, settings, checkCalm(node.world), () => [...pathOf(node), CALM]);
  note(found, settings, checkMute(node.world), () => [...pathOf(node), MUTE]);
}

function next<S>(node: Node<S>, move: Move<S>): Node<S> {
  const world = fork(node.world);
  const { says, faults } = node.budget;
  move.run(world);
  return {
    world,
    budget: { says: says - (move.says ? 1 : 0), faults: faults - (move.fault ? 1 : 0) },
    parent: node,
    name: move.name,
    depth: node.depth + 1,
  };
}

export function emptyFound(): Found {
  return { states: 0, depth: 0, walks: 0, violations: new Map(), seen: new Set() };
}

/** Takes a path again. @returns The world at its end, or null where a move is not there any more. */
function retrace<S>(
  subject: Subject<S>,
  settings: TurnSettings,
  path: readonly string[],
): World<S> | null {
  let world = openWorld(subject, settings);
  for (const name of path) {
    if (name === CALM) return checkCalm(world);
    if (name === MUTE) return checkMute(world);
    const move = moves(world, { says: 99, faults: 99 }).find((m) => m.name === name);
    if (!move) return null;
    world = fork(world);
    move.run(world);
  }
  return world;
}

/** Leaves out of a path whatever it goes wrong without. */
export function shrink<S>(subject: Subject<S>, violation: Violation): Violation {
  let { path } = violation;
  for (let length = Math.ceil(path.length / 2); length >= 1; length = Math.floor(length / 2)) {
    for (let at = 0; at + length <= path.length;) {
      const shorter = [...path.slice(0, at), ...path.slice(at + length)];
      const world = retrace(subject, violation.settings, shorter);
      if (world?.broken[0] === violation.what) path = shorter;
      else at += length;
    }
  }
  return { ...violation, path };
}

/**
 * A violation's path once more, as a call's recording: each event with its time and what was decided.
 * `call/recording.ts` replays it.
 */
export function recordPath<S>(
  subject: Subject<S>,
  { settings, path }: Violation,
): { atMs: number; event: CallEvent; actions: readonly CallAction[] }[] {
  const steps: ReturnType<typeof recordPath> = [];
  retrace(
    {
      ...subject,
      step(state: S, event: CallEvent, nowMs: number) {
        const decided = subject.step(state, event, nowMs);
        steps.push({ atMs: nowMs, event, actions: decided.actions });
        return decided;
      },
    },
    settings,
    path,
  );
  return steps;
}

/** Every path up to a depth, or until time is up. */
export function exploreAll<S>(
  subject: Subject<S>,
  settings: TurnSettings,
  budget: Budget,
  limits: { depth: number; untilMs: number; maxStates: number; stopAtFirst?: boolean },
  found: Found,
): void {
  const start: Node<S> = {
    world: openWorld(subject, settings),
    budget,
    parent: null,
    name: "",
    depth: 0,
  };
  const known = new Set([keyOf(start.world, budget)]);
  let level: Node<S>[] = [start];
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
        if (note(found, settings, child.world, () => pathOf(child))) {
          if (limits.stopAtFirst) return;
          continue;
        }
        const key = keyOf(child.world, child.budget);
        if (known.has(key)) continue;
        known.add(key);
        found.states++;
        checkLiveness(found, child, settings);
        if (limits.stopAtFirst && found.violations.size > 0) return;
        deeper.push(child);
      }
    }
    level = deeper;
  }
  found.depth = Math.max(found.depth, depth);
}

/** Long paths by chance; a seed gives the same one again. */
export function walk<S>(
  subject: Subject<S>,
  settings: TurnSettings,
  budget: Budget,
  length: number,
  seed: number,
  found: Found,
): void {
  const random = seeded(seed);
  let node: Node<S> = {
    world: openWorld(subject, settings),
    budget,
    parent: null,
    name: "",
    depth: 0,
  };
  found.walks++;
  for (let n = 0; n < length; n++) {
    const options = moves(node.world, node.budget);
    if (options.length === 0) return;
    // Time that passes is only one of the things that can happen, and messages are quick.
    const option = options[Math.floor(random() * options.length)]!;
    const again = option.name.startsWith("time for") && random() < 0.6;
    node = next(node, again ? options[Math.floor(random() * options.length)]! : option);
    found.states++;
    if (note(found, settings, node.world, () => pathOf(node))) return;
    if (n % 4 === 0) checkLiveness(found, node, settings);
  }
}
