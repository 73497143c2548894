/**
 * Which room may import which, as a table, and a check that the source keeps to it: no import that is
 * not in it, no circle between files, no test helper in the product, and no file that is too long.
 * TypeScript reads the imports, so none can hide in a comment or behind one.
 *
 * @module
 */

import ts from "typescript";

/** Rooms of which a room may import anything; itself is always allowed. */
export const MAY_IMPORT: Record<string, readonly string[]> = {
  media: [],
  vad: [],
  runtime: [],
  telemetry: ["media"],
  web: [],
  // What all brains share: the contract, the prices.
  brain: ["telemetry"],
  "brain/openai": ["brain", "media"],
  // Knows of whoever answers no more than the port, `answerer.ts`.
  "brain/realtime": ["brain", "vad", "media", "runtime"],
  "brain/echo": ["brain", "brain/realtime", "media"],
  legs: ["media", "runtime", "telemetry"],
  call: ["brain", "brain/openai", "legs", "vad", "media", "runtime", "telemetry"],
  // The other end of the line knows the wire alone, so that it can't share our mistakes.
  "cli/phone": [],
  "cli/latency": ["cli/phone", "media"],
  // Looks at our own server from within: the settings it reads, the session it asks for.
  "cli/doctor": [
    "config.ts",
    "version.ts",
    "brain",
    "brain/openai",
    "media",
    "runtime",
    "telemetry",
  ],
  server: [
    "call",
    "brain",
    "brain/openai",
    "brain/realtime",
    "brain/echo",
    "legs",
    "media",
    "runtime",
    "telemetry",
    "config.ts",
    "version.ts",
  ],
  routes: [
    "server",
    "call",
    "brain/realtime",
    "legs",
    "media",
    "runtime",
    "telemetry",
    "web",
    "config.ts",
  ],
  "config.ts": ["environment.ts"],
  "environment.ts": [],
  "version.ts": ["deno.json"],
  "app.ts": ["server", "routes"],
  "main.ts": [
    "app.ts",
    "config.ts",
    "server",
    "version.ts",
    "runtime",
    "telemetry",
    "cli/latency",
    "cli/doctor",
  ],
};

/** Tests, benches and tasks look at everything, and nothing looks at them. */
const OUTSIDE = new Set(["tests", "bench", "tasks", "examples"]);

/** A test, or what tests of a room share. */
const TEST = /_test\.ts$|\/test_\w+\.ts$|\/testing\.ts$/;

/** A newcomer reads a file in one go. */
const MAX_LINES = 300;

/** A folder in a room is a room of its own when the table names it. */
function roomOf(path: string): string {
  const inner = /^[^/]+\/[^/]+(?=\/)/.exec(path)?.[0];
  if (inner && inner in MAY_IMPORT) return inner;
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : path;
}

function resolve(from: string, target: string): string {
  return new URL(target, `file:///${from}`).pathname.slice(1);
}

/** Whether a file is a test, or helps tests. */
export function isTest(path: string): boolean {
  return path.startsWith("tests/") || TEST.test(path);
}

/** All TypeScript of ours. */
export function sources(directory = ""): string[] {
  const found: string[] = [];
  for (const entry of Deno.readDirSync(directory || ".")) {
    const path = directory ? `${directory}/${entry.name}` : entry.name;
    if (entry.isDirectory) {
      if (!/^(node_modules|dist|docs|\..*|.*\.tmp)$/.test(entry.name)) found.push(...sources(path));
    } else if (/\.ts$/.test(entry.name) && !entry.name.endsWith(".d.ts")) found.push(path);
  }
  return found;
}

/** Everything that is against the rules, in words. */
export function checkImports(): string[] {
  return problemsIn(new Map(sources().map((path) => [path, Deno.readTextFileSync(path)])));
}

/** @param files Path to source text. */
export function problemsIn(files: ReadonlyMap<string, string>): string[] {
  const problems: string[] = [];
  const graph = new Map<string, string[]>();
  for (const [path, text] of files) {
    const room = roomOf(path);
    if (OUTSIDE.has(room) || TEST.test(path)) continue;
    const allowed = MAY_IMPORT[room];
    if (!allowed) {
      problems.push(`${path}: the room ${room} is not in tasks/imports.ts`);
      continue;
    }
    const targets = importsOf(path, text);
    // Types count too: files that know each other's words can't be understood one by one.
    graph.set(path, targets);
    const lines = text.trimEnd().split("\n").length;
    if (lines > MAX_LINES) {
      problems.push(`${path} has ${lines} lines, at most ${MAX_LINES} are read`);
    }
    for (const target of targets) {
      const to = roomOf(target);
      if (TEST.test(target)) problems.push(`${path} imports ${target}: a helper of tests`);
      if (to !== room && !allowed.includes(to)) {
        problems.push(`${path} imports ${target}: not its way`);
      }
    }
  }
  return [...problems, ...cycles(graph)];
}

/** The relative ones, of values and of types, also those that are loaded later. */
function importsOf(path: string, text: string): string[] {
  return ts.preProcessFile(text, true, true).importedFiles
    .map(({ fileName }) => fileName)
    .filter((name) => name.startsWith("."))
    .map((name) => resolve(path, name));
}

function cycles(graph: Map<string, string[]>): string[] {
  const done = new Set<string>();
  const problems: string[] = [];
  const visit = (path: string, trail: string[]) => {
    if (trail.includes(path)) {
      problems.push(`a circle: ${[...trail.slice(trail.indexOf(path)), path].join(" → ")}`);
      return;
    }
    if (done.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return problems;
}

if (import.meta.main) {
  const problems = checkImports();
  for (const problem of problems) console.error(problem);
  console.log(problems.length === 0 ? "Imports run one way." : `${problems.length} problems`);
  Deno.exit(problems.length === 0 ? 0 : 1);
}
