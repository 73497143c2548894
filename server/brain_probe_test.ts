import test from "node:test";
import { assertEquals } from "@std/assert";
import { BrainProbe } from "./brain_probe.ts";

/** A probe over brains that answer as they are told, and a clock that is turned by hand. */
function probing(answers: Record<string, string | null>) {
  const clock = { nowMs: 0 };
  const asked: string[] = [];
  const probe = new BrainProbe(
    Object.keys(answers),
    (url) => {
      asked.push(url);
      return Promise.resolve(answers[url]!);
    },
    () => clock.nowMs,
  );
  const lookAt = async (ms: number) => {
    clock.nowMs = ms;
    probe.look();
    await new Promise((resolve) => setTimeout(resolve, 0));
    return probe.unreachable;
  };
  return { probe, asked, answers, lookAt };
}

test("BrainProbe: one failed look is borne, the second one counts, and the first answer ends it", async () => {
  const { lookAt, answers } = probing({ a: "http_503" });
  assertEquals(await lookAt(0), null);
  assertEquals(await lookAt(5000), "http_503");
  answers.a = null;
  assertEquals(await lookAt(9999), "http_503", "too early to look again");
  assertEquals(await lookAt(10_000), null);
  answers.a = "timeout";
  assertEquals(await lookAt(15_000), null);
});

test("BrainProbe: however often it is asked, it looks once in five seconds", async () => {
  const { lookAt, asked } = probing({ a: null });
  for (let ms = 0; ms < 20_000; ms += 100) await lookAt(ms);
  assertEquals(asked.length, 4);
});

test("BrainProbe: one brain that answers is enough, and the first one's code is told", async () => {
  const { lookAt, answers } = probing({ a: "ECONNREFUSED", b: null });
  for (let ms = 0; ms < 20_000; ms += 5000) assertEquals(await lookAt(ms), null);
  answers.b = "http_500";
  assertEquals([await lookAt(20_000), await lookAt(25_000)], [null, "ECONNREFUSED"]);
});

test("BrainProbe: without a brain elsewhere there is nothing to reach", async () => {
  const { lookAt } = probing({});
  assertEquals([await lookAt(0), await lookAt(5000)], [null, null]);
});
