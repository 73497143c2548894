/**
 * What the machine promises about sessions that are lost and replaced, in numbers and where only rare
 * things in a row would meet it.
 *
 * @module
 */

import type { Promised } from "./promises.ts";
import { answering, between, PLAYS, Scene } from "./scene.ts";

const lose = (scene: Scene) => scene.tell({ type: "brain_lost" });
const said = (scene: Scene, phrase: string) =>
  scene.all.filter((action) => action.type === "say" && action.phrase === phrase).length;
/** The end of an answer. */
const ENDS = [{ itemId: "r1_item", heardMs: 1500, receivedMs: 3000 }];

export const SESSIONS: readonly Promised[] = [
  ["whoever has spoken to no session is told to wait after 2 to 4 s, once", () => {
    const scene = lose(new Scene().ready()).voice(800);
    const told = between(scene.inMs("tell_to_wait"), 2000, 4000);
    return told && said(scene.pass(3000).silent().pass(2000), "one_moment") === 1;
  }],
  ["a sound of 300 ms that no session heard is nothing to wait for", () => {
    return lose(new Scene().ready()).voice(300).inMs("tell_to_wait") === Infinity;
  }],
  ["whoever speaks or types before the first session stands is told to wait", () => {
    const spoke = new Scene().voice(800).inMs("tell_to_wait");
    const typed = new Scene().writes().inMs("tell_to_wait");
    return between(spoke, 2000, 4000) && between(typed, 2000, 4000) &&
      new Scene().inMs("tell_to_wait") === Infinity;
  }],
  ["another session may take as long as the first one", () => {
    const scene = lose(new Scene({ sessionTimeoutMs: 12_000 }).ready().at(5000));
    return scene.inMs("session") === 12_000;
  }],
  ["what plays is heard out before the call is given up, for 30 to 90 s", () => {
    const scene = lose(answering());
    return between(scene.inMs("session"), 30_000, 90_000) &&
      scene.pass(20_000).silent().inMs("session") <= 0;
  }],
  ["a session that is lost once more while it is replaced is lost once", () => {
    const scene = lose(new Scene().ready().writes());
    const { failures, sessionLostMs } = scene.state;
    lose(scene.at(3000));
    return scene.state.failures === failures && scene.state.sessionLostMs === sessionLostMs;
  }],
  ["the last net doesn't count while a session is waited for", () => {
    const scene = lose(new Scene({ sessionTimeoutMs: 60_000, deadAirMs: 3000 }).ready().writes());
    for (let n = 0; n < 12; n++) scene.pass(3000).silent();
    return said(scene, "apology") === 0;
  }],
  ["a brain that seems deaf is suspected 300 to 1500 ms after the caller's words", () => {
    const scene = new Scene().ready().voice(800);
    return between(scene.inMs("unheard"), 300, 1500) && scene.ring().did("suspect_session");
  }],
  ["what is told anew has the time that words have to be heard", () => {
    const scene = lose(new Scene().ready()).voice(800).pass(3000).silent().ready();
    return between(scene.inMs("unheard"), 300, 1500) &&
      between(scene.ring().inMs("unheard"), 2000, 4000);
  }],
  ["one failure puts the next request off by less than another session takes", () => {
    const scene = lose(new Scene().ready().writes());
    return scene.pass(200).ready().asks.join() === "turn";
  }],
  ["another brain may announce nothing", () => {
    const scene = lose(new Scene().ready().voice(800).brainStarts("i1")).ready();
    return !scene.unnamed("r1").did("cancel_response");
  }],
  ["a yes into the end of what plays on, with no session to hear it, may be meant", () => {
    const scene = lose(answering().done()).starts().at(1250).pauses(ENDS).stops().ring(ENDS);
    scene.ready().silent().pass(1400);
    return scene.asked.length === 1 && scene.pass(200).asked.length === 2;
  }],
  ["what an earlier session heard of a turn counts, though nothing is in the rest of it", () => {
    const scene = new Scene({ turns: "local" }).ready().starts().at(500);
    lose(scene.tell({ type: "caller_maybe_done", endMs: 500 })).pass(200).ready();
    scene.created("r1").tell({ type: "caller_resumed", playing: [] }).done(false, "r1");
    scene.pass(200).stops();
    const { id } = scene.state.answers.at(-1)!.utterances[0]!;
    scene.tell({ type: "refused", name: `commit_${id}`, why: "empty", retryAfterMs: 0 });
    return scene.state.answers.at(-1)?.cancelled === false;
  }],
  ["of a commit that nobody announced, what may be in it is told", () => {
    const scene = new Scene().ready().at(4000).commits("i1");
    const { onsetMs, endMs } = scene.state.awaiting[0]!;
    return onsetMs === 0 && endMs === 4000;
  }],
  ["words that the brain seemed not to hear are in what it commits later", () => {
    const scene = new Scene().ready().voice(800).pass(700).starts().pass(300).commits("i1");
    return scene.state.awaiting[0]?.onsetMs === 0;
  }],
  ["what was committed of words that go on is not told twice", () => {
    const scene = new Scene().ready().starts().brainStarts("i1").at(3000);
    const stopped = { endMs: 3000, heardToMs: 2000, itemId: "i1", playing: [] };
    scene.tell({ type: "caller_stopped", by: "brain", ...stopped }).commits("i1");
    return scene.state.awaiting[0]?.endMs === 2000 && scene.state.speaking?.onsetMs === 2000;
  }],
  ["what a lost session was about to answer is asked for when another stands", () => {
    const scene = lose(
      new Scene().ready().brainStarts("i1").voice(800).brainStops("i1").commits("i1"),
    );
    return scene.pass(200).ready().asks.join() === "turn";
  }],
  ["a commit that one session refused is not repeated to another, which was told", () => {
    const scene = new Scene({ turns: "local" }).ready().voice(800);
    scene.tell({ type: "refused", name: "commit_1", why: "failed", retryAfterMs: 0 });
    lose(scene).pass(200).ready();
    const commits = scene.all.filter(({ type }) => type === "commit").length;
    return scene.pass(1000).asked.length === 2 &&
      scene.all.filter(({ type }) => type === "commit").length === commits;
  }],
  ["a short word that another session was told is not committed to it", () => {
    const scene = lose(answering({ turns: "local" }).done()).starts().at(1250).pauses(ENDS);
    scene.stops().ring(ENDS).ready().silent().pass(1600);
    return scene.asked.length === 2 && scene.all.every(({ type }) => type !== "commit");
  }],
  ["nobody is prompted while no session is there", () => {
    return lose(new Scene({ silencePromptMs: 7000 }).ready()).inMs("silence") === Infinity;
  }],
  ["with local turns, what is still doubted is not committed because a session stands", () => {
    const scene = lose(answering({ turns: "local" }).done()).starts().at(1250).pauses(PLAYS);
    return !scene.stops().ready().did("commit");
  }],
];
