/**
 * The session that we ask a brain for, and the check that we got it.
 *
 * @module
 */

import type { RealtimeSessionCreateRequest } from "openai/resources/realtime/realtime";
import { type AudioFormat, PCM_24K, PCMA, PCMU, sameFormat } from "../../media/format.ts";

/** Who decides that the caller's turn is over. */
export type TurnMode = "server" | "semantic" | "local";

/** What a call wants of its brain. */
export interface SessionWish {
  readonly instructions: string;
  readonly voice: string;
  /** Both ways. */
  readonly format: AudioFormat;
  readonly turns: TurnMode;
  /** Silence that ends a turn, for `server`. */
  readonly silenceMs: number;
  /** For `semantic`: how soon the model takes the turn. */
  readonly eagerness: "low" | "medium" | "high" | "auto";
  /** The caller's words in writing, by a model that is billed apart; left out or null for none. */
  readonly transcription?: { readonly model: string } | null;
}

/** The one tool that every agent has: a way to end the call. */
export const HANG_UP_TOOL = "hang_up";

function formatRequest(format: AudioFormat) {
  if (format.encoding === "pcmu") return { type: "audio/pcmu" as const };
  if (format.encoding === "pcma") return { type: "audio/pcma" as const };
  return { type: "audio/pcm" as const, rate: 24000 as const };
}

/**
 * Turn detection as we need it: the brain may start answers by itself, which saves a round trip,
 * but it never ends one by itself, because only we know whether the caller was heard to interrupt.
 */
function turnDetection({ turns, silenceMs, eagerness }: SessionWish) {
  if (turns === "local") return null;
  const shared = { create_response: true, interrupt_response: false };
  if (turns === "semantic") return { type: "semantic_vad" as const, eagerness, ...shared };
  return {
    type: "server_vad" as const,
    threshold: 0.5,
    prefix_padding_ms: 300,
    silence_duration_ms: silenceMs,
    ...shared,
  };
}

/** The `session` of our `session.update`. */
export function sessionRequest(wish: SessionWish): RealtimeSessionCreateRequest {
  const format = formatRequest(wish.format);
  return {
    type: "realtime",
    output_modalities: ["audio"],
    instructions: wish.instructions,
    audio: {
      input: {
        format,
        turn_detection: turnDetection(wish),
        ...(wish.transcription && { transcription: { ...wish.transcription } }),
      },
      output: { format, voice: wish.voice },
    },
    tools: [{
      type: "function",
      name: HANG_UP_TOOL,
      description: "Ends the call. Say goodbye first.",
      parameters: { type: "object", properties: {} },
    }],
    tool_choice: "auto",
    // Each answer bills the whole conversation again; 0.8 keeps most of it cached.
    truncation: {
      type: "retention_ratio",
      retention_ratio: 0.8,
      token_limits: { post_instructions: 8000 },
    },
  };
}

/** The audio formats that a brain really uses. */
export interface EffectiveFormats {
  readonly input: AudioFormat;
  readonly output: AudioFormat;
}

/** The names of the beta protocol, which compatible servers still use. */
const BETA_FORMATS = new Map<unknown, AudioFormat>([
  ["pcm16", PCM_24K],
  ["g711_ulaw", PCMU],
  ["g711_alaw", PCMA],
]);

/** The formats that can be carried, by the name that the protocol gives them. */
function readFormat(value: unknown, asked: AudioFormat, field: string): AudioFormat {
  // A server that doesn't say is taken at its silence: many compatible ones leave fields out.
  if (value === undefined || value === null) return asked;
  const beta = BETA_FORMATS.get(value);
  if (beta) return beta;
  const { type, rate } = value as { type?: unknown; rate?: unknown };
  if (type === "audio/pcmu") return PCMU;
  if (type === "audio/pcma") return PCMA;
  if (type === "audio/pcm" && (rate === undefined || rate === 24000)) return PCM_24K;
  throw new RangeError(
    `The brain's ${field} is ${
      JSON.stringify(value)
    }; earshot carries audio/pcmu, audio/pcma and audio/pcm at 24000`,
  );
}

/**
 * Compares `session.updated` with what was asked for.
 *
 * @returns The formats in force and what differs, in words fit for a log.
 * @throws {RangeError} When the brain speaks a format that we can't carry: the caller would hear
 * static.
 */
export function checkSession(
  wish: SessionWish,
  session: unknown,
): { formats: EffectiveFormats; differences: string[] } {
  // A server of the beta shape keeps these at the top.
  const { audio, input_audio_format, output_audio_format, turn_detection } = (session ?? {}) as {
    audio?: { input?: Record<string, unknown>; output?: Record<string, unknown> };
    [beta: string]: unknown;
  };
  const input = readFormat(
    audio?.input?.format ?? input_audio_format,
    wish.format,
    "audio.input.format",
  );
  const output = readFormat(
    audio?.output?.format ?? output_audio_format,
    wish.format,
    "audio.output.format",
  );
  const differences: string[] = [];
  if (!sameFormat(input, wish.format)) differences.push(`audio.input.format is ${input.encoding}`);
  if (!sameFormat(output, wish.format)) {
    differences.push(`audio.output.format is ${output.encoding}`);
  }
  const asked = turnDetection(wish)?.type ?? null;
  const detection = (audio?.input ? audio.input.turn_detection : turn_detection) as
    | { type?: string }
    | null
    | undefined;
  if (detection !== undefined && (detection?.type ?? null) !== asked) {
    differences.push(`turn_detection is ${detection?.type ?? null}, asked for ${asked}`);
  }
  return { formats: { input, output }, differences };
}
