import test from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { type AudioFormat, PCM_24K, PCMA, PCMU } from "../../media/format.ts";
import { checkSession, HANG_UP_TOOL, sessionRequest, type SessionWish } from "./session.ts";

const WISH: SessionWish = {
  instructions: "Be kind.",
  voice: "marin",
  format: PCMU,
  turns: "server",
  silenceMs: 200,
  eagerness: "auto",
};

/** `session.updated` as a server answers that took everything. */
const effective = (wish: SessionWish): unknown => structuredClone(sessionRequest(wish));

const FORMATS: [AudioFormat, unknown][] = [
  [PCMU, { type: "audio/pcmu" }],
  [PCMA, { type: "audio/pcma" }],
  [PCM_24K, { type: "audio/pcm", rate: 24000 }],
];

test("sessionRequest asks for everything in the GA shape", () => {
  assertEquals<unknown>(sessionRequest(WISH), {
    type: "realtime",
    output_modalities: ["audio"],
    instructions: "Be kind.",
    audio: {
      input: {
        format: { type: "audio/pcmu" },
        turn_detection: {
          type: "server_vad",
          threshold: 0.5,
          prefix_padding_ms: 300,
          silence_duration_ms: 200,
          create_response: true,
          interrupt_response: false,
        },
      },
      output: { format: { type: "audio/pcmu" }, voice: "marin" },
    },
    tools: [{
      type: "function",
      name: HANG_UP_TOOL,
      description: "Ends the call. Say goodbye first.",
      parameters: { type: "object", properties: {} },
    }],
    tool_choice: "auto",
    truncation: {
      type: "retention_ratio",
      retention_ratio: 0.8,
      token_limits: { post_instructions: 8000 },
    },
  });
});

test("sessionRequest names each format as the API does: a rate for PCM, none for G.711", () => {
  for (const [format, named] of FORMATS) {
    const { audio } = sessionRequest({ ...WISH, format });
    assertEquals<unknown>([audio?.input?.format, audio?.output?.format], [named, named]);
  }
});

test("sessionRequest leaves the end of a turn to who was chosen for it", () => {
  const detection = (wish: Partial<SessionWish>) =>
    sessionRequest({ ...WISH, ...wish }).audio?.input?.turn_detection as unknown;
  assertEquals(detection({ turns: "local" }), null);
  assertEquals(detection({ turns: "semantic", eagerness: "low" }), {
    type: "semantic_vad",
    eagerness: "low",
    create_response: true,
    interrupt_response: false,
  });
});

test("sessionRequest asks for the caller's words only where they are wanted: they cost", () => {
  const input = (wish: Partial<SessionWish>) => sessionRequest({ ...WISH, ...wish }).audio!.input!;
  assertEquals("transcription" in input({}), false);
  assertEquals("transcription" in input({ transcription: null }), false);
  assertEquals(input({ transcription: { model: "gpt-realtime-whisper" } }).transcription, {
    model: "gpt-realtime-whisper",
  });
});

test("checkSession: a brain that hands out no words is no other brain for that", () => {
  const wish = { ...WISH, transcription: { model: "gpt-realtime-whisper" } };
  for (const transcription of [null, undefined, { model: "whisper-1" }, "yes", 1]) {
    assertEquals(checkSession(wish, { audio: { input: { transcription } } }).differences, []);
  }
});

test("checkSession: what was asked for is in force, and nothing differs", () => {
  for (const [format] of FORMATS) {
    for (const turns of ["server", "semantic", "local"] as const) {
      const wish = { ...WISH, format, turns };
      assertEquals(checkSession(wish, effective(wish)), {
        formats: { input: format, output: format },
        differences: [],
      });
    }
  }
});

test("checkSession: another format that we carry is taken, and told", () => {
  const session = {
    audio: { input: { format: { type: "audio/pcma" } }, output: { format: { type: "audio/pcm" } } },
  };
  const { formats, differences } = checkSession(WISH, session);
  assertEquals(formats, { input: PCMA, output: PCM_24K });
  assertEquals(differences, ["audio.input.format is pcma", "audio.output.format is pcm16"]);
});

test("checkSession: a format that we can't carry is refused: the caller would hear static", () => {
  const formats = [
    { type: "audio/pcm", rate: 16000 },
    { type: "audio/opus" },
    { type: "audio/pcm", rate: "24000" },
    "audio/pcmu",
    {},
    7,
  ];
  for (const format of formats) {
    for (const way of ["input", "output"]) {
      assertThrows(
        () => checkSession(WISH, { audio: { [way]: { format } } }),
        RangeError,
        `audio.${way}.format is ${JSON.stringify(format)}`,
      );
    }
  }
});

test("checkSession: a server that says nothing is taken at its silence", () => {
  for (const session of [undefined, null, {}, { audio: null }, { audio: {} }, "session", 1]) {
    assertEquals(checkSession(WISH, session), {
      formats: { input: PCMU, output: PCMU },
      differences: [],
    });
  }
  assertEquals(checkSession(WISH, { audio: { input: { format: null }, output: null } }).formats, {
    input: PCMU,
    output: PCMU,
  });
});

test("checkSession: another turn detection is told", () => {
  const differs = (wish: Partial<SessionWish>, turn_detection: unknown) =>
    checkSession({ ...WISH, ...wish }, { audio: { input: { turn_detection } } }).differences;
  assertEquals(differs({}, null), ["turn_detection is null, asked for server_vad"]);
  assertEquals(differs({ turns: "local" }, { type: "server_vad" }), [
    "turn_detection is server_vad, asked for null",
  ]);
  assertEquals(differs({}, { type: "semantic_vad" }), [
    "turn_detection is semantic_vad, asked for server_vad",
  ]);
  assertEquals(differs({}, undefined), []);
});

test("checkSession: a server of the beta shape that went on with its own format is found out", () => {
  // It doesn't know the GA shape, so what it uses is its default, pcm16, and not what we asked for.
  const session = {
    modalities: ["text", "audio"],
    input_audio_format: "pcm16",
    output_audio_format: "g711_alaw",
    turn_detection: { type: "server_vad" },
  };
  const { formats, differences } = checkSession({ ...WISH, turns: "local" }, session);
  assertEquals(formats, { input: PCM_24K, output: PCMA });
  assertEquals(differences, [
    "audio.input.format is pcm16",
    "audio.output.format is pcma",
    "turn_detection is server_vad, asked for null",
  ]);
  const same = { input_audio_format: "g711_ulaw", output_audio_format: "g711_ulaw" };
  assertEquals(checkSession(WISH, same).differences, []);
  assertThrows(
    () => checkSession(WISH, { output_audio_format: "mp3" }),
    RangeError,
    'audio.output.format is "mp3"',
  );
});
