/**
 * A caller whose audio ends with the last word, on both legs and in both kinds of turns: the silence
 * that ends the turn is made up by the leg, and it may have to be long.
 *
 * @module
 */

import test from "node:test";
import { readFileSync } from "node:fs";
import { assert } from "@std/assert";
import { decodeMulawInto } from "../media/mulaw.ts";
import { type TestApp, testApp, type TestSocket } from "./test_app.ts";

const QUESTION = readFileSync(new URL("../tests/speech/question_open.ulaw", import.meta.url));
const FRAME_BYTES = 160;
/** The silence itself, what it takes to miss the audio, and a loaded machine. */
const LIMIT_MS = 6000;

const wait = (ms: number) => new Promise((go) => setTimeout(go, ms));

/** The question's frames, and not one after them. */
function* frames(): Generator<Uint8Array> {
  for (let at = 0; at + FRAME_BYTES <= QUESTION.length; at += FRAME_BYTES) {
    yield QUESTION.subarray(at, at + FRAME_BYTES);
  }
}

const LEGS = {
  async twilio(all: TestApp): Promise<TestSocket> {
    const [, socket] = await all.dial("/twilio/stream");
    const streamSid = "MZ1";
    socket!.open().say({
      event: "start",
      streamSid,
      start: {
        accountSid: "AC1",
        callSid: "CA1",
        mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
      },
    });
    let atMs = 0;
    for (const frame of frames()) {
      const payload = frame.toBase64();
      socket!.say({
        event: "media",
        streamSid,
        media: { track: "inbound", timestamp: String(atMs), payload },
      });
      atMs += 20;
    }
    return socket!;
  },
  async browser(all: TestApp): Promise<TestSocket> {
    const [, socket] = await all.dial("/browser/stream?rate=8000");
    socket!.open();
    const pcm = new Int16Array(FRAME_BYTES);
    for (const frame of frames()) {
      decodeMulawInto(frame, pcm);
      socket!.handlers.binary(new Uint8Array(pcm.buffer));
    }
    return socket!;
  },
};

/** Whether sound came for the caller. */
function answered(socket: TestSocket): boolean {
  return socket.sent.some((data) => typeof data !== "string" || data.includes('"media"'));
}

for (const leg of ["twilio", "browser"] as const) {
  for (const turns of ["server", "local"]) {
    test(`${leg}, ${turns} turns: 2 s of silence end a turn after which nothing is sent`, async () => {
      const all = testApp({ EARSHOT_TURNS: turns, EARSHOT_SILENCE_MS: "2000" });
      try {
        const socket = await LEGS[leg](all);
        const fromMs = performance.now();
        while (!answered(socket) && performance.now() - fromMs < LIMIT_MS) await wait(20);
        assert(answered(socket), `no answer within ${LIMIT_MS} ms`);
      } finally {
        all.end();
      }
    });
  }
}
