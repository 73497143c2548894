/**
 * The effective session: its first values, and how an update changes it.
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
import { ApiError, show } from "./api_error.ts";
import type { InputPatch, SessionPatch, ToolChoice, Tools } from "./session_schema.ts";
import type { EchoSettings } from "./settings.ts";

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

/** What an update may not do at this moment. */
export interface UpdateLimits {
  /** Audio went out already: the voice stays. */
  readonly voiceFrozen: boolean;
  /** A response is running: the speed stays until the turn is over. */
  readonly responding: boolean;
  /** The URL, or an earlier update, settled the model. */
  readonly modelFixed: boolean;
  /** An earlier update settled the type. */
  readonly typeFixed: boolean;
}

const SERVER_VAD = {
  type: "server_vad",
  threshold: 0.5,
  prefix_padding_ms: 300,
  // The reference says 500; sessions in the wild show 200.
  silence_duration_ms: 200,
  idle_timeout_ms: null,
  create_response: true,
  interrupt_response: true,
} as const;
const SEMANTIC_VAD = {
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

/** @throws {ApiError} When `text` is longer than the setting allows. */
export function checkText(text: string | undefined, param: string, settings: EchoSettings): void {
  if (text !== undefined && text.length > settings.maxTextChars) {
    throw new ApiError(
      "string_above_max_length",
      `Invalid '${param}': string too long. Expected at most ${settings.maxTextChars} characters, but got ${text.length}.`,
      param,
    );
  }
}

/** @throws {ApiError} When there are too many tools, or two of one name. */
export function checkTools(tools: Tools | undefined, param: string, settings: EchoSettings): void {
  if (!tools) return;
  if (tools.length > settings.maxTools) {
    throw new ApiError(
      "array_above_max_length",
      `Invalid '${param}': array too long. Expected at most ${settings.maxTools} tools, but got ${tools.length}.`,
      param,
    );
  }
  const names = new Set<string>();
  for (const [index, tool] of tools.entries()) {
    if (tool.type !== "function") continue;
    if (names.has(tool.name)) {
      const field = `${param}[${index}].name`;
      throw new ApiError(
        "invalid_value",
        `Duplicate tool name in '${field}': '${tool.name}'.`,
        field,
      );
    }
    names.add(tool.name);
  }
}

function invalid(param: string, value: unknown, wanted: string): ApiError {
  return new ApiError(
    "invalid_value",
    `Invalid value for '${param}': ${show(value)}. ${wanted}`,
    param,
  );
}

// Which fields each transcription model takes (Realtime transcription guide).
function checkTranscription(given: NonNullable<InputPatch["transcription"]>): void {
  const param = "session.audio.input.transcription";
  const { model, languages, keywords, delay, prompt } = given;
  if (delay !== undefined && model !== "gpt-realtime-whisper") {
    throw invalid(`${param}.delay`, delay, "Only gpt-realtime-whisper takes a delay.");
  }
  if (prompt !== undefined && model === "gpt-realtime-whisper") {
    throw invalid(`${param}.prompt`, prompt, "gpt-realtime-whisper takes no prompt.");
  }
  if (model === "gpt-transcribe" || model === "gpt-live-transcribe") return;
  const field = languages ? "languages" : keywords ? "keywords" : undefined;
  if (field) {
    throw invalid(
      `${param}.${field}`,
      given[field],
      "Only gpt-transcribe and gpt-live-transcribe take it.",
    );
  }
}

function mergeInput(
  input: SessionConfig["audio"]["input"],
  patch: InputPatch,
): SessionConfig["audio"]["input"] {
  const merged = { ...input };
  if (patch.format) merged.format = patch.format;
  if (patch.noise_reduction !== undefined) {
    merged.noise_reduction = patch.noise_reduction && { strength: 1, ...patch.noise_reduction };
  }
  if (patch.transcription !== undefined) {
    if (patch.transcription) checkTranscription(patch.transcription);
    merged.transcription = patch.transcription;
  }
  const detection = patch.turn_detection;
  if (detection !== undefined) {
    const current = input.turn_detection;
    if (detection === null) merged.turn_detection = null;
    else if (detection.type === "server_vad") {
      const base = current?.type === "server_vad" ? current : SERVER_VAD;
      merged.turn_detection = { ...base, ...detection };
    } else {
      const base = current?.type === "semantic_vad" ? current : SEMANTIC_VAD;
      merged.turn_detection = { ...base, ...detection };
    }
  }
  return merged;
}

/** Only these come back from `""`, `[]` and `null` as they are; the rest is merged by hand. */
const PLAIN = [
  "output_modalities",
  "instructions",
  "tools",
  "tool_choice",
  "max_output_tokens",
  "truncation",
  "prompt",
  "include",
  "parallel_tool_calls",
  "reasoning",
] as const;

/**
 * The session after an update: fields that are absent stay, turn detection of the same type is
 * merged field by field. The old session is left as it was.
 *
 * @throws {ApiError} Naming the field and the value, when it can't be changed like that.
 */
export function applyUpdate(
  config: SessionConfig,
  patch: SessionPatch,
  limits: UpdateLimits,
  settings: EchoSettings,
): SessionConfig {
  if (patch.type !== config.type && limits.typeFixed) {
    throw invalid("session.type", patch.type, `This is a ${config.type} session.`);
  }
  const next: SessionConfig = { ...config, audio: { ...config.audio }, type: patch.type };
  if (patch.audio?.input) next.audio.input = mergeInput(config.audio.input, patch.audio.input);
  if (patch.type === "transcription") {
    next.object = "realtime.transcription_session";
    if (patch.include !== undefined) next.include = patch.include;
    const { transcription, turn_detection: detection } = next.audio.input;
    const model = transcription?.model;
    if (detection && (model === "gpt-realtime-whisper" || model === "gpt-live-transcribe")) {
      throw invalid(
        "session.audio.input.turn_detection",
        detection.type,
        `${model} wants null: the client commits.`,
      );
    }
    return next;
  }
  checkText(patch.instructions, "session.instructions", settings);
  checkTools(patch.tools, "session.tools", settings);
  if (patch.model !== undefined && patch.model !== config.model) {
    if (limits.modelFixed) {
      throw invalid(
        "session.model",
        patch.model,
        `The model of this session is '${config.model}'.`,
      );
    }
    next.model = patch.model;
  }
  const output = patch.audio?.output;
  if (output) {
    const current = config.audio.output;
    if (
      output.voice !== undefined && limits.voiceFrozen && !sameJson(output.voice, current.voice)
    ) {
      throw voiceError(output.voice);
    }
    if (output.speed !== undefined && limits.responding && output.speed !== current.speed) {
      throw invalid(
        "session.audio.output.speed",
        output.speed,
        "It can change between turns only.",
      );
    }
    next.audio.output = { ...current, ...output };
  }
  if (patch.tracing !== undefined) {
    if (config.tracing !== null && !sameJson(patch.tracing, config.tracing)) {
      throw invalid(
        "session.tracing",
        patch.tracing,
        "Tracing is on and can't be changed any more.",
      );
    }
    next.tracing = patch.tracing;
  }
  for (const field of PLAIN) {
    if (patch[field] !== undefined) Object.assign(next, { [field]: patch[field] });
  }
  return next;
}

/** The API's own refusal, with the voice that was asked for. */
export function voiceError(voice: unknown): ApiError {
  return new ApiError(
    "cannot_update_voice",
    `Cannot update a conversation's voice to ${show(voice)} if assistant audio is present.`,
    "session.audio.output.voice",
  );
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
