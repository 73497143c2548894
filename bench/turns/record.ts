/**
 * Makes the recordings in `tests/recordings/`: real calls against the binary, each with one thing that
 * can happen between people who talk. Run it again when the machine's words change on purpose.
 *
 * Run: `deno run -A bench/turns/record.ts`
 *
 * @module
 */

import { Phone } from "../../cli/phone/phone.ts";
import { BrowserClient } from "../../tests/calls/browser.ts";
import { answer, startScriptedBrain } from "../../tests/scripted_brain.ts";
import { startServer, type TestServer } from "../../tests/server.ts";
import { loadSpeech } from "../../tests/speech/speech.ts";

const OUT = "tests/recordings";
const sleep = (ms: number) => new Promise<void>((go) => setTimeout(go, ms));

type Scene = (server: TestServer) => Promise<void>;

async function phoneOf(server: TestServer): Promise<Phone> {
  const phone = new Phone({ webhookUrl: `${server.url}/twilio/voice` });
  await phone.dial();
  await phone.waitForAudio(5000, phone.times.streamStartedAtMs);
  await phone.waitForSilence(300);
  return phone;
}

/** Plays a scene against a server of its own, and keeps what it recorded. */
async function record(name: string, env: Record<string, string>, scene: Scene): Promise<void> {
  const folder = await Deno.makeTempDir();
  const server = await startServer("binary", { EARSHOT_RECORD_DIR: folder, ...env });
  try {
    await scene(server);
    await sleep(500);
  } finally {
    await server.stop();
  }
  const [entry] = [...Deno.readDirSync(folder)];
  if (!entry) throw new Error(`${name} recorded nothing`);
  await Deno.mkdir(OUT, { recursive: true });
  await Deno.copyFile(`${folder}/${entry.name}`, `${OUT}/${name}.jsonl`);
  await Deno.remove(folder, { recursive: true });
  const lines = (await Deno.readTextFile(`${OUT}/${name}.jsonl`)).split("\n").length - 1;
  console.log(`${name}: ${lines} lines`);
}

await record("question", {}, async (server) => {
  const phone = await phoneOf(server);
  const said = await phone.say(loadSpeech("question_order"));
  await phone.waitForAudio(5000, said.lastFrameAtMs);
  await phone.waitForSilence(500);
  await phone.hangUp();
});

await record("barge_in", {}, async (server) => {
  const phone = await phoneOf(server);
  const asked = await phone.say(loadSpeech("booking_pause"));
  await phone.waitForAudio(5000, asked.lastFrameAtMs);
  await sleep(900);
  const broke = await phone.say(loadSpeech("question_hear"));
  await phone.waitForAudio(5000, broke.lastFrameAtMs);
  await phone.waitForSilence(500);
  await phone.hangUp();
});

await record("false_alarm", {}, async (server) => {
  const phone = await phoneOf(server);
  const asked = await phone.say(loadSpeech("booking_pause"));
  await phone.waitForAudio(5000, asked.lastFrameAtMs);
  await sleep(900);
  await phone.say(loadSpeech("cough"));
  await phone.waitForSilence(1500, 20_000);
  await phone.hangUp();
});

const EARLY = { EARSHOT_TURNS: "local", EARSHOT_SILENCE_MS: "1000", EARSHOT_SPECULATE_MS: "250" };
await record("early_answer_taken_back", EARLY, async (server) => {
  const phone = await phoneOf(server);
  const said = await phone.say(loadSpeech("booking_pause"));
  await phone.waitForAudio(5000, said.lastFrameAtMs);
  await phone.waitForSilence(500, 20_000);
  await phone.hangUp();
});

await record("typed_and_hung_up_by_the_agent", {}, async (server) => {
  const browser = new BrowserClient(`ws://${server.host}/browser/stream?rate=16000`);
  await browser.opened();
  await browser.until((news) => news.type === "ready");
  browser.send({ type: "text", text: "Are you there?" });
  await browser.until((news) => news.type === "turn");
  browser.send({ type: "text", text: "/hang_up {}" });
  await browser.until((news) => news.type === "bye");
});

await record("silence", { EARSHOT_SILENCE_PROMPT_MS: "1500" }, async (server) => {
  const phone = await phoneOf(server);
  await phone.ended;
});

const dying = await startScriptedBrain({
  onEvent(event, session) {
    if (event.type !== "response.create") return;
    answer(session, 1, loadSpeech("question_open"));
    setTimeout(() => session.close(1011), 400);
  },
});
const brainUrl = { OPENAI_API_KEY: "k", OPENAI_REALTIME_URL: dying.url };
await record("brain_dies", brainUrl, async (server) => {
  const phone = new Phone({ webhookUrl: `${server.url}/twilio/voice` });
  await phone.dial();
  await phone.ended;
});
await dying.close();
