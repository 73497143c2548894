/**
 * What a call knows about turns. All of it is plain data without audio and without anything that was
 * said, so a call can be recorded as JSON lines, replayed, explored by a program, saved and moved.
 *
 * Two things carry it. An _utterance_ is what the caller said, an _answer_ is what the agent owes or
 * says; each utterance is in exactly one place: being said, awaiting an answer, inside the answer that
 * is made for it, or withdrawn.
 *
 * @module
 */

import type { TurnMode } from "../../brain/openai/session.ts";

/** `opening` until the brain's session stands; `ending` while the last words are still played. */
type Phase = "opening" | "open" | "ending" | "closed";

/** Why an answer is asked for. All but `turn` and `tool` bring instructions of their own. */
export type AnswerKind =
  | "greeting"
  /** To what the caller said, typed or pressed. */
  | "turn"
  /** To what a tool returned. */
  | "tool"
  /** An answer that a fault cut off after its first sound goes on. */
  | "go_on"
  /** The line broke, and what was said before is not known any more. */
  | "welcome_back"
  /** The brain had nothing to say to the caller's words, so it is asked to say that. */
  | "declined"
  /** We heard the caller and the brain didn't. */
  | "unheard"
  | "still_there"
  | "goodbye";

/** Why a call ended. */
export type EndReason =
  | "caller_hung_up"
  | "caller_lost"
  | "caller_stalled"
  | "agent_hung_up"
  | "brain_failed"
  | "call_limit"
  | "idle_limit"
  | "caller_silent"
  | "draining"
  /** It goes on elsewhere. */
  | "moved";

/** What a call is told about turns when it begins; it never changes. */
export interface TurnSettings {
  readonly turns: TurnMode;
  /** Speech over the agent that lasts this long is an interruption, and no cough. */
  readonly bargeInMs: number;
  readonly greets: boolean;
  /** After an answer, this much silence makes the agent ask, and then say goodbye; 0 for never. */
  readonly silencePromptMs: number;
  /** With turns of the brain's: the longest silence that it lawfully waits before it ends one. */
  readonly brainSilenceMs: number;
  /** Something is owed and nobody has made a sound for this long: the last net. */
  readonly deadAirMs: number;
  readonly sessionTimeoutMs: number;
  readonly callLimitMs: number;
  readonly idleLimitMs: number;
}

/** Something that the caller said, typed or pressed. */
export interface Utterance {
  readonly id: number;
  readonly by: "voice" | "text";
  readonly onsetMs: number;
  /** Where the voice was last heard; equal to the onset while it is still going on. */
  readonly endMs: number;
  /** The brain's items that hold it. */
  readonly items: readonly string[];
  /** The brain has said that it stands in the conversation. */
  readonly taken: boolean;
  /** When the brain committed it, if the brain is to begin its answer; null when that is on us. */
  readonly brainAnswersSinceMs: number | null;
  /** Our commit of it was refused: it is repeated before an answer is asked for. */
  readonly uncommitted: boolean;
  /** Finds words again that were typed before the session stood, and stay outside; 0 for others. */
  readonly unsentRef: number;
}

/** Something that the agent owes or says. Lives until it is over and was heard, or is called off. */
export interface Answer {
  /** Names our request (`eventIdOf`), so that a refusal finds it. */
  readonly id: number;
  /** Null when the brain began it by itself and to no utterance that we know. */
  readonly kind: AnswerKind | null;
  /** What it answers. */
  readonly utterances: readonly Utterance[];
  /** Null from our request until the brain has created it. */
  readonly responseId: string | null;
  /** Its items, in order, so that those never heard can be deleted. */
  readonly items: readonly string[];
  /** When it was asked for, then when it was created, then when it was called off. */
  readonly sinceMs: number;
  /** The first of its audio came. */
  readonly sounds: boolean;
  /** The last of its audio came, as far as the brain says so. */
  readonly spoken: boolean;
  /** It called a tool. */
  readonly usedTool: boolean;
  /** Asked for at an early silence: held until the turn is really over. */
  readonly early: boolean;
  /** Nobody wants it any more: what still comes of it is dropped. */
  readonly cancelled: boolean;
  /** Nothing more will come of it. */
  readonly over: boolean;
}

/** A tool that was called, and not run yet. */
export interface HeldTool {
  readonly callId: string;
  readonly hangsUp: boolean;
  /** The answer that wants it. */
  readonly answer: number;
  /** That answer has sounded. */
  readonly said: boolean;
}

/** Somebody may be breaking in: playback is held until that is sure. */
interface Alarm {
  readonly onsetMs: number;
  readonly heldAtMs: number;
  /** Voice of this attempt before the present burst of it. */
  readonly spokenMs: number;
  /** When the present burst began; null while the caller pauses. */
  readonly burstFromMs: number | null;
  /** Where the voice was last heard, once the caller pauses. */
  readonly pausedFromMs: number;
  /** Something of ours was to be heard. Before that, whoever speaks just goes on with their turn. */
  readonly audible: boolean;
}

export interface CallState {
  readonly settings: TurnSettings;
  readonly startedAtMs: number;
  phase: Phase;
  endReason: EndReason | null;
  /** Since when last words are being said. */
  endingSinceMs: number;
  /** The brain's session is gone and another one is being opened, since when; null otherwise. */
  sessionLostMs: number | null;
  /** Since when the present session stands: what was said before, it was told of. */
  sessionSinceMs: number;
  /** Names for utterances and answers. */
  lastId: number;

  // The caller.

  /** Our detector hears a voice, since when. */
  voiceSinceMs: number | null;
  /** Where it last heard one end. */
  voiceEndMs: number;
  /** The item that the brain's detector has open. */
  brainItem: string | null;
  /** Where the voice in it began, as far as it said so. */
  brainOnsetMs: number | null;
  /** It has said that the voice in it ended. */
  brainEnded: boolean;
  /** It has ever said that its detector hears a voice, and not only what it committed. */
  brainAnnounces: boolean;
  /** Up to where its last item reaches. */
  brainHeardToMs: number;
  /** What is being said, or was said and not yet ended by whoever ends turns. */
  speaking: Utterance | null;
  /** Ended, and no answer is being made. */
  awaiting: readonly Utterance[];
  /** False alarms whose items the brain may still have open: they are deleted when committed. */
  withdrawn: readonly Utterance[];
  /** Until then, an answer that the brain begins by itself may be to what was withdrawn. */
  strayUntilMs: number;
  alarm: Alarm | null;
  /** The alarm that was called off last: where its voice ended, and how much of it there was. */
  lastAlarm: { readonly endMs: number; readonly spokenMs: number } | null;
  /** An utterance whose answer was asked for at an early silence; 0 for none. */
  earlyUtterance: number;
  /** A tool that an answer wants while it is held: it runs when that goes on, or never. */
  heldTool: HeldTool | null;
  /** Our detector heard it and the brain's did not, so far. */
  unheard: Utterance | null;
  /** The caller was asked to say something again, and the brain has heard nothing since. */
  askedToRepeat: boolean;
  /** A false alarm near the end of an answer: should nobody say more, it was meant. */
  maybeMeant: Utterance | null;
  /** Where the caller's voice ended in the turn before. */
  turnEndMs: number;
  /** Answers in a row that a voice took back before they had made a sound. */
  overtaken: number;
  lastActivityMs: number;

  // The agent.

  answers: readonly Answer[];
  /** Answers owed that no utterance asks for. */
  owes: readonly AnswerKind[];
  /** Audio of ours was queued and has not been heard out, since when; null when there is none. */
  soundSinceMs: number | null;
  /** Audio is held back: by an alarm, or because the turn may not be over. */
  held: boolean;
  /** Requests and answers that came to nothing, in a row. */
  failures: number;
  /** Nothing is asked for before this. */
  notBeforeMs: number;
  /** When something that is owed can be asked for at last; null when time is not what it waits for. */
  retryAtMs: number | null;
  /** The milliseconds of a turn are being counted, and nothing of its answer sounded yet. */
  turnBegan: boolean;
  /**
   * Whether the brain gives our names back with the answers that it creates: `doubtful` when it began
   * one without a name while ours was to come.
   */
  echoesNames: "unknown" | "doubtful" | "yes" | "no";
  /** Answers in a row that were not created or made no sound in time: the next one gets longer. */
  silences: number;
  /** The longest that this brain took from creating an answer to its first sound. */
  slowestSoundMs: number;
  /** The caller was told to wait for what is owed now. */
  toldToWait: boolean;
  /** Times in a row that the last net had to catch. */
  deadAirs: number;
  /** The brain's detector stays open on noise, so it is fed silence. */
  uplinkMuted: boolean;
  /** Whether the agent has asked into the silence. */
  prompted: boolean;
  /** Why it has said goodbye, or is about to, where nobody has said anything since but made a sound. */
  goodbyeFor: EndReason | null;
  /** Since when neither side makes a sound; null while one does. */
  quietSinceMs: number | null;
  /** Since when the caller is owed something; null while they aren't. */
  owedSinceMs: number | null;
}

/** The first state of a call. */
export function openingState(settings: TurnSettings, nowMs: number): CallState {
  return {
    settings,
    startedAtMs: nowMs,
    phase: "opening",
    endReason: null,
    endingSinceMs: 0,
    sessionLostMs: null,
    sessionSinceMs: nowMs,
    lastId: 0,
    voiceSinceMs: null,
    voiceEndMs: 0,
    brainItem: null,
    brainOnsetMs: null,
    brainEnded: false,
    brainAnnounces: false,
    brainHeardToMs: 0,
    speaking: null,
    awaiting: [],
    withdrawn: [],
    alarm: null,
    strayUntilMs: 0,
    lastAlarm: null,
    earlyUtterance: 0,
    heldTool: null,
    unheard: null,
    askedToRepeat: false,
    maybeMeant: null,
    turnEndMs: -100_000,
    overtaken: 0,
    lastActivityMs: nowMs,
    answers: [],
    owes: [],
    soundSinceMs: null,
    held: false,
    failures: 0,
    notBeforeMs: 0,
    retryAtMs: null,
    turnBegan: false,
    echoesNames: "unknown",
    silences: 0,
    slowestSoundMs: 0,
    toldToWait: false,
    deadAirs: 0,
    uplinkMuted: false,
    prompted: false,
    goodbyeFor: null,
    quietSinceMs: nowMs,
    owedSinceMs: null,
  };
}
