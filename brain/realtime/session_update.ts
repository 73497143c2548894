/**
 * How an update changes the session, and what it may not change.
 *
 * @module
 */

import { ApiError, show } from "./api_error.ts";
import { checkSession, checkText, checkTools } from "./bounds.ts";
import { SEMANTIC_VAD, SERVER_VAD, type SessionConfig } from "./session_config.ts";
import type { InputPatch, SessionPatch } from "./session_schema.ts";
import type { RealtimeSettings } from "./settings.ts";

/** What an update may not do at this moment. */
interface UpdateLimits {
  /** Audio went out already: the voice stays. */
  readonly voiceFrozen: boolean;
  /** A response is running: the speed stays until the turn is over. */
  readonly responding: boolean;
  /** The URL, or an earlier update, settled the model. */
  readonly modelFixed: boolean;
  /** An earlier update settled the type. */
  readonly typeFixed: boolean;
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
  settings: RealtimeSettings,
): SessionConfig {
  const next = merge(config, patch, limits, settings);
  checkSession(next, settings);
  return next;
}

function merge(
  config: SessionConfig,
  patch: SessionPatch,
  limits: UpdateLimits,
  settings: RealtimeSettings,
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

/**
 * A session that begins with what a client secret holds.
 *
 * @throws {ApiError} As {@linkcode applyUpdate}.
 */
export function beginWith(
  config: SessionConfig,
  patch: SessionPatch,
  settings: RealtimeSettings,
): SessionConfig {
  const anything = { voiceFrozen: false, responding: false, modelFixed: false, typeFixed: false };
  return applyUpdate(config, patch, anything, settings);
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
