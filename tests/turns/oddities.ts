/**
 * What the machine promises about odd lines and odd brains, each as a small scene: what would need
 * several rare things in a row to be met by chance.
 *
 * @module
 */

import type { Promised } from "./promises.ts";
import { answering, asked, PLAYS, Scene } from "./scene.ts";

/** A brain of which we know that it gives names back, and that nothing is open at. */
const acquainted = () => asked().created("r0").sounds("r0").done(false, "r0").silent();
/** The end of an answer. */
const ENDS = [{ itemId: "r1_item", heardMs: 1500, receivedMs: 3000 }];

export const ODDITIES: readonly Promised[] = [
  ["one answer serves all that is owed", () => {
    const scene = new Scene({ greets: true }).ready().created().calls("r1").done(true).writes();
    return scene.pass(200).answered("r2").pass(5000).asked.join() === "greeting,greeting";
  }],
  [
    "a short word near an answer's end that another answer knows of isn't answered once more",
    () => {
      const scene = answering().brainStarts("yes").starts().calls("r1").done().at(1200).pauses(
        ENDS,
      );
      scene.stops().brainStops("yes").commits("yes", ENDS).ring();
      return scene.asks.join() === "tool" && scene.answered("r2").inMs("maybe_meant") === Infinity;
    },
  ],
  ["an answer without a name is not taken for one that is made already", () => {
    const scene = asked({ turns: "local" }).unnamed("r1").unnamed("r2");
    return scene.did("cancel_response") && scene.state.answers[0]!.responseId === "r1";
  }],
  ["of a brain that we don't know yet, an answer without a name to what was typed is ours", () => {
    const scene = asked().tell({ type: "text_taken", name: "text_1" }).unnamed("r1");
    return scene.state.answers.length === 1;
  }],
  ["what we have called off doesn't stand in the way of the brain's own answer", () => {
    const scene = acquainted().writes().starts().brainStarts("i1").pass(300).stops();
    scene.brainStops("i1").commits("i1").unnamed("r1");
    return !scene.did("cancel_response");
  }],
  ["words soon after a cough are answered by the brain itself", () => {
    const scene = answering().done().brainStarts("cough").starts().at(1150).pauses(PLAYS).stops();
    scene.ring().brainStops("cough").commits("cough", PLAYS).silent().pass(300);
    scene.brainStarts("words").starts().pass(600).stops().brainStops("words").commits("words");
    return !scene.unnamed("r2").did("cancel_response");
  }],
  ["a brain that took long once is given as long again", () => {
    const scene = asked().created().pass(4800).sounds().done().silent().writes().created("r2");
    return scene.inMs("sound") >= 9000;
  }],
  ["what was to finish an answer is not finished once more", () => {
    const scene = answering().done(false, "r1", true).silent().created("r2").sounds("r2");
    scene.done(false, "r2", true).silent().pass(5000);
    return scene.asked.join() === "turn,go_on";
  }],
  ["what is stopped among last words is not finished", () => {
    const scene = answering().calls("r1", true).done(false, "r1", true).silent();
    return scene.did("close");
  }],
  ["a silent end of an answer is no question", () => {
    const scene = answering().done(true).silent().pass(500).created("r2").done(false, "r2");
    return scene.pass(5000).asked.join() === "turn,go_on";
  }],
  ["a refusal because of the brain's own answer, taken for ours, leaves that answer", () => {
    const scene = asked().unnamed("r1");
    scene.tell({ type: "refused", name: "answer_2", why: "active", retryAfterMs: 0 });
    return scene.state.answers.some(({ responseId, cancelled }) => responseId && !cancelled);
  }],
  ["a brain that refuses for good to greet is not waited for", () => {
    const scene = new Scene({ greets: true }).ready();
    scene.tell({ type: "refused", name: "answer_1", why: "fatal", retryAfterMs: 0 });
    return scene.did("say") && scene.silent().did("close");
  }],
  ["a noisy line takes three answers back before they sound, and hears the fourth", () => {
    const scene = new Scene({ turns: "local" }).ready().voice(400);
    let back = 0;
    for (let n = 0; n < 6; n++) {
      scene.pass(20).starts();
      if (scene.did("hold")) back++;
      // Whatever was called off is closed.
      scene.pass(400).created(`r${n}`).done(false, `r${n}`).pauses().stops();
    }
    return back === 3;
  }],
  ["words that were committed while they were doubted are answered at once when believed", () => {
    const scene = answering().done().brainStarts("i1").starts().at(1300).pauses(PLAYS);
    scene.at(1400).brainStops("i1").commits("i1", PLAYS);
    scene.at(1500).tell({ type: "caller_resumed", playing: PLAYS });
    scene.ring().at(scene.nowMs + 300).pauses().stops();
    return scene.asked.length === 2;
  }],
  ["whoever was asked to say it again, and was heard, is asked again the next time", () => {
    const scene = new Scene().ready().voice(600).pass(4000).answered("r1");
    scene.voice(600).commits("i1").unnamed("r2").sounds("r2").done(false, "r2").silent();
    return scene.pass(1000).voice(600).pass(4000).asked.join() === "unheard,unheard";
  }],
  ["older words than those that are being said get an answer of their own", () => {
    const scene = new Scene().ready().at(3000).starts().brainStarts("old", 500);
    const { id } = scene.state.speaking!;
    scene.pass(400).brainStops("old").commits("old");
    return scene.state.speaking?.id === id && scene.state.awaiting.length === 1;
  }],
  ["an item that gets another name when it is committed is the same", () => {
    const scene = new Scene().ready().starts().brainStarts("a").at(600).stops();
    scene.brainStops("a").commits("b");
    return scene.state.speaking === null && scene.state.awaiting.length === 1;
  }],
  ["a brain that tells nothing begins no answer to a cough", () => {
    const scene = answering().done().starts().at(1150).pauses(ENDS).stops().commits("c", ENDS);
    return scene.ring().unnamed("r2").did("cancel_response");
  }],
  ["a turn that we have to end is answered in the same breath", () => {
    const scene = new Scene().ready().starts().brainStarts("i1").at(4000).stops().ring().ring();
    return scene.did("commit") && scene.did("create_response");
  }],
  ["what the brain began by itself, and was taken for the greeting, doesn't replace it", () => {
    const scene = new Scene({ greets: true }).ready().unnamed("r1");
    scene.tell({ type: "refused", name: "answer_1", why: "active", retryAfterMs: 0 });
    return scene.sounds().done().silent().asked.join() === "greeting,greeting";
  }],
  ["a brain that tells what it hears has nothing to answer before it has committed", () => {
    return new Scene().ready().brainStarts("i1").unnamed("r1").did("cancel_response");
  }],
  ["a goodbye that fails is not tried again", () => {
    const scene = new Scene({ silencePromptMs: 5000 }).ready().pass(5000).answered("r1").pass(5000);
    return scene.asks.join() === "goodbye" && scene.created("r2").done(true, "r2").did("close");
  }],
  ["a greeting that fails for good is not waited for", () => {
    const scene = new Scene({ greets: true }).ready().created();
    const failed = { responseId: "r1", failed: true, stopped: false, fatal: true, retryAfterMs: 0 };
    scene.tell({ type: "response_done", ...failed });
    return scene.did("say") && scene.silent().did("close");
  }],
  ["a yes in the last 2 s of an answer is answered when nobody says more", () => {
    const scene = answering().done().brainStarts("yes").starts().at(1250).pauses(ENDS).stops();
    scene.brainStops("yes").commits("yes", ENDS).ring().silent().pass(1400);
    return scene.asked.length === 1 && scene.pass(200).asked.length === 2;
  }],
  ["where the brain says that its item reaches to long ago, it reaches to now", () => {
    const scene = new Scene().ready().at(5000).starts().brainStarts("i1").at(5600).stops();
    const stopped = { endMs: 5600, heardToMs: 1, itemId: "i1", playing: [] };
    scene.tell({ type: "caller_stopped", by: "brain", ...stopped }).commits("i1");
    return scene.state.speaking === null;
  }],
  ["the last breath of words that were committed already is nothing", () => {
    const scene = new Scene().ready().starts().brainStarts("i1").at(600).brainStops("i1");
    scene.commits("i1").at(700).stops(620);
    return scene.state.speaking === null;
  }],
  ["a cough doesn't take along what only the brain heard before it", () => {
    const scene = answering().done().brainStarts("i1").at(1500).starts().at(1700).pauses(PLAYS);
    return Boolean(scene.ring().state.speaking?.items.includes("i1"));
  }],
  ["with local turns, what was said before the session stood is asked for with it", () => {
    const scene = new Scene({ turns: "local" }).starts().at(600).stops().at(1000).ready();
    return scene.did("commit") && scene.asks.join() === "turn";
  }],
  ["a sound that takes no breath for 20 s is no voice, whatever it was taken for", () => {
    const scene = new Scene().ready().starts().pass(19_500);
    const before = scene.all.some(({ type }) => type === "ignore_voice");
    return !before && scene.pass(1000).all.some(({ type }) => type === "ignore_voice");
  }],
];
