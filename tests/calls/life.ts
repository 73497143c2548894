/**
 * Ordinary callers in whole calls, a short one for each habit: no question may end in silence, be
 * answered twice, or be lost. `bench/turns/life.ts` plays many more of them.
 *
 * @module
 */

import { after, before, describe, it } from "node:test";
import { assertEquals, assertLess } from "@std/assert";
import { FIRST_ANSWER_SOURCE } from "../../bench/turns/answering.ts";
import { CALM } from "../../bench/turns/brain_settings.ts";
import { talksTo } from "../../bench/turns/server.ts";
import { BEHAVIOURS, greeted, OPENINGS } from "../../bench/turns/life/behaviours.ts";
import { converse } from "../../bench/turns/life/real.ts";
import { CallScore } from "../../bench/turns/life/score.ts";
import { stampedVoice } from "../../bench/turns/life/sounds.ts";
import { startStrictBrain, type StrictBrain } from "../../bench/turns/strict_brain.ts";
import { startServer, type Target, type TestServer } from "../server.ts";

const HABITS = [
  "in two breaths",
  "hesitates over the tail",
  "coughs before the answer",
  "coughs over the answer",
  "interrupts",
  "stop, wait",
  "yes before the last word",
  "yes after the last word",
  "hello before the greeting",
  "keys",
];
const LATE_MS = 3000;

export function lifeSuite(target: Target): void {
  for (const turns of ["server", "local"]) {
    describe(`ordinary life with ${turns} turns on ${target}`, () => {
      const scores = new Map<string, CallScore>();
      let server: TestServer, brain: StrictBrain;
      before(async () => {
        brain = await startStrictBrain({
          ...CALM,
          seed: turns,
          thinkMs: [200, 500],
          sessionMs: 30,
          itemsMs: (random) => [Math.round(random.between(120, 160)) * 10],
          voice: stampedVoice(FIRST_ANSWER_SOURCE),
        });
        server = await startServer(target, { ...talksTo(brain.url), EARSHOT_TURNS: turns });
        const setup = { server, brain, dialling: Promise.resolve() };
        await Promise.all(HABITS.map(async (habit) => {
          const log = await converse(
            habit,
            // What goes wrong may show in the next question only.
            (c) => habit in BEHAVIOURS ? greeted(c, [habit, "plain"]) : OPENINGS[habit]!(c, habit),
            setup,
          );
          scores.set(habit, new CallScore(log, { lateMs: LATE_MS, tellingExcuses: false }));
        }));
      });
      after(async () => {
        await server?.stop();
        await brain?.close();
      });
      for (const habit of HABITS) {
        it(`a caller who ${verb(habit)} is answered, once, and nothing is lost`, () => {
          const { verdicts, greetings } = scores.get(habit)!;
          const faults = verdicts.map(({ behaviour, faults }) => [behaviour, ...faults]);
          assertEquals(faults, verdicts.map(({ behaviour }) => [behaviour]));
          assertLess(greetings, 2);
        });
      }
    });
  }
}

function verb(habit: string): string {
  return /^(coughs|hesitates|interrupts)/.test(habit) ? habit : `says or does "${habit}"`;
}
