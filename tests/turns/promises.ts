/**
 * What the machine promises in numbers, each as a small scene with its own clock. The explorer asks
 * whether something comes; these ask when, within what a caller would call right.
 *
 * @module
 */

import { PLAIN } from "./profiles.ts";
import { answering, asked, between, PLAYS, Scene } from "./scene.ts";

/** What is promised, and whether it is kept. */
export type Promised = readonly [string, () => boolean];

export const PROMISES: readonly Promised[] = [
  ["a request is repeated after 1 to 4 s", () => between(asked().inMs("created"), 1000, 4000)],
  [
    "whoever waits is told after 3 to 6 s",
    () => between(asked().created().inMs("tell_to_wait"), 3000, 6000),
  ],
  [
    "a silent answer is given up after 5 to 9 s",
    () => between(asked().created().inMs("sound"), 5000, 9000),
  ],
  ["a slow brain gets longer the second time", () => {
    const scene = asked().created().ring().tell({ type: "agent_silent" }).ring().done().ring();
    scene.created("r2");
    return between(scene.inMs("sound"), 10_000, 16_000);
  }],
  [
    "an answer that falls silent is given up after 3 to 8 s",
    () => between(answering().tell({ type: "agent_silent" }).inMs("sound"), 3000, 8000),
  ],
  [
    "an answer that was called off is forgotten after 1 to 4 s",
    () => between(asked().created().writes().inMs("closed"), 1000, 4000),
  ],
  ["the first three pauses after failures grow, and stay short", () => {
    const pauses: number[] = [];
    const scene = asked();
    for (let n = 0; n < 4; n++) {
      pauses.push(scene.refuses().inMs("retry"));
      scene.at(scene.nowMs + pauses[n]!).tell({ type: "timer", name: "retry", playing: [] });
    }
    const [first = 0, second = 0, third = 0, fourth = 0] = pauses;
    return between(first, 50, 300) && between(second, 300, 1000) &&
      between(third, 1000, 2500) && between(fourth, 2500, 5000);
  }],
  ["five failures in a row end the call with words, four don't", () => {
    const scene = asked();
    for (let n = 1; n < 5; n++) {
      scene.refuses();
      if (scene.did("say")) return false;
      scene.at(scene.nowMs + 5000).tell({ type: "timer", name: "retry", playing: [] });
    }
    return scene.refuses().did("say");
  }],
  [
    "a wait of 15 s is waited for, one of 25 s is not",
    () =>
      asked().refusesFor(15_000).inMs("retry") === 15_000 && asked().refusesFor(25_000).did("say"),
  ],
  [
    "whoever fails tells the caller to wait after 2 to 4 s",
    () => between(asked().refuses().inMs("tell_to_wait"), 2000, 4000),
  ],
  ["last words may take 30 to 90 s, and a silence among them 3 to 6 s", () => {
    const long = asked().tell({ type: "brain_failed" }).inMs("goodbye");
    const quiet = new Scene({ silencePromptMs: 5000 }).ready();
    quiet.ring().created().sounds().done().at(6000).tell({ type: "agent_silent" }).ring();
    return between(long, 30_000, 90_000) && between(quiet.inMs("goodbye"), 3000, 6000);
  }],
  [
    "a doubted voice that pauses 300 ms is still one, at 500 ms it is over",
    () => between(answering().starts().at(1200).pauses(PLAYS).inMs("call_off"), 300, 500),
  ],
  ["before our sound, a voice of 250 to 500 ms goes on with the turn", () => {
    const scene = new Scene({ turns: "local" }).ready().writes().created().at(500).starts();
    return between(scene.inMs("confirm"), 250, 500);
  }],
  [
    "a voice over our sound is believed after the setting",
    () => answering().starts().inMs("confirm") === PLAIN.bargeInMs,
  ],
  ["two bursts of one attempt count together", () => {
    const scene = answering().starts().at(1300).pauses(PLAYS);
    scene.at(1500).tell({ type: "caller_resumed", playing: PLAYS });
    return scene.inMs("confirm") === PLAIN.bargeInMs - 300;
  }],
  ["a second attempt within 600 ms counts with the first, a later one doesn't", () => {
    const again = (ms: number) => {
      const scene = answering().starts().at(1300).pauses(PLAYS).ring();
      return scene.at(1300 + ms).starts().inMs("confirm");
    };
    return again(500) === PLAIN.bargeInMs - 300 && again(900) === PLAIN.bargeInMs;
  }],
  ["with less than 600 ms left, a short word is an interruption", () => {
    const said = (leftMs: number) => {
      const playing = [{ itemId: "r1_item", heardMs: 2000, receivedMs: 2000 + leftMs }];
      return answering().done().starts().at(1200).pauses(playing).did("drop");
    };
    return said(400) && !said(1000);
  }],
  ["before our sound, a click is nothing and a word is something", () => {
    const burst = (ms: number) => {
      const scene = new Scene({ turns: "local" }).ready().writes().created().at(500).starts();
      return scene.at(500 + ms).pauses().did("drop");
    };
    return !burst(80) && burst(250);
  }],
  ["the brain has 1 to 4 s beyond its silence to end a turn, muted as long again", () => {
    const scene = new Scene().ready().starts().brainStarts("i1").at(1000).stops();
    const first = scene.inMs("endpoint");
    const second = scene.ring().inMs("endpoint");
    return between(first, 1000, 4500) && between(second, 1000, 9000);
  }],
  [
    "a voice that only the brain hears may last 15 to 60 s",
    () => between(new Scene().ready().brainStarts("i1").inMs("endpoint"), 15_000, 65_000),
  ],
  ["who isn't heard by the brain is asked again after 2 to 6 s", () => {
    const scene = new Scene().ready().starts().at(1000).stops();
    const sleepsMs = scene.inMs("unheard");
    const asksMs = scene.ring().inMs("unheard");
    return between(sleepsMs, 300, 1200) && between(asksMs, 1500, 5000);
  }],
  ["a sound of 300 ms that only we hear is no question", () => {
    const scene = new Scene().ready().at(5000).starts().at(5300).stops().ring();
    return scene.inMs("unheard") === Infinity;
  }],
  ["a voice that the brain can't hear puts an answer off by 0.5 to 2 s", () => {
    const scene = new Scene().ready().starts().at(100).writes();
    return !scene.did("create_response") && between(scene.inMs("retry"), 400, 2000);
  }],
  ["an interruption within a word takes the answer back, a later one keeps it", () => {
    const kept = (heardMs: number) => {
      const playing = [{ itemId: "r1_item", heardMs, receivedMs: 3000 }];
      const scene = answering().starts().at(1700);
      scene.tell({ type: "timer", name: "confirm", playing });
      return scene.did("truncate");
    };
    return !kept(120) && kept(400);
  }],
  ["the last net catches three times", () => {
    const scene = new Scene({ turns: "local", deadAirMs: 1000 }).ready().starts().at(500).writes();
    scene.stops().created();
    let caught = 0;
    for (let n = 0; n < 12 && scene.state.phase === "open"; n++) {
      if (scene.next.name === "dead_air") caught++;
      scene.ring();
      if (scene.did("say")) scene.tell({ type: "agent_silent" });
    }
    return caught === 3;
  }],
  ["a timer that runs 1 ms early counts, one that runs 5 ms early doesn't", () => {
    const early = (ms: number) => {
      const scene = asked();
      return scene.at(scene.inMs("created") - ms)
        .tell({ type: "timer", name: "created", playing: [] }).state.failures;
    };
    return early(1) === 1 && early(5) === 0;
  }],
  ["many lines wait, and not without end", () => {
    const scene = new Scene();
    for (let n = 0; n < 200; n++) scene.writes();
    return between(scene.state.awaiting.length, 20, 100);
  }],
  ["nobody is prompted who waits, is answered or speaks", () => {
    const prompts = { silencePromptMs: 5000 };
    const waits = asked(prompts).inMs("silence");
    const refused = asked(prompts).refuses().inMs("silence");
    const cancelled = asked(prompts).created().tell({ type: "agent_silent" });
    const speaks = new Scene(prompts).ready().brainStarts("i1").inMs("silence");
    const idle = new Scene(prompts).ready().inMs("silence");
    const never = [waits, refused, cancelled.inMs("silence"), speaks];
    return never.every((ms) => ms === Infinity) && idle === 5000;
  }],
  ["nobody is prompted before a cancelled answer is closed", () => {
    const scene = new Scene({ turns: "local", silencePromptMs: 5000 }).ready().starts().at(400);
    scene.stops().created();
    scene.tell({ type: "refused", name: "commit_1", why: "empty", retryAfterMs: 0 });
    return scene.did("cancel_response") && scene.inMs("silence") === Infinity;
  }],
  ["what the brain hears of a cough after it was called off is deleted", () => {
    const scene = answering().starts().at(1200).pauses(PLAYS).stops().ring();
    scene.at(1640).brainStarts("i1", 1600);
    scene.tell({ type: "committed", itemId: "i1", playing: PLAYS });
    return scene.did("delete_item");
  }],
  ["a new voice doesn't bring along an old cough, the same one does", () => {
    const clears = (ms: number) => {
      const scene = answering({ turns: "local" }).starts().at(1200).pauses(PLAYS).ring();
      return scene.at(1200 + ms).starts().did("clear_input");
    };
    return clears(2000) && !clears(450);
  }],
  ["words that go on after their turn was committed are a new utterance", () => {
    const scene = new Scene({ turns: "local" }).ready().starts().at(500);
    scene.tell({ type: "caller_maybe_done", endMs: 500 });
    scene.at(700).tell({ type: "caller_resumed", playing: [] });
    return scene.state.speaking !== null && scene.state.awaiting.length === 0;
  }],
  ["a turn that we have to end is the one that was being said", () => {
    const scene = new Scene().ready().starts().brainStarts("i1").at(1000).stops();
    const { id } = scene.state.speaking!;
    scene.ring().ring();
    return scene.actions.some((action) => action.type === "commit" && action.utterance === id);
  }],
  ["an answer that the brain was about to make is asked for at once when it can't", () => {
    const scene = new Scene().ready().starts().brainStarts("i1").at(1000).stops();
    const heard = { by: "brain", endMs: 1000, heardToMs: 1000, itemId: "i1" } as const;
    scene.tell({ type: "caller_stopped", ...heard, playing: [] });
    scene.tell({ type: "committed", itemId: "i1", playing: [] });
    const waits = !scene.did("create_response");
    scene.tell({ type: "refused", name: "", why: "active", retryAfterMs: 0 });
    return waits && scene.did("create_response");
  }],
  ["a brain that wakes up late to a cough makes nothing of it, a new voice counts", () => {
    const late = (ms: number) => {
      const scene = answering().starts().at(1200).pauses(PLAYS).stops().ring();
      const endMs = 1200;
      return scene.at(endMs + ms).brainStarts("i1", scene.nowMs).state.speaking !== null;
    };
    return !late(450) && late(2000);
  }],
];
