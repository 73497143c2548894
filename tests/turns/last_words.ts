/**
 * What the machine promises about last words, and about what is said to a caller who waits.
 *
 * @module
 */

import type { Promised } from "./promises.ts";
import { answering, asked, between, Scene } from "./scene.ts";

/** Nobody said anything, the agent asked, and now it has to say goodbye. */
const leaving = () => {
  const scene = new Scene({ silencePromptMs: 7000 }).ready().pass(7000);
  return scene.created().sounds().done().silent().pass(7000);
};
const LONG = [{ itemId: "r1_item", heardMs: 1000, receivedMs: 8000 }];
const ENDS = [{ itemId: "r1_item", heardMs: 1500, receivedMs: 3000 }];
const LONG_ENOUGH = [{ itemId: "r1_item", heardMs: 6000, receivedMs: 8000 }];
const AS_IT_COMES = [{ itemId: "r1_item", heardMs: 1000, receivedMs: 1200 }];
const FIRST = [{ itemId: "r1_item", heardMs: 60, receivedMs: 8000 }];
const said = (scene: Scene, phrase: string) =>
  scene.all.filter((action) => action.type === "say" && action.phrase === phrase).length;

export const LAST_WORDS: readonly Promised[] = [
  ["a goodbye without a sound is not followed by a request to say it again", () => {
    const scene = leaving().created("bye").done(false, "bye");
    return said(scene, "say_again") === 0 && scene.did("close");
  }],
  ["a goodbye that is ignored is asked for again before the call ends", () => {
    const scene = leaving().pass(3200);
    return scene.asked.filter((kind) => kind === "goodbye").length === 2;
  }],
  ["nobody is idle while last words are said", () => {
    const scene = leaving().created("bye").sounds("bye");
    return scene.inMs("idle_limit") === Infinity && scene.silent().inMs("idle_limit") === Infinity;
  }],
  ["a hang-up waits for its words, and ends the call when they were heard", () => {
    const scene = answering().calls("r1", true).done();
    return !scene.did("tool_output") && scene.silent().did("close");
  }],
  ["a hang-up without words says goodbye, once", () => {
    const scene = asked().created().calls("r1", true).done();
    return scene.asks.join() === "goodbye" && scene.answered("r2").did("close");
  }],
  ["an interruption tells the model that it didn't hang up", () => {
    const scene = answering().calls("r1", true).done().at(2000).starts().at(2700);
    return scene.tell({ type: "timer", name: "confirm", playing: LONG }).did("tool_output");
  }],
  ["whoever waits again is told to wait again", () => {
    const scene = asked({ turns: "local" }).created().pass(3600).silent().voice(900);
    scene.done(false, "r1").pass(300).created("r2").pass(3600);
    return said(scene, "one_moment") === 2;
  }],
  ["the last net and the word to wait are one", () => {
    const scene = asked().refuses().pass(2600).silent().pass(2700);
    return said(scene, "one_moment") === 1;
  }],
  ["audio of an answer that was called off is no sound of ours", () => {
    const scene = asked().created().writes().sounds("r1");
    return scene.state.soundSinceMs === null && scene.state.turnBegan;
  }],
  [
    "a voice into the very first sound, which the brain has committed, goes on with the turn",
    () => {
      const scene = asked().created().sounds().at(2000).brainStarts("i1").starts().at(2150);
      scene.brainStops("i1").commits("i1", FIRST).at(2200);
      return scene.pauses(FIRST).did("cancel_response");
    },
  ],
  ["a hello into the end of the greeting is answered by it", () => {
    const scene = new Scene({ greets: true }).ready().created().sounds().done().at(1500);
    scene.brainStarts("hello").starts().at(1650).pauses(ENDS).stops().ring();
    return scene.did("resume") && scene.state.maybeMeant === null;
  }],
  ["a short word that the brain has taken isn't answered again after a tool's answer", () => {
    const scene = answering().calls("r1").at(1500).brainStarts("yes").starts().at(1650);
    scene.pauses(LONG_ENOUGH).stops().ring().brainStops("yes").commits("yes").done();
    return scene.asks.join() === "tool" && scene.state.maybeMeant === null;
  }],
  ["words that only the brain hears cut an answer to what was heard", () => {
    const scene = answering().done().at(1000).brainStarts("i1").at(2200).brainStops("i1");
    return scene.commits("i1", LONG).did("truncate");
  }],
  ["a brain that answers before it was asked has forgotten no name", () => {
    const scene = new Scene().ready().brainStarts("i1").at(800).brainStops("i1").commits("i1");
    return scene.unnamed("r1").state.echoesNames === "unknown";
  }],
  ["with local turns, a commit is of a voice and not of a line", () => {
    const scene = new Scene({ turns: "local" }).ready().writes().voice(800).commits("i1");
    const all = [...scene.state.awaiting, ...scene.state.answers.flatMap((a) => a.utterances)];
    return all.filter(({ taken }) => taken).map(({ by }) => by).join() === "voice";
  }],
  ["a cough into an answer that comes as fast as it is heard is no answer to it", () => {
    const scene = answering().at(2000).starts().at(2150).pauses(AS_IT_COMES);
    return !scene.did("cancel_response") && scene.stops().ring().did("resume");
  }],
  ["an answer of which we know nothing is waited for a second at a time", () => {
    const scene = asked();
    scene.tell({ type: "refused", name: "answer_2", why: "active", retryAfterMs: 0 });
    return between(scene.inMs("retry"), 500, 2000);
  }],
];
