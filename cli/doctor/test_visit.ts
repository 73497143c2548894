/**
 * What the doctor's tests stand on.
 *
 * @module
 */

import { readConfig } from "../../config.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { Check, Finding, Visit } from "./finding.ts";

export const runtime: Runtime = "Bun" in globalThis
  ? (await import("../../runtime/bun.ts")).runtime
  : (await import("../../runtime/deno.ts")).runtime;

/** A visit with patience for tests. */
export function visitWith(env: Record<string, string>, rest: Partial<Visit> = {}): Visit {
  const config = readConfig(env);
  return { env, config, runtime, timeoutMs: 1000, watchMs: 60, clocks: [], ...rest };
}

/** All that a check finds. */
export async function findings(check: Check, visit: Visit): Promise<Finding[]> {
  const all: Finding[] = [];
  for await (const finding of check(visit)) all.push(finding);
  return all;
}

/** `verdict what` of each, for short comparisons. */
export function inShort(all: readonly Finding[]): string[] {
  return all.map(({ verdict, what }) => `${verdict} ${what}`);
}

/** The one finding about this; the test fails when there is another number of them. */
export function about(what: string, all: readonly Finding[]): Finding {
  const found = all.filter((finding) => finding.what === what);
  if (found.length !== 1) {
    throw new Error(`${found.length} findings about ${what}: ${inShort(all)}`);
  }
  return found[0]!;
}
