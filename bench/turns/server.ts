/**
 * The server under test and the callers in it.
 *
 * @module
 */

import { existsSync } from "node:fs";
import process from "node:process";
import { Phone, type PhoneOptions } from "../../cli/phone/phone.ts";
import { startServer, type TestServer } from "../../tests/server.ts";
import { Line, type LineSettings } from "./line.ts";

/** Starts the compiled binary; `EARSHOT_TEST_BINARY` names another than `dist/earshot`. */
export async function startBenchServer(env: Record<string, string>): Promise<TestServer> {
  const binary = process.env.EARSHOT_TEST_BINARY || "dist/earshot";
  if (!existsSync(binary)) throw new Error(`${binary} is not there: deno task build makes it`);
  return await startServer("binary", { EARSHOT_LOG: "off", EARSHOT_MAX_CALLS: "500", ...env });
}

/**
 * Settings for a brain at `url`. The strict brain takes each session for a call of its own, so that one
 * which stands late is waited for here.
 */
export function talksTo(url: string): Record<string, string> {
  return {
    OPENAI_REALTIME_URL: url,
    OPENAI_API_KEY: "sk-bench",
    EARSHOT_CONNECT_TIMEOUT_MS: "9000",
  };
}

/** A caller with a line of their own, in a call. */
export async function call(
  server: TestServer,
  line: LineSettings,
  options: Partial<PhoneOptions> = {},
): Promise<{ phone: Phone; line: Line }> {
  const made = new Line(line);
  const phone = new Phone({
    webhookUrl: `${server.url}/twilio/voice`,
    fillFrame: made.fillFrame,
    ...options,
  });
  made.attach({
    now: () => phone.now(),
    press: (digit) => phone.press(digit),
    startedAtMs: () => phone.stream.startedAtMs,
    heard: (fromMs, toMs) => phone.heard(fromMs, toMs),
  });
  if (await phone.dial() !== "streaming") {
    throw new Error(`The call came to nothing: ${phone.describe()}`);
  }
  return { phone, line: made };
}

/** A counter or gauge of `/metrics`, summed over its labels. */
export async function metric(server: TestServer, name: string): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  let sum = 0;
  for (const line of text.split("\n")) {
    if (line.startsWith(name) && /[ {]/.test(line[name.length] ?? "")) {
      sum += Number(line.slice(line.lastIndexOf(" ") + 1));
    }
  }
  return sum;
}

export const sleep = (ms: number) => new Promise<void>((go) => setTimeout(go, ms));
