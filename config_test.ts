import test from "node:test";
import {
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { ConfigError, readConfig } from "./config.ts";

test("an empty environment serves the echo brain on 8080", () => {
  const config = readConfig({});
  assertEquals([config.PORT, config.brain, config.EARSHOT_TURNS], [8080, "echo", "server"]);
  assertEquals(Object.isFrozen(config), true);
});

test("a key or a URL alone chooses the OpenAI brain", () => {
  assertEquals(readConfig({ OPENAI_API_KEY: "k" }).brain, "openai");
  assertEquals(readConfig({ OPENAI_REALTIME_URL: "ws://127.0.0.1:9/v1/realtime" }).brain, "openai");
  assertEquals(readConfig({ OPENAI_API_KEY: "k", EARSHOT_BRAIN: "echo" }).brain, "echo");
});

test("every problem is in one error, with the setting's name and its value", () => {
  const error = assertThrows(
    () => readConfig({ PORT: "eighty", EARSHOT_TURNS: "mine", EARSHOT_SILENCE_MS: "20" }),
    ConfigError,
  );
  assertEquals(error.problems.length, 3);
  assertStringIncludes(error.message, 'PORT is "eighty"');
  assertStringIncludes(error.message, 'EARSHOT_TURNS is "mine": wants one of server');
  assertStringIncludes(error.message, 'EARSHOT_SILENCE_MS is "20"');
});

test("a key never travels over plain ws beyond loopback", () => {
  assertThrows(
    () => readConfig({ OPENAI_REALTIME_URL: "ws://example.com/v1/realtime" }),
    ConfigError,
    "OPENAI_REALTIME_URL",
  );
  readConfig({ OPENAI_REALTIME_URL: "ws://[::1]:9/v1/realtime" });
});

test("brains that take over are read in order, each with its key and its model", () => {
  const { fallbacks } = readConfig({
    EARSHOT_FALLBACK_URLS: "wss://one.example/v1/realtime, ws://127.0.0.1:9/v1/realtime",
    EARSHOT_FALLBACK_KEYS: "k1,",
    EARSHOT_FALLBACK_MODELS: "m1,m2",
  });
  assertEquals(fallbacks, [
    { url: "wss://one.example/v1/realtime", key: "k1", model: "m1" },
    { url: "ws://127.0.0.1:9/v1/realtime", key: undefined, model: "m2" },
  ]);
});

test("a list that doesn't fit the others is told, and never a key of it", () => {
  const error = assertThrows(
    () =>
      readConfig({
        EARSHOT_FALLBACK_URLS: "ws://example.com/v1/realtime,wss://two.example",
        EARSHOT_FALLBACK_KEYS: "secret-1,secret-2,secret-3",
        EARSHOT_FALLBACK_MODELS: "m",
      }),
    ConfigError,
  );
  assertEquals(error.problems.length, 3);
  assertStringIncludes(error.message, 'EARSHOT_FALLBACK_URLS holds "ws://example.com/v1/realtime"');
  assertStringIncludes(error.message, "EARSHOT_FALLBACK_KEYS holds 3");
  assertStringIncludes(error.message, "EARSHOT_FALLBACK_MODELS holds 1");
  assertNotMatch(error.message, /secret/);
});

test("on Fly it refuses to start with open phone routes", () => {
  const error = assertThrows(() => readConfig({ FLY_REGION: "iad" }), ConfigError);
  assertStringIncludes(error.message, "TWILIO_AUTH_TOKEN");
});

test("secrets stay out of the error", () => {
  const error = assertThrows(
    () => readConfig({ OPENAI_API_KEY: "sk-secret", TWILIO_ACCOUNT_SID: "nope" }),
    ConfigError,
  );
  assertNotMatch(error.message, /sk-secret/);
});

test("an empty greeting means none, an empty anything else means the default", () => {
  assertEquals(readConfig({ EARSHOT_GREETING: "" }).EARSHOT_GREETING, "");
  assertEquals(readConfig({ PORT: " " }).PORT, 8080);
});

test("the caller's words are asked for by the name of a model, and not by a yes", () => {
  assertEquals(readConfig({}).EARSHOT_TRANSCRIBE, "off");
  for (const name of ["off", "gpt-realtime-whisper", "gpt-4o-transcribe", "org/model:v2.1"]) {
    assertEquals(readConfig({ EARSHOT_TRANSCRIBE: ` ${name} ` }).EARSHOT_TRANSCRIBE, name);
  }
  assertEquals(readConfig({ EARSHOT_TRANSCRIBE: "OFF" }).call.transcription, null);
  for (const value of ["on", "true", "YES", "1", "false", "None", "a model", "x".repeat(129)]) {
    const error = assertThrows(() => readConfig({ EARSHOT_TRANSCRIBE: value }), ConfigError);
    assertStringIncludes(error.message, "wants off, or the name of a model");
  }
});

test("a call's settings bear their names from the environment down, and nothing else", () => {
  const { call } = readConfig({
    EARSHOT_BARGE_IN_MS: "650",
    EARSHOT_TRANSCRIBE: "gpt-realtime-whisper",
    EARSHOT_MAX_CALLS: "7",
  });
  assertEquals(call.bargeInMs, 650);
  assertEquals(call.transcription, { model: "gpt-realtime-whisper" });
  assertEquals(Object.keys(call).filter((name) => !/^[a-z]+([A-Z][a-z]+)*$/.test(name)), []);
  assertEquals("maxCalls" in call || "transcribe" in call, false);
  assertEquals(Object.isFrozen(call), true);
});

test("what would make nonsense of every call is refused by name", () => {
  for (
    const [name, value] of [
      // At 0 the click of a noisy line was a voice.
      ["EARSHOT_GATE_MS", "0"],
      // Twilio streams to wss: alone.
      ["PUBLIC_URL", "http://voice.example"],
      ["EARSHOT_HOSTS", "voice.example:8080"],
      ["EARSHOT_HOSTS", "a, ,b"],
      ["EARSHOT_OPEN_PAGE", "yes"],
      ["EARSHOT_MAX_MESSAGE_BYTES", "1000"],
      ["EARSHOT_NEW_CALLS_PER_SECOND", "0"],
    ] as const
  ) {
    const error = assertThrows(() => readConfig({ [name]: value }), ConfigError);
    assertStringIncludes(error.message, `${name} is `);
  }
  assertEquals(
    readConfig({ PUBLIC_URL: "http://localhost:8080" }).PUBLIC_URL,
    "http://localhost:8080",
  );
  assertEquals(readConfig({ EARSHOT_HOSTS: "A.internal, b" }).EARSHOT_HOSTS, ["a.internal", "b"]);
});

test("a URL's password and query stay out of the error", () => {
  const OPENAI_REALTIME_URL = "ws://me:hidden@voice.example/v1?key=hidden";
  const error = assertThrows(() => readConfig({ OPENAI_REALTIME_URL }), ConfigError);
  assertNotMatch(error.message, /hidden/);
});

test("where the others reach this instance: the setting, on Fly its private name, or nowhere", () => {
  const fly = {
    FLY_REGION: "iad",
    FLY_MACHINE_ID: "148e",
    FLY_APP_NAME: "voice",
    PORT: "9000",
    TWILIO_AUTH_TOKEN: "t",
  };
  assertEquals(readConfig({}).instanceUrl, null);
  assertEquals(readConfig(fly).instanceUrl, "http://148e.vm.voice.internal:9000");
  const own = { ...fly, EARSHOT_INSTANCE_URL: "http://10.0.0.5:8080" };
  assertEquals(readConfig(own).instanceUrl, "http://10.0.0.5:8080");
});

test("a secret that is short, and an address that is none, are refused, the secret unseen", () => {
  for (
    const [name, value, words] of [
      ["EARSHOT_SECRET", "too short", /EARSHOT_SECRET is \[redacted\]: wants at least 16/],
      ["EARSHOT_INSTANCE_URL", "10.0.0.5:8080", /wants a URL that begins with http/],
      ["EARSHOT_INSTANCE_URL", "http://a/path", /wants an origin without a path/],
      ["EARSHOT_INSTANCE_URL", `http://${"a".repeat(200)}`, /wants at most 200 characters/],
      ["EARSHOT_MOVE_MS", "-1", /wants a whole number from 0 to 600000/],
      ["EARSHOT_RESUME_MS", "0", /wants a whole number from 1000 to 600000/],
    ] as const
  ) {
    const error = assertThrows(() => readConfig({ [name]: value }), ConfigError);
    assertMatch(error.message, words);
  }
});
