import { describe, it } from "node:test";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { loadSpeech } from "../../tests/speech/speech.ts";
import { readLatencyArgs, UsageError } from "./args.ts";
import { makeBars } from "./bars.ts";
import { loadClips } from "./clips.ts";
import { compareEcho } from "./echo_compare.ts";
import { Pace } from "./pace.ts";
import { BIN_MS, Stage } from "./stats.ts";
import { wavToMulaw } from "./wav.ts";

describe("readLatencyArgs", () => {
  it("adds the webhook's path, and keeps plain HTTP at one origin", () => {
    const read = readLatencyArgs(["--url", "http://localhost:9000", "--calls", "3"]);
    assert(read !== "help");
    assertEquals(read.webhookUrl, "http://localhost:9000/twilio/voice");
    assertEquals([read.connectTo, read.calls, read.scenario], ["http://localhost:9000", 3, "talk"]);
  });

  it("signs over the public url while it connects to the other, and follows https as it is", () => {
    const around = readLatencyArgs(
      ["--url", "http://127.0.0.1:8080/voice?x=1", "--public-url", "https://a.example"],
      { TWILIO_AUTH_TOKEN: "t" },
    );
    assert(around !== "help");
    assertEquals(around.webhookUrl, "https://a.example/voice?x=1");
    assertEquals([around.connectTo, around.authToken], ["http://127.0.0.1:8080", "t"]);
    const remote = readLatencyArgs(["--url", "https://a.example"]);
    assert(remote !== "help" && remote.connectTo === undefined);
  });

  it("names the flag and the value that are wrong", () => {
    const wrong: [string[], string][] = [
      [["--calls", "0"], '--calls is "0"'],
      [["--calls", "2.5"], '--calls is "2.5"'],
      [["--duration", "soon"], '--duration is "soon"'],
      [["--rate", ""], '--rate is ""'],
      [["--scenario", "chat"], '--scenario is "chat"'],
      [["--url", "ftp://x"], '--url is "ftp://x"'],
      [["--cals", "1"], "--cals"],
      [["extra"], "extra"],
    ];
    for (const [args, words] of wrong) assertThrows(() => readLatencyArgs(args), UsageError, words);
    assertEquals(readLatencyArgs(["-h"]), "help");
  });
});

describe("compareEcho", () => {
  const said = loadSpeech("question_open").subarray(480, 14400);
  const lead = new Uint8Array(4000).fill(0xff);
  const echo = (bytes: Uint8Array) => new Uint8Array([...lead, ...bytes, ...lead]);
  /** One step louder or softer in each byte: what a decode and encode may do. */
  const rough = (bytes: Uint8Array) => bytes.map((byte, i) => i % 3 === 0 ? byte ^ 1 : byte);

  it("finds all of an exact echo, and all of one that was encoded anew", () => {
    for (const heard of [said, rough(said)]) {
      const { frames, lost } = compareEcho(said, echo(heard), 4000);
      assert(frames > 70);
      assertEquals(lost, 0);
    }
  });

  it("counts frames that were cut out, dropped at the end, or replaced by silence", () => {
    const cut = (bytes: Uint8Array) =>
      new Uint8Array([...bytes.subarray(0, 3200), ...bytes.subarray(3200 + 160 * 4)]);
    const muted = (bytes: Uint8Array) => {
      const copy = bytes.slice();
      copy.fill(0xff, 3200, 3200 + 160 * 4);
      return copy;
    };
    for (const damage of [cut, muted]) {
      assertEquals(compareEcho(said, echo(damage(said)), 4000).lost, 4);
      // By wave form a soft frame more or less may be taken for its neighbour.
      assertAlmostEquals(compareEcho(said, echo(damage(rough(said))), 4000).lost, 4, 1);
    }
  });

  it("calls everything lost when something else came back", () => {
    const { frames, lost } = compareEcho(said, echo(loadSpeech("question_order")), 4000);
    assert(lost > frames * 0.9, `${lost} of ${frames}`);
  });
});

describe("Pace", () => {
  it("is 0 for a burst, and the lag for what comes after the audio before it has run out", () => {
    const pace = new Pace();
    assertEquals(pace.next(1000, 200), null);
    assertEquals(pace.next(1001, 200), 0);
    assertEquals(pace.next(1390, 20), 0);
    assertEquals(pace.next(1425, 20), 5);
    assertEquals(pace.next(5000, 20), null);
    pace.reset();
    assertEquals(pace.next(5010, 20), null);
  });
});

describe("Stage and makeBars", () => {
  it("percentiles are within 0.2 % of the sorted truth", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.01, max: 15_000, noNaN: true }), {
          minLength: 1,
          maxLength: 200,
        }),
        (values) => {
          const stage = new Stage();
          for (const value of values) stage.record(value);
          const sorted = values.toSorted((a, b) => a - b);
          for (const percent of [50, 95, 99]) {
            const truth = sorted[Math.ceil(values.length * percent / 100) - 1]!;
            assertAlmostEquals(stage.percentile(percent), truth, truth * 0.002 + 0.002);
          }
          const { minMs, maxMs, count } = stage.summary()!;
          assertEquals(count, values.length);
          assertAlmostEquals(minMs, sorted[0]!, 0.006);
          assertAlmostEquals(maxMs, sorted.at(-1)!, 0.006);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("bars keep every count, stay within the limit and have one width", () => {
    const bins = fc.uniqueArray(fc.nat(9999), { minLength: 1, maxLength: 60 }).map((at) =>
      at.toSorted((a, b) => a - b).map((bin): [number, number] => [bin * BIN_MS, 1 + bin % 7])
    );
    fc.assert(
      fc.property(bins, (filled) => {
        const bars = makeBars(filled, 16);
        assert(bars.length <= 16);
        const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
        assertEquals(sum(bars.map((bar) => bar.count)), sum(filled.map(([, count]) => count)));
        const width = bars[0]!.toMs - bars[0]!.fromMs;
        assert(bars.every((bar, i) => bar.fromMs === bars[0]!.fromMs + i * width));
      }),
      { numRuns: 200 },
    );
  });

  it("an empty stage has no summary and no bars", () => {
    assertEquals([new Stage().summary(), makeBars([], 16)], [null, []]);
  });
});

describe("wavToMulaw", () => {
  /** A WAV file, with a chunk before the data that has to be skipped. */
  function wav(encoding: number, rateHz: number, channels: number, bits: number, data: Uint8Array) {
    const file = new Uint8Array(58 + data.length);
    const view = new DataView(file.buffer);
    const ascii = (at: number, text: string) => file.set(new TextEncoder().encode(text), at);
    ascii(0, "RIFF");
    ascii(8, "WAVEfmt ");
    view.setUint32(16, 16, true);
    view.setUint16(20, encoding, true);
    view.setUint16(22, channels, true);
    view.setUint32(24, rateHz, true);
    view.setUint16(34, bits, true);
    ascii(36, "LIST");
    view.setUint32(40, 5, true); // odd: one byte of padding follows
    ascii(50, "data");
    view.setUint32(54, data.length, true);
    file.set(data, 58);
    return file;
  }
  const sine = (rateHz: number) =>
    new Uint8Array(
      Int16Array.from({ length: rateHz / 4 }, (_, i) =>
        12_000 * Math.sin(2 * Math.PI * 440 * i / rateHz)).buffer,
    );

  it("reads PCM at every rate to 8 kHz of the same length, and takes µ-law as it is", () => {
    for (const rateHz of [8000, 16000, 24000, 48000]) {
      assertEquals(wavToMulaw(wav(1, rateHz, 1, 16, sine(rateHz))).length, 2000);
    }
    const ulaw = Uint8Array.from({ length: 320 }, (_, i) => i);
    assertEquals(wavToMulaw(wav(7, 8000, 1, 8, ulaw)), ulaw);
  });

  it("refuses what it cannot use, and says what it had", () => {
    const bytes = sine(8000);
    assertThrows(() => wavToMulaw(bytes), SyntaxError, "RIFF");
    assertThrows(() => wavToMulaw(wav(1, 8000, 2, 16, bytes)), RangeError, "2 channels");
    assertThrows(() => wavToMulaw(wav(1, 11025, 1, 16, bytes)), RangeError, "11025 Hz");
    assertThrows(() => wavToMulaw(wav(1, 8000, 1, 24, bytes)), RangeError, "24 bits");
    assertThrows(() => wavToMulaw(wav(1, 8000, 1, 16, bytes).subarray(0, 40)), SyntaxError, "data");
  });
});

it("loadClips knows the edges of the built-in speech", () => {
  const { questions, interruption } = loadClips(undefined);
  assertEquals(questions.length, 3);
  for (const { bytes, startMs, endMs } of [...questions, interruption]) {
    assert(startMs >= 50 && endMs > startMs + 500 && endMs < bytes.length / 8);
  }
});
