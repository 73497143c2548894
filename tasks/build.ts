/**
 * Compiles `dist/earshot` with the Bun that the lock file pins.
 *
 * @module
 */

/** The pinned Bun's executable, placed there by `deno install`. */
export const BUN = "node_modules/bun/bin/bun.exe";

/** What the binary is made of; anything newer than it means that it is stale. */
const SOURCES = [
  "main.ts",
  "app.ts",
  "config.ts",
  "version.ts",
  "deno.json",
  "deno.lock",
  "routes",
  "server",
  "call",
  "legs",
  "brain",
  "vad",
  "media",
  "telemetry",
  "runtime",
  "web",
  "cli",
];

export const BINARY = "dist/earshot";

function newest(path: string): number {
  const info = Deno.statSync(path);
  if (!info.isDirectory) return info.mtime?.getTime() ?? 0;
  let latest = 0;
  for (const entry of Deno.readDirSync(path)) {
    latest = Math.max(latest, newest(`${path}/${entry.name}`));
  }
  return latest;
}

/** Whether the binary is missing, or older than its source. */
export function isStale(): boolean {
  try {
    const built = Deno.statSync(BINARY).mtime?.getTime() ?? 0;
    return SOURCES.some((path) => newest(path) > built);
  } catch {
    return true;
  }
}

/**
 * Builds the binary. `.env` and `bunfig.toml` of the working directory stay out of it, and it is
 * never stripped: that would leave a bare Bun.
 *
 * @param target A Bun target such as `bun-linux-arm64`; this machine's own when left out.
 */
export async function build(target?: string): Promise<void> {
  const { code } = await new Deno.Command(BUN, {
    args: [
      "build",
      "--compile",
      "--minify",
      "--sourcemap",
      "--no-compile-autoload-dotenv",
      "--no-compile-autoload-bunfig",
      ...(target ? [`--target=${target}`] : []),
      "main.ts",
      "--outfile",
      BINARY,
    ],
  }).output().then((output) => {
    if (!output.success) Deno.stderr.writeSync(output.stderr);
    return output;
  });
  if (code !== 0) throw new Error(`bun build ended with ${code}`);
}

if (import.meta.main) {
  await build(Deno.args[0]);
  const { size } = Deno.statSync(BINARY);
  console.log(`${BINARY}: ${(size / 1e6).toFixed(1)} MB`);
}
