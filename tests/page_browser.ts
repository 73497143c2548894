/**
 * What the page's tests stand on: a server to visit, and a headless Chromium whose microphone is a
 * file of speech.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { assertEquals, assertLess } from "@std/assert";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SPEECH = join(ROOT, "tests/speech/browser_question.wav");
const IMAGES = join(ROOT, "docs/images");
const MAX_IMAGE_BYTES = 150_000;
const WIDTHS_PX = [1280, 380];
const WINDOW_HEIGHT_PX = 860;
const SERVER_START_LIMIT_MS = 20_000;
const CHROMIUM_PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Of the server started here; one at `EARSHOT_TEST_URL` wants the same. */
export const ADMIN_TOKEN = "the-token-of-the-page-tests";

const chromiumPath = process.env.CHROMIUM ?? CHROMIUM_PATHS.find((path) => existsSync(path));

/**
 * Why the page can't be tested here, or false. `CHROMIUM` names a browser in an unusual place. In CI
 * nothing is skipped: a missing browser fails there.
 */
export const skip = chromiumPath || process.env.CI
  ? false
  : "there is no Chromium: set CHROMIUM to its path";

export interface TestServer {
  readonly url: string;
  stop(): void;
}

/**
 * Visits `EARSHOT_TEST_URL`, or starts the server from source with the echo brain.
 *
 * @param settings Of a server that is started here; one that wants any is never the other.
 */
async function startServer(settings: Record<string, string> = {}): Promise<TestServer> {
  const url = process.env.EARSHOT_TEST_URL;
  if (url && Object.keys(settings).length === 0) return { url, stop() {} };
  const child = spawn("deno", ["run", "-A", "main.ts"], {
    cwd: ROOT,
    env: {
      ...process.env,
      PORT: "0",
      EARSHOT_BRAIN: "echo",
      EARSHOT_ADMIN_TOKEN: ADMIN_TOKEN,
      EARSHOT_OPEN_PAGE: "1",
      ...settings,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  try {
    return { url: await printedUrl(child), stop: () => void child.kill("SIGKILL") };
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}

/** The address that the server prints when it listens. */
function printedUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    const fail = (why: string) => reject(new Error(`The server ${why}. It said:\n${said}`));
    const timer = setTimeout(() => fail("did not start"), SERVER_START_LIMIT_MS);
    const hear = (bytes: Uint8Array) => {
      said += new TextDecoder().decode(bytes);
      const url = said.match(/http:\/\/localhost:\d+/)?.[0];
      if (!url) return;
      clearTimeout(timer);
      resolve(url);
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    child.on("exit", (code) => {
      clearTimeout(timer);
      fail(`ended with ${code}`);
    });
  });
}

/** What the page counts of its calls; see web/call.js. */
export interface Counters {
  readonly framesSent: number;
  readonly framesDropped: number;
  readonly playedMs: number;
  readonly playedPeak: number;
  readonly marksHeard: number;
  readonly underruns: number;
}

declare global {
  // Set by web/app.js, read inside the browser.
  var earshotPage: { counters: Counters };
}

/** A server, and a Chromium with an empty profile whose microphone asks something every 7 s. */
export class PageLab {
  readonly url: string;
  readonly #server: TestServer;
  readonly #context: BrowserContext;
  readonly #profile: string;

  private constructor(server: TestServer, context: BrowserContext, profile: string) {
    this.url = server.url;
    this.#server = server;
    this.#context = context;
    this.#profile = profile;
  }

  static async open(settings: Record<string, string> = {}): Promise<PageLab> {
    return await PageLab.at(await startServer(settings));
  }

  /** With a server that the test has started itself. */
  static async at(server: TestServer): Promise<PageLab> {
    const profile = mkdtempSync(join(tmpdir(), "earshot-page-"));
    try {
      return new PageLab(server, await startChromium(profile), profile);
    } catch (error) {
      server.stop();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#context.close();
    this.#server.stop();
    rmSync(this.#profile, { recursive: true, force: true });
  }

  /**
   * Opens the page in a new tab and does the work. Then the tab must have had no error, and have
   * asked nothing of another server.
   *
   * @param hash The view, as `#health`.
   * @param prepare Runs before the page is loaded.
   * @param expected Errors that are the point of the test: browsers report each refused request.
   */
  async visit(
    hash: string,
    work: (page: Page) => Promise<void>,
    prepare?: (page: Page) => Promise<unknown>,
    expected?: RegExp,
  ): Promise<void> {
    const page = await this.#context.newPage();
    try {
      const { host } = new URL(this.url);
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(error.message));
      page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) {
          errors.push(`${message.text()} ${message.location().url}`);
        }
      });
      page.on("request", (request) => {
        if (new URL(request.url()).host !== host) errors.push(`asked ${request.url()}`);
      });
      await prepare?.(page);
      await page.goto(`${this.url}/${hash}`);
      await work(page);
      assertEquals(errors.filter((error) => !expected?.test(error)), []);
    } finally {
      await page.close();
    }
  }
}

/**
 * Photographs a view at both widths, light and dark, and checks that nothing runs off its side.
 *
 * @param name With `EARSHOT_SCREENSHOTS=1` the pictures are kept under this name in docs/images;
 *   null for pages whose content was made up by a test.
 */
export async function picture(page: Page, name: string | null): Promise<void> {
  for (const width of WIDTHS_PX) {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.setViewportSize({ width, height: WINDOW_HEIGHT_PX });
      await page.emulateMedia({ colorScheme });
      // The canvases follow a new size in the next frame, the legends in the one after it.
      await page.evaluate(() =>
        new Promise((done) =>
          requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done)))
        )
      );
      const neededPx = await page.evaluate(() => document.documentElement.scrollWidth);
      assertEquals(neededPx, width, `${name ?? page.url()} at ${width} px needs ${neededPx} px`);
      const png = await page.screenshot({ fullPage: true });
      assertLess(png.length, MAX_IMAGE_BYTES);
      if (keepsPictures && name !== null) {
        mkdirSync(IMAGES, { recursive: true });
        writeFileSync(join(IMAGES, `${name}-${width}-${colorScheme}.png`), png);
      }
    }
  }
  await page.setViewportSize({ width: 1280, height: WINDOW_HEIGHT_PX });
}

export const keepsPictures = Boolean(process.env.EARSHOT_SCREENSHOTS);

function startChromium(profile: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath,
    headless: true,
    viewport: { width: 1280, height: WINDOW_HEIGHT_PX },
    args: [
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      `--use-file-for-fake-audio-capture=${SPEECH}`,
    ],
  });
}
