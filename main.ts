/**
 * The program: it reads a command, and by default serves.
 *
 * @module
 */

import process from "node:process";
import { createApp } from "./app.ts";
import { type Config, ConfigError, readConfig } from "./config.ts";
import { createDeps } from "./deps.ts";
import { drain } from "./drain.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { configureLog, flushLogs, flushLogsSync, log } from "./telemetry/log.ts";
import { VERSION } from "./version.ts";

const HELP = `earshot ${VERSION}: a realtime AI voice on the phone, in one binary

  earshot              serve; settings come from the environment
  earshot --help       this text
  earshot --version    the version

Settings are listed in README.md. Without any, the embedded echo brain answers, and no key is needed.
`;

/** WebSockets: defaults of the field, see DESIGN and docs/architecture.md. */
const SOCKET_LIMITS = {
  maxMessageBytes: 16 * 1024 * 1024,
  pingSeconds: 5,
  pongTimeoutSeconds: 20,
  maxBufferedBytes: 1024 * 1024,
};

/** Both are literal imports, so that a compiled binary holds both. */
async function pickRuntime(): Promise<Runtime> {
  const { runtime } = "Bun" in globalThis
    ? await import("./runtime/bun.ts")
    : await import("./runtime/deno.ts");
  return runtime;
}

/** Where a person opens the page, and what they should know before they do. */
function greet(config: Config, runtime: Runtime, port: number): void {
  const lines = [
    `earshot ${VERSION} on ${runtime.name} ${runtime.version}, brain: ${config.brain}`,
    `  talk to it:  http://localhost:${port}`,
    `  phone:       POST ${config.PUBLIC_URL ?? `http://localhost:${port}`}/twilio/voice`,
  ];
  if (!config.TWILIO_AUTH_TOKEN) {
    lines.push("  WARNING: TWILIO_AUTH_TOKEN is not set, so the phone routes are open to everyone");
  }
  process.stdout.write(lines.join("\n") + "\n");
}

async function serve(): Promise<number> {
  const config = readConfig(process.env);
  configureLog({ format: config.EARSHOT_LOG, level: "info" });
  const deps = createDeps(config, log("server"));
  const app = createApp(deps);
  const runtime = await pickRuntime();
  const server = await runtime.serve(
    { port: config.PORT, hostname: config.HOST, limits: SOCKET_LIMITS },
    (request, context) => app.fetch(request, context as unknown as Record<string, unknown>),
  );
  deps.telemetry.start();
  greet(config, runtime, server.port);

  // The last net: each call and each socket has one of its own.
  for (const kind of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(kind, (error: unknown) => {
      deps.log.error("Something slipped through", { error });
      flushLogsSync();
    });
  }

  const { promise: told, resolve: tell } = Promise.withResolvers<void>();
  let signals = 0;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      // The second time, somebody means it.
      if (++signals > 1) process.exit(1);
      tell();
    });
  }
  await told;
  await drain(deps);
  deps.telemetry.stop();
  await server.stop();
  await flushLogs();
  return 0;
}

async function main(args: readonly string[]): Promise<number> {
  const [command] = args;
  if (command === undefined) return await serve();
  if (command === "--help" || command === "-h") process.stdout.write(HELP);
  else if (command === "--version" || command === "-v") process.stdout.write(VERSION + "\n");
  else {
    process.stderr.write(`There is no command "${command}".\n\n${HELP}`);
    return 2;
  }
  return 0;
}

try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  const told = error instanceof ConfigError || (error as { code?: string }).code === "EADDRINUSE";
  process.stderr.write(`earshot can't start. ${told ? (error as Error).message : error}\n`);
  process.exit(1);
}
