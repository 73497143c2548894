/**
 * The program: it reads a command, and by default serves.
 *
 * @module
 */

import process from "node:process";
import { createApp } from "./app.ts";
import { type Config, ConfigError, readConfig, secretsOf } from "./config.ts";
import { createServices } from "./server/services.ts";
import { drain } from "./server/drain.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { configureLog, flushLogs, flushLogsSync, log } from "./telemetry/log.ts";
import { hideSecrets } from "./telemetry/redact.ts";
import { VERSION } from "./version.ts";

/** WebSockets: defaults of the field, see docs/architecture.md. */
const SOCKET_LIMITS = {
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
  hideSecrets(secretsOf(config));
  configureLog({ format: config.EARSHOT_LOG, level: "info" });
  const deps = createServices(config, log("server"));
  const app = createApp(deps);
  const runtime = await pickRuntime();
  const server = await runtime.serve(
    {
      port: config.PORT,
      hostname: config.HOST,
      limits: { ...SOCKET_LIMITS, maxMessageBytes: config.EARSHOT_MAX_MESSAGE_BYTES },
    },
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
  // Streams that never end by themselves would keep the server from stopping.
  deps.events.close();
  deps.handovers.close();
  deps.telemetry.stop();
  await server.stop();
  await flushLogs();
  return 0;
}

interface Command {
  readonly summary: string;
  /** @returns The exit code. */
  run(args: readonly string[]): Promise<number>;
}

/** What serving does not need is loaded by the command that does. */
const COMMANDS: Readonly<Record<string, Command>> = {
  "serve": {
    summary: "serve, which is also what earshot does without a command",
    async run([first]) {
      if (first === "--help" || first === "-h") process.stdout.write(help());
      else return first === undefined ? await serve() : refuse("serve", first);
      return 0;
    },
  },
  "latency-test": {
    summary: "phone a server many times at once, and measure what its callers hear",
    async run(args) {
      const { runLatencyTest } = await import("./cli/latency/command.ts");
      return await runLatencyTest(args, process);
    },
  },
  "doctor": {
    summary: "look at what makes calls slow: settings, brain, Twilio, the way in, this machine",
    async run(args) {
      const { runDoctor } = await import("./cli/doctor/command.ts");
      const { stdout, stderr, env } = process;
      return await runDoctor(args, { stdout, stderr, env, runtime: await pickRuntime() });
    },
  },
};

function help(): string {
  const rows = Object.entries(COMMANDS).map(([name, { summary }]) => [name, summary]);
  rows.push(["--help", "this text; a command's own after it"], ["--version", "the version"]);
  const lines = rows.map(([name, summary]) => `  earshot ${name!.padEnd(13)} ${summary}\n`);
  return `earshot ${VERSION}: a realtime AI voice on the phone, in one binary\n\n${lines.join("")}
Settings come from the environment, and README.md lists them. Without any, the embedded echo brain
answers, and no key is needed.
`;
}

function refuse(command: string, arg: string): number {
  const what = arg.startsWith("-") ? "flag" : "argument";
  process.stderr.write(`earshot ${command} has no ${what} "${arg}".\n\n${help()}`);
  return 2;
}

async function main([first, ...rest]: readonly string[]): Promise<number> {
  if (first === undefined) return await serve();
  if (first === "--help" || first === "-h") process.stdout.write(help());
  else if (first === "--version" || first === "-v") process.stdout.write(VERSION + "\n");
  else if (Object.hasOwn(COMMANDS, first)) {
    // `earshot doctor | head` stops reading early, which is no failure.
    if (first !== "serve") process.stdout.on("error", () => process.exit(0));
    return await COMMANDS[first]!.run(rest);
  } else {
    const what = first.startsWith("-") ? "flag" : "command";
    process.stderr.write(`earshot has no ${what} "${first}".\n\n${help()}`);
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
