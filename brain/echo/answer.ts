/**
 * What the echo brain answers: speech with that speech, text with that text, nothing with a
 * greeting, and `/name {json}` with a call of the tool of that name.
 *
 * @module
 */

import type { AnswerRequest } from "../realtime/answerer.ts";
import type { AudioClip } from "../realtime/clip.ts";
import type { Item, ResponseRef } from "../realtime/items.ts";

/** A piece of an answer. `text` is its transcript, or all of it when only text is wanted. */
export type Segment =
  | { readonly kind: "speech"; readonly clip: AudioClip; readonly text: string }
  | { readonly kind: "spoken"; readonly text: string }
  | { readonly kind: "chime"; readonly text: string };

/** What is answered, before it is given a shape. */
interface Decision {
  readonly segments: readonly Segment[];
  /** A tool to call, instead of speaking. */
  readonly call?: { readonly name: string; readonly arguments: string };
  /** Ids of the items that it answers. */
  readonly answers: ReadonlySet<string>;
}

/** Stands where a transcript would: the echo brain recognises no words. */
export function describeSpeech(durationMs: number): string {
  return `(${(durationMs / 1000).toFixed(1)} s of speech)`;
}

const DEFAULT_GREETING = "Hello.";
const STILL_THERE = "Are you still there?";

/**
 * The words that instructions ask to open with: what stands in quotes behind "greet", "say",
 * "welcome" and the like, or behind `Greeting:`.
 */
function greetingIn(instructions: readonly string[]): string {
  for (const text of instructions) {
    const quoted =
      /\b(?:greet|greeting|say|welcome|open|begin|start)\b[^"“\n]{0,120}["“]([^"”\n]{1,400})["”]/i
        .exec(text)?.[1];
    const line = /^\s*(?:greeting|say)\s*:\s*([^"“\n]{1,400})$/im.exec(text)?.[1];
    const words = (quoted ?? line)?.trim();
    if (words) return words;
  }
  return DEFAULT_GREETING;
}

/**
 * The user's items that no answer in the context covers. An answer that was cancelled before it
 * began, or deleted, covers nothing: its words are still to be answered.
 */
function unanswered(
  context: readonly Item[],
  answered: { get(response: ResponseRef): ReadonlySet<string> | undefined },
): Item[] {
  const covered = new Set<string>();
  const open: Item[] = [];
  for (let i = context.length - 1; i >= 0; i--) {
    const item = context[i]!;
    const speaks = item.type === "function_call" ||
      (item.type === "message" && item.role === "assistant");
    if (speaks) {
      // One that a client wrote in answers all before it.
      if (!item.response) break;
      for (const id of answered.get(item.response) ?? []) covered.add(id);
    } else if (item.type === "function_call_output" || item.role === "user") {
      if (!covered.has(item.id)) open.push(item);
    }
  }
  return open.reverse();
}

function segmentsOf(item: Item): Segment[] {
  if (item.type === "function_call_output") return [{ kind: "spoken", text: item.output }];
  if (item.type !== "message") return [];
  if (item.silence) return [{ kind: "spoken", text: STILL_THERE }];
  return item.parts.map((part): Segment => {
    if (part.type === "input_image") return { kind: "spoken", text: "(an image)" };
    if ("text" in part) return { kind: "spoken", text: part.text };
    const text = describeSpeech(part.durationMs);
    // Its audio was dropped to stay within the bound: only the description is left.
    return part.clip ? { kind: "speech", clip: part.clip, text } : { kind: "spoken", text };
  });
}

function jsonIn(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return text;
  } catch { /* free text is wrapped below */ }
  return text === "" ? "{}" : JSON.stringify({ text });
}

function callFor(open: readonly Item[], request: AnswerRequest): Decision["call"] {
  const { tools, toolChoice } = request;
  // The output of a call is answered in words, or one forced call would follow another for ever.
  if (toolChoice === "none" || open.some((item) => item.type === "function_call_output")) return;
  const names = tools.flatMap((tool) => tool.type === "function" ? [tool.name] : []);
  const last = open.at(-1);
  const part = last?.type === "message" ? last.parts.at(-1) : undefined;
  const text = part?.type === "input_text" ? part.text.trim() : "";
  const command = /^\/([a-zA-Z0-9_-]{1,64})(?:\s+([\s\S]*))?$/.exec(text);
  if (command && names.includes(command[1]!)) {
    return { name: command[1]!, arguments: jsonIn(command[2]?.trim() ?? "") };
  }
  const forced = typeof toolChoice === "object" && toolChoice.type === "function"
    ? toolChoice.name
    : toolChoice === "required"
    ? names[0]
    : undefined;
  if (forced && names.includes(forced)) return { name: forced, arguments: jsonIn(text) };
}

/**
 * Decides what to say to a conversation.
 *
 * @param answered Of each response, the ids of the items that it answered.
 */
export function decideAnswer(
  request: AnswerRequest,
  answered: { get(response: ResponseRef): ReadonlySet<string> | undefined },
): Decision {
  const open = unanswered(request.items, answered);
  const answers = new Set(open.map((item) => item.id));
  const call = callFor(open, request);
  if (call) return { segments: [], call, answers };
  const segments = open.flatMap(segmentsOf);
  if (segments.length === 0) {
    const { instructions, sessionInstructions } = request;
    segments.push({ kind: "chime", text: greetingIn([instructions, sessionInstructions]) });
  }
  return { segments, answers };
}
