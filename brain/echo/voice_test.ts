import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import test from "node:test";
import { chime, renderTune, spokenMs, spokenTones, type Tune } from "./voice.ts";

function render(tune: Tune, rate: number, stepSamples: number): Int16Array {
  const out = new Int16Array(Math.round((tune.lengthMs * rate) / 1000));
  for (let at = 0; at < out.length; at += stepSamples) {
    renderTune(tune, at, rate, out.subarray(at, at + stepSamples));
  }
  return out;
}

for (
  const [name, tune] of [["chime", chime()], [
    "tones",
    spokenTones("Some soft words", 60, 12_000),
  ]] as const
) {
  test(`${name}: the same sound whether rendered whole or in pieces`, () => {
    assertEquals(render(tune, 8000, 100_000), render(tune, 8000, 333));
  });

  test(`${name}: audible, far from clipping, silent at both ends`, () => {
    const pcm = render(tune, 24000, 4800);
    const peak = pcm.reduce((max, sample) => Math.max(max, Math.abs(sample)), 0);
    assertGreater(peak, 3000);
    assertLess(peak, 20_000);
    assertLess(Math.abs(pcm[0]!), 50);
    assertLess(Math.abs(pcm.at(-1)!), 200);
  });

  test(`${name}: no step between samples that would click`, () => {
    const pcm = render(tune, 24000, 4800);
    // The steepest a sine of 784 Hz gets at these gains is about 4000 a sample for three notes.
    for (let i = 1; i < pcm.length; i++) assert(Math.abs(pcm[i]! - pcm[i - 1]!) < 4000);
  });
}

test("the chime lasts 600 ms", () => assertEquals(chime().lengthMs, 600));

test("spokenMs follows the text between its bounds", () => {
  assertEquals(spokenMs("", 60, 12_000), 300);
  assertEquals(spokenMs("1234567890", 60, 12_000), 600);
  assertEquals(spokenMs("x".repeat(1000), 60, 12_000), 12_000);
});

test("the same text sounds the same, another text differs", () => {
  const sound = (text: string) => [...render(spokenTones(text, 60, 12_000), 8000, 1000)].join();
  assertEquals(sound("hello"), sound("hello"));
  assert(sound("hello") !== sound("hullo"));
});
