import test from "node:test";
import process from "node:process";
import { spawn } from "node:child_process";
import { assert, assertEquals, assertFalse, assertStringIncludes, assertThrows } from "@std/assert";
import { configureLog, log, type LogFormat } from "./log.ts";
import { jsonLine, prettyLine } from "./log_format.ts";
import { LineOutput } from "./log_output.ts";

/** An output that keeps the lines. */
function kept(): { output: LineOutput; text: () => Promise<string> } {
  let text = "";
  const output = new LineOutput((bytes) => {
    text += new TextDecoder().decode(bytes);
    return Promise.resolve(bytes.length);
  });
  return { output, text: () => output.flush().then(() => text) };
}

test("log writes one JSON line an event, with the fields beside the sentence", async () => {
  const { output, text } = kept();
  configureLog({ format: "json", level: "info" }, output);
  log("call").info("A call began", { callId: "CA1", kind: "twilio", rateHz: 8000 });
  log("brain").warn("The brain is slow");
  const lines = (await text()).trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.length, 2);
  assert(!Number.isNaN(Date.parse(lines[0].time)));
  delete lines[0].time;
  assertEquals(lines[0], {
    level: "info",
    category: "call",
    message: "A call began",
    callId: "CA1",
    kind: "twilio",
    rateHz: 8000,
  });
  assertEquals([lines[1].level, lines[1].category], ["warn", "brain"]);
});

test("log: secrets do not get out by name, within a message, or by a placeholder", async () => {
  for (const format of ["json", "pretty"] as LogFormat[]) {
    const { output, text } = kept();
    configureLog({ format, level: "debug" }, output);
    log("brain").error("Refused {token} of {a.token}", {
      token: "tok-123",
      a: { token: "tok-123", transcript: "hello there" },
      error: new Error("bad key sk-tok-123456"),
    });
    const line = await text();
    assertFalse(line.includes("tok-123"), line);
    assertFalse(line.includes("hello there"), line);
    assertStringIncludes(line, "[redacted]");
  }
});

test("log keeps to its level, and off is silent", async () => {
  const { output, text } = kept();
  configureLog({ format: "json", level: "warn" }, output);
  log("x").debug("no");
  log("x").info("no");
  log("x").warn("yes");
  log("x").error("yes");
  configureLog({ format: "off", level: "debug" }, output);
  log("x").error("no");
  assertEquals((await text()).match(/"message":"(\w+)"/g)?.length, 2);
});

test("configureLog names the setting that is wrong", () => {
  const bad = (options: unknown) => () => configureLog(options as never);
  assertThrows(bad({ format: "xml", level: "info" }), TypeError, 'format is "xml"');
  assertThrows(bad({ format: "json", level: "loud" }), TypeError, 'level is "loud"');
  assertThrows(bad({ format: "json", level: "toString" }), TypeError, 'level is "toString"');
});

test("a line is one line: fields cannot forge a second, repaint a terminal or replace the level", () => {
  const line = {
    timeMs: 0,
    level: "info",
    category: "call",
    sentence: "Odd\nsentence",
    fields: { a: "x\ny", "b\x1b[31m": "\x1b[2J\u202e", level: "error" },
  } as const;
  for (const text of [jsonLine(line), prettyLine(line, true), prettyLine(line, false)]) {
    assertEquals(text.indexOf("\n"), text.length - 1);
    assertFalse(text.includes("\x1b[2J"));
    assertFalse(text.includes("\u202e") && !text.startsWith("{"));
  }
  assertEquals(JSON.parse(jsonLine(line)).level, "info");
  assertEquals(JSON.parse(jsonLine(line)).field_level, "error");
  assertFalse(prettyLine(line, false).includes("\x1b"));
});

test("LineOutput gathers the lines of one tick into one write, in order", async () => {
  const writes: string[] = [];
  const output = new LineOutput((bytes) => {
    writes.push(new TextDecoder().decode(bytes));
    return Promise.resolve(bytes.length);
  });
  output.push("a\n");
  output.push("b\n");
  assertEquals(writes, [], "nothing is written within the caller's turn");
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(writes, ["a\nb\n"]);
});

test("LineOutput finishes short writes", async () => {
  let text = "";
  const output = new LineOutput((bytes) => {
    text += new TextDecoder().decode(bytes.subarray(0, 3));
    return Promise.resolve(Math.min(3, bytes.length));
  });
  output.push("a longer line\n");
  await output.flush();
  assertEquals(text, "a longer line\n");
});

test("LineOutput: a reader that does not read bounds what waits, and is told what it missed", async () => {
  let release = () => {};
  let text = "";
  const stuck = new Promise<void>((resolve) => release = resolve);
  const output = new LineOutput(
    async (bytes) => {
      await stuck;
      text += new TextDecoder().decode(bytes);
      return bytes.length;
    },
    () => {},
    100,
  );
  const missed: number[] = [];
  output.onDropped = (count) => missed.push(count);
  for (let i = 0; i < 50; i++) output.push("123456789\n");
  assertEquals(output.dropped, 40);
  release();
  await output.flush();
  assertEquals(text.length, 100);
  assertEquals(missed, [40]);
  output.push("room again\n");
  await output.flush();
  assertStringIncludes(text, "room again");
});

test("LineOutput survives a reader that is gone", async () => {
  let tries = 0;
  const output = new LineOutput(() => {
    tries++;
    return Promise.reject(new Error("EPIPE"));
  });
  output.push("a\n");
  await output.flush();
  output.push("b\n");
  await output.flush();
  assertEquals(tries, 2);
});

/** Runs `code` on the runtime that runs this test; standard error is read only after `readAfterMs`. */
function runChild(code: string, readAfterMs: number): Promise<{ err: string; out: string }> {
  const bun = process.versions["bun"] !== undefined;
  const args = bun ? ["-e", code] : ["eval", "--no-check", code];
  const env = { ...process.env, NO_COLOR: "1" };
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env });
  let err = "";
  let out = "";
  child.stdout.on("data", (chunk) => out += chunk);
  setTimeout(() => child.stderr.on("data", (chunk) => err += chunk), readAfterMs);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => resolve({ err, out }));
  });
}

const IMPORT = `import { configureLog, log, flushLogs } from ${
  JSON.stringify(new URL("./log.ts", import.meta.url).href.replace("file://", ""))
}; configureLog({ format: "json", level: "info" }); const l = log("test");`;

test("log: the last words of a process that exits at once are not lost", async () => {
  const { err } = await runChild(`${IMPORT} l.error("Last words", { n: 1 }); process.exit(3);`, 0);
  assertStringIncludes(err, '"message":"Last words"');
});

test("log: a reader that sleeps does not hold up the event loop, and nothing is lost", async () => {
  const { err, out } = await runChild(
    `${IMPORT}
    let worst = 0, last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      worst = Math.max(worst, now - last);
      last = now;
    }, 10);
    for (let i = 0; i < 3000; i++) l.info("A line of a storm", { i, pad: "x".repeat(200) });
    last = performance.now();
    setTimeout(async () => {
      clearInterval(timer);
      console.log(worst);
      await flushLogs();
      process.exit(0);
    }, 500);`,
    900,
  );
  assertEquals(err.trimEnd().split("\n").length, 3000);
  assert(Number(out) > 0 && Number(out) < 250, `the loop was held for ${out} ms`);
});
