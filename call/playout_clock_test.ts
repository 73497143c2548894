import test from "node:test";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { PlayoutClock } from "./playout_clock.ts";

fc.configureGlobal({ seed: 20 });

test("what is sent is heard at the speed of sound as it is played, and no further than it was sent", () => {
  const ear = new PlayoutClock();
  assertEquals(ear.heardMs(0), 0);
  ear.sent(500, 1000);
  assertEquals([1000, 1200, 1500, 9000].map((nowMs) => ear.heardMs(nowMs)), [0, 200, 500, 500]);
  ear.sent(900, 1300);
  assertEquals([1300, 1600, 1900, 2000].map((nowMs) => ear.heardMs(nowMs)), [300, 600, 900, 900]);
});

test("after it has run dry it goes on from when something is sent again", () => {
  const ear = new PlayoutClock();
  ear.sent(100, 0);
  ear.sent(200, 1000);
  assertEquals([1000, 1050, 1100, 1500].map((nowMs) => ear.heardMs(nowMs)), [100, 150, 200, 200]);
});

test("a mark proves at least its position, at once", () => {
  const ear = new PlayoutClock();
  ear.sent(1000, 0);
  ear.proven(400, 100);
  assertEquals([ear.heardMs(100), ear.heardMs(300), ear.heardMs(500)], [400, 400, 500]);
});

test("one late mark is jitter; four that agree set the clock back by the least of them", () => {
  const ear = new PlayoutClock();
  ear.roundTripMs = 40;
  ear.sent(2000, 0);
  ear.proven(200, 440); // 200 ms late, beyond the round trip
  assertEquals(ear.heardMs(440), 440);
  ear.proven(400, 640);
  ear.proven(600, 800);
  assertEquals(ear.heardMs(800), 800);
  ear.proven(800, 1000); // 160 ms late
  assertEquals(ear.heardMs(1000), 840);
  // Later marks that come in time take it back, when the late ones are forgotten.
  for (const ms of [1000, 1100, 1200, 1300]) ear.proven(ms, ms + 40);
  assertEquals(ear.heardMs(1340), 1340);
});

test("the round trip alone is no lag", () => {
  const ear = new PlayoutClock();
  ear.roundTripMs = 120;
  ear.sent(3000, 0);
  for (const ms of [200, 400, 600, 800, 1000]) ear.proven(ms, ms + 120);
  assertEquals(ear.heardMs(1200), 1200);
});

test("restart stands where it is told until something is sent, and forgets lag and proof", () => {
  const ear = new PlayoutClock();
  ear.sent(3000, 0);
  for (const ms of [200, 400, 600, 800]) ear.proven(ms, ms + 300);
  ear.restart(700);
  assertEquals([ear.heardMs(1100), ear.heardMs(5000)], [700, 700]);
  ear.sent(1000, 6000);
  assertEquals([6000, 6100, 6300, 7000].map((nowMs) => ear.heardMs(nowMs)), [700, 800, 1000, 1000]);
  ear.restart(0);
  assertEquals(ear.heardMs(9000), 0);
});

test("marks of before a restart don't move a clock that stands", () => {
  const ear = new PlayoutClock();
  ear.sent(1000, 0);
  ear.restart(300);
  assertEquals(ear.heardMs(400), 300);
});

test("in any order of sends and marks: never past what was sent, never before what is proven", () => {
  const step = fc.record({
    ms: fc.nat(400),
    what: fc.constantFrom("send", "send", "mark", "late mark", "restart"),
    amount: fc.nat(500),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(200), (steps, roundTripMs) => {
      const ear = new PlayoutClock();
      ear.roundTripMs = roundTripMs;
      let nowMs = 0, sentMs = 0, provenMs = 0;
      for (const { ms, what, amount } of steps) {
        nowMs += ms;
        if (what === "send") ear.sent(sentMs += amount, nowMs);
        else if (what === "restart") {
          sentMs = provenMs = ear.heardMs(nowMs);
          ear.restart(sentMs);
        } else {
          const positionMs = Math.min(sentMs, provenMs + amount);
          ear.proven(positionMs, nowMs + (what === "mark" ? 0 : amount));
          provenMs = Math.max(provenMs, positionMs);
        }
        const heardMs = ear.heardMs(nowMs);
        assert(heardMs <= sentMs && heardMs >= provenMs, `${provenMs} ${heardMs} ${sentMs}`);
      }
    }),
    { numRuns: 500 },
  );
});
