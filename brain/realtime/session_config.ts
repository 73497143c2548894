/**
 * The effective session: what it holds, its first values, and how the wire shows it.
 *
 * @module
 */

import type {
  AudioTranscription,
  RealtimeAudioConfigInput,
  RealtimeAudioConfigOutput,
  RealtimeAudioFormats,
  RealtimeAudioInputTurnDetection,
  RealtimeReasoning,
  RealtimeTracingConfig,
  RealtimeTruncation,
} from "openai/resources/realtime/realtime";
import type { ToolChoice, Tools } from "./session_schema.ts";

/** The session as `session.created` and `session.updated` show it. */
export interface SessionConfig {
  object: "realtime.session" | "realtime.transcription_session";
  type: "realtime" | "transcription";
  id: string;
  model: string;
  /** Unix seconds. */
  expires_at: number;
  output_modalities: ("text" | "audio")[];
  instructions: string;
  audio: {
    input: {
      format: RealtimeAudioFormats;
      transcription: AudioTranscription | null;
      noise_reduction: RealtimeAudioConfigInput.NoiseReduction | null;
      turn_detection: RealtimeAudioInputTurnDetection | null;
    };
    output: {
      format: RealtimeAudioFormats;
      voice: string | RealtimeAudioConfigOutput.ID;
      speed: number;
    };
  };
  tools: Tools;
  tool_choice: ToolChoice;
  max_output_tokens: number | "inf";
  truncation: RealtimeTruncation;
  tracing: RealtimeTracingConfig | null;
  prompt: { id: string } | null;
  include: "item.input_audio_transcription.logprobs"[] | null;
  parallel_tool_calls?: boolean;
  reasoning?: RealtimeReasoning;
}

/** Turn detection of each type before anyone changed it. */
export const SERVER_VAD = {
  type: "server_vad",
  threshold: 0.5,
  prefix_padding_ms: 300,
  // The reference says 500; sessions that we saw show 200.
  silence_duration_ms: 200,
  idle_timeout_ms: null,
  create_response: true,
  interrupt_response: true,
} as const;
export const SEMANTIC_VAD = {
  type: "semantic_vad",
  eagerness: "auto",
  create_response: true,
  interrupt_response: true,
} as const;

/** A session that nobody has changed yet, with the defaults of the API's reference. */
export function defaultConfig(id: string, model: string, expiresAtMs: number): SessionConfig {
  return {
    object: "realtime.session",
    type: "realtime",
    id,
    model,
    expires_at: Math.floor(expiresAtMs / 1000),
    output_modalities: ["audio"],
    instructions: "",
    audio: {
      input: {
        format: { type: "audio/pcm", rate: 24000 },
        transcription: null,
        noise_reduction: null,
        turn_detection: { ...SERVER_VAD },
      },
      output: { format: { type: "audio/pcm", rate: 24000 }, voice: "alloy", speed: 1 },
    },
    tools: [],
    tool_choice: "auto",
    max_output_tokens: "inf",
    truncation: "auto",
    tracing: null,
    prompt: null,
    include: null,
  };
}

/** The session as the wire shows it: a transcription session has no output side. */
export function sessionOnWire(config: SessionConfig): Record<string, unknown> {
  if (config.type === "realtime") return { ...config };
  const { object, type, id, expires_at, include, audio } = config;
  return { object, type, id, expires_at, include, audio: { input: audio.input } };
}
