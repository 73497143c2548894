/**
 * What a call must know to go on with another session of the brain, here or on another machine: plain
 * data and bounded. It holds what people said, so it goes into no log.
 *
 * @module
 */

/** One side's words, oldest first; of the agent's only what was heard. */
export interface SaidLine {
  readonly role: "caller" | "agent";
  readonly text: string;
  /** What the caller said, in the leg's format as base64, where nobody knows the words. */
  readonly voice?: string;
}

/** Something that the caller said and nobody has answered yet, in the leg's format. */
export interface UnansweredAudio {
  readonly base64: string;
  /** False while they still speak: then it is the beginning of an open turn. */
  readonly ended: boolean;
}

export interface CallContext {
  /** When the call began, by the wall clock: its limits go on counting. */
  readonly startedAtMs: number;
  readonly lines: readonly SaidLine[];
  readonly unanswered: readonly UnansweredAudio[];
  /**
   * What the agent owes: `go_on` when an answer was cut in the middle, at the end of the last line;
   * `welcome_back` when nothing else is known of the call.
   */
  readonly owes: "nothing" | "greeting" | "answer" | "go_on" | "welcome_back";
}
