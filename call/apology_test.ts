import test from "node:test";
import { assert, assertEquals } from "@std/assert";
import { encodeBase64 } from "../media/base64.ts";
import { bytesPerMs, PCM_24K, PCMA, PCMU } from "../media/format.ts";
import { levelDbfsOfMulaw } from "../media/level.ts";
import { apologyIn } from "./apology.ts";
import { decodeInto } from "./transcoder.ts";

test("the apology is canonical base64 that can be forwarded as it is", () => {
  for (const format of [PCMU, PCMA, PCM_24K]) {
    const text = apologyIn(format);
    assertEquals(encodeBase64(Uint8Array.fromBase64(text)), text);
  }
});

test("the apology lasts a few seconds, the same in every format, and is no silence", () => {
  const mulaw = Uint8Array.fromBase64(apologyIn(PCMU));
  const ms = mulaw.length / bytesPerMs(PCMU);
  assert(ms > 2000 && ms < 8000, `${ms} ms`);
  const levelDbfs = levelDbfsOfMulaw(mulaw);
  assert(levelDbfs > -30 && levelDbfs < -6, `${levelDbfs} dBFS`);
  for (const format of [PCMA, PCM_24K]) {
    const bytes = Uint8Array.fromBase64(apologyIn(format));
    assert(Math.abs(bytes.length / bytesPerMs(format) - ms) < 10);
    const samples = new Int16Array(bytes.length);
    const count = decodeInto(format, bytes, samples);
    let loudest = 0;
    for (let i = 0; i < count; i++) loudest = Math.max(loudest, Math.abs(samples[i]!));
    assert(loudest > 8000 && loudest < 32767, `${loudest}`);
  }
});
