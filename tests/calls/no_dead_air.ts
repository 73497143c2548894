/**
 * The ways in which callers once ended in silence, each as a whole call. The numbers are those of the
 * issue that listed them; 11, a step that re-enters itself, cannot be seen from outside.
 *
 * @module
 */

import { before, describe, it } from "node:test";
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { FIRST_ANSWER_SOURCE } from "../../bench/turns/answering.ts";
import { type BrainSettings, CALM } from "../../bench/turns/brain_settings.ts";
import { talksTo } from "../../bench/turns/server.ts";
import type { LifeCaller, Plot } from "../../bench/turns/life/caller.ts";
import type { CallLog } from "../../bench/turns/life/log.ts";
import * as act from "../../bench/turns/life/behaviours.ts";
import { converse } from "../../bench/turns/life/real.ts";
import { CallScore, type Verdict } from "../../bench/turns/life/score.ts";
import { stampedVoice } from "../../bench/turns/life/sounds.ts";
import type { Mood } from "../../bench/turns/moods.ts";
import { startStrictBrain } from "../../bench/turns/strict_brain.ts";
import { startServer, type Target } from "../server.ts";

const ANSWERED_MS = 8000;

interface Scene {
  readonly name: string;
  readonly env?: Record<string, string>;
  readonly brain?: Partial<BrainSettings>;
  readonly plot: (caller: LifeCaller) => Plot;
  readonly check: (
    verdicts: readonly Verdict[],
    log: CallLog,
    score: CallScore,
    call: Told,
  ) => void;
}

/** What the server tells of the call when it is over. */
interface Told {
  readonly turns: readonly { readonly bargeIn?: { readonly lastHeardMs: number } }[];
}

const LOCAL = { EARSHOT_TURNS: "local" };
/** The greeting is the first request; what the first question brings about is the second. */
const second = (mood: Mood) => ({ mood: (_: unknown, n: number) => n === 1 ? mood : null });

/** All was answered, and nothing went wrong. */
function allWell(verdicts: readonly Verdict[]): void {
  assertGreater(verdicts.length, 0);
  assertEquals(
    verdicts.map(({ behaviour, faults }) => [behaviour, ...faults]),
    verdicts.map(({ behaviour }) => [behaviour]),
  );
}

/** After the greeting, these one after the other. */
const greeted = (...names: string[]) => (c: LifeCaller) => act.greeted(c, names);

const plainly = greeted("plain");

const afterMood = (turns: string, mood: Mood, words: string): Scene => ({
  name: `3. an answer ${words}, with ${turns} turns: the caller is answered, and the next time too`,
  env: { EARSHOT_TURNS: turns },
  brain: second(mood),
  plot: greeted("plain", "plain"),
  check: allWell,
});

const SCENES: readonly Scene[] = [
  {
    name: "1. a cough while the brain thinks: this question and the next are answered",
    brain: { thinkMs: 1200 },
    plot: greeted("coughs before the answer", "plain", "plain"),
    check: allWell,
  },
  {
    name: "2. uhm, a pause, and the question over the tail of an answer, one item for both",
    env: { EARSHOT_TURNS: "semantic" },
    *plot(c) {
      yield* act.greeting(c);
      // The tail is over when the question begins, and the brain still waits for more.
      for (const restMs of [120, 200]) yield* act.uhmOverTail(c, "hesitates", restMs, 480);
    },
    check: allWell,
  },
  afterMood("local", "refused", "that is refused"),
  afterMood("local", "ignored", "that never comes"),
  afterMood("local", "stalled", "that is begun and never goes on"),
  afterMood("server", "refused", "that is refused"),
  afterMood("server", "ignored", "that never comes"),
  afterMood("server", "stalled", "that is begun and never goes on"),
  {
    name: "4. after a false alarm the agent still asks into a silence",
    env: { EARSHOT_SILENCE_PROMPT_MS: "1200" },
    *plot(c) {
      yield* greeted("coughs over the answer")(c);
      yield* act.wait(c, 3000);
    },
    check(_verdicts, log) {
      assert(log.answers.some(({ request }) => /still there/.test(request?.instructions ?? "")));
    },
  },
  {
    name: "5. a second phrase before any sound of ours belongs to the question",
    brain: { thinkMs: 900 },
    *plot(c) {
      yield* act.greeting(c);
      yield* act.inTwoBreaths(c, "in two breaths", 220);
      yield* act.inTwoBreaths(c, "in two breaths", 300);
      yield* plainly(c);
    },
    check: allWell,
  },
  {
    name: "6. hello while the greeting is made: one greeting",
    brain: { thinkMs: 1200, sessionMs: 30 },
    *plot(c) {
      yield* act.wait(c, 300);
      c.need("hello", [c.say("hello")], { wants: "any" });
      yield* act.wait(c, 6000);
    },
    check(verdicts, _log, { greetings }) {
      allWell(verdicts);
      assertEquals(greetings, 1);
    },
  },
  {
    name:
      "7. local: what is said while connecting, and over before the session stands, is answered",
    env: LOCAL,
    brain: { sessionMs: 2600 },
    plot: (c) => act.OPENINGS["speaks at once"]!(c, "speaks at once"),
    check: allWell,
  },
  {
    name: "7. local: two seconds spoken while the session comes up are kept",
    env: LOCAL,
    brain: { sessionMs: 1500 },
    *plot(c) {
      const need = c.need("speaks at once", [c.say("question_open")]);
      yield* act.speak(c);
      yield* act.listen(c, need);
    },
    check: allWell,
  },
  {
    name: "8. a rate limit is waited for, and the call goes on",
    brain: second("rate_limited"),
    plot: greeted("plain", "plain"),
    check: allWell,
  },
  {
    name: "8. two failures in a row don't end the call",
    brain: { mood: (_, n) => n === 1 || n === 2 ? "failed" : null },
    plot: greeted("plain", "plain"),
    check: allWell,
  },
  {
    name: "9. an empty answer is no answer",
    brain: second("empty"),
    plot: greeted("plain", "plain"),
    check: allWell,
  },
  {
    name: "9. an answer that the content filter took leaves no silence",
    brain: second("filtered"),
    plot: greeted("plain", "plain"),
    // Asking the same again may be filtered again: any words will do.
    check: (verdicts) => assertEquals(verdicts.filter(({ faults }) => faults.has("silent")), []),
  },
  {
    name: "10. keys pressed before the session stands are told to the brain",
    brain: { sessionMs: 2500 },
    *plot(c) {
      yield* act.wait(c, 200);
      const need = c.need("keys", [c.press("42")]);
      yield* act.listen(c, need);
    },
    check: allWell,
  },
  ...["server", "local"].map((turns): Scene => ({
    name: `12. a caller whose line falls still is answered, however long the silence: ${turns}`,
    env: { EARSHOT_TURNS: turns, EARSHOT_SILENCE_MS: "2000", EARSHOT_GREETING: "" },
    brain: { sessionMs: 30 },
    *plot(c) {
      yield* act.wait(c, 400);
      const need = c.need("falls still", [c.say("question_open")]);
      yield* act.speak(c);
      c.absent = true;
      yield* act.listen(c, need);
    },
    check: (verdicts) => assertEquals(verdicts.map(({ answered }) => answered), [true]),
  })),
  {
    name: "13. stop, wait: the agent stops once, and telemetry says when",
    brain: { itemsMs: () => [6000] },
    *plot(c) {
      yield* act.greeting(c);
      for (const gainDb of [0, -6, -6]) {
        c.gainDb = gainDb;
        yield* act.BEHAVIOURS["stop, wait"]!(c, "stop, wait");
      }
    },
    check(verdicts, _log, _score, { turns }) {
      allWell(verdicts);
      const heard = verdicts.filter(({ stoppedMs }) => !Number.isNaN(stoppedMs));
      const told = turns.flatMap(({ bargeIn }) => bargeIn ? [bargeIn.lastHeardMs] : []);
      assertEquals(told.length, heard.length);
      for (const [i, { stoppedMs }] of heard.entries()) {
        assertLess(Math.abs(told[i]! - stoppedMs), 60);
      }
    },
  },
];

/** Scenes that are played at once. */
const AT_ONCE = 6;

interface Played {
  readonly log: CallLog;
  readonly told: Told;
}

async function play(target: Target, scene: Scene): Promise<Played> {
  const brain = await startStrictBrain({
    ...CALM,
    seed: scene.name,
    thinkMs: 400,
    sessionMs: 50,
    networkMs: 10,
    itemsMs: (random) => [Math.round(random.between(120, 160)) * 10],
    voice: stampedVoice(FIRST_ANSWER_SOURCE),
    ...scene.brain,
  });
  const server = await startServer(target, { ...talksTo(brain.url), ...scene.env });
  try {
    const setup = { server, brain, dialling: Promise.resolve() };
    const log = await converse(scene.name, scene.plot, setup);
    const told = await (await fetch(`${server.url}/calls/${log.callId}`)).json();
    return { log, told };
  } finally {
    await server.stop();
    await brain.close();
  }
}

export function noDeadAirSuite(target: Target): void {
  describe(`no dead air on ${target}`, () => {
    const played = new Map<Scene, Played | Error>();
    before(async () => {
      const waiting = [...SCENES];
      const seat = async () => {
        for (let scene = waiting.shift(); scene; scene = waiting.shift()) {
          played.set(scene, await play(target, scene).catch((error: Error) => error));
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, seat));
    });
    for (const scene of SCENES) {
      it(scene.name, () => {
        const result = played.get(scene)!;
        if (result instanceof Error) throw result;
        const score = new CallScore(result.log, { lateMs: ANSWERED_MS, tellingExcuses: false });
        scene.check(score.verdicts, result.log, score, result.told);
      });
    }
  });
}
