/**
 * The binary with marked secrets, used and abused: none of them is in any answer, page or log line.
 *
 * @module
 */

import { after, before, describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { within } from "../../runtime/within.ts";
import { twilioSignature } from "../../cli/phone/signature.ts";
import { ASSETS } from "../../web/mod.ts";
import { startServer, type TestServer } from "../server.ts";
import { startScriptedBrain } from "../scripted_brain.ts";
import { openSocket, statusOf, upgradeStatus } from "./raw.ts";

const MARK = "MARKEDSECRET";
const OPENAI_KEY = `sk-${MARK}openai0123456789`;
const AUTH_TOKEN = `${MARK}twilio0123456789`;
const ADMIN_TOKEN = `${MARK}admin0123456789`;
const SAID = `${MARK} my card number is 4111`;
const NUMBER = "+14155550177";
const CALL = "CA0123456789abcdef0123456789abcdef";

const sleep = (ms: number) => new Promise<void>((go) => setTimeout(go, ms));

describe("secrets, the binary", () => {
  let server: TestServer;
  let brain: Awaited<ReturnType<typeof startScriptedBrain>>;
  /** All that anybody outside could read. */
  const seen: [where: string, text: string][] = [];

  before(async () => {
    brain = await startScriptedBrain({
      onSession(session) {
        // OpenAI's own words hold the end of the key; others' may hold all of it.
        const message = `Incorrect API key provided: ${OPENAI_KEY}. Bearer ${OPENAI_KEY}`;
        session.send({ type: "error", error: { type: "server_error", code: "x", message } });
        session.send({ type: `odd ${OPENAI_KEY}`, transcript: SAID });
        session.send({
          type: "conversation.item.input_audio_transcription.completed",
          item_id: "item_1",
          content_index: 0,
          transcript: SAID,
        });
      },
    });
    server = await startServer("binary", {
      OPENAI_API_KEY: OPENAI_KEY,
      OPENAI_REALTIME_URL: `${brain.url}?api-key=${OPENAI_KEY}`,
      TWILIO_AUTH_TOKEN: AUTH_TOKEN,
      EARSHOT_ADMIN_TOKEN: ADMIN_TOKEN,
      EARSHOT_INSTRUCTIONS: `${MARK} instructions`,
    });
  });
  after(async () => {
    await server.stop();
    await brain.close();
  });

  async function look(path: string, init: RequestInit = {}): Promise<string> {
    const answer = await fetch(server.url + path, init);
    const headers = JSON.stringify([...answer.headers]);
    const text = await within(3000, answer.text(), () => "");
    seen.push([`${init.method ?? "GET"} ${path}`, headers + text]);
    return text;
  }

  it(
    "are in no answer, no page, no log line and no error, whatever is done",
    { timeout: 60_000 },
    async () => {
      const admin = { authorization: `Bearer ${ADMIN_TOKEN}` };
      const form = { CallSid: CALL, From: NUMBER, To: "+14155550101", SpeechResult: SAID };
      const post = (
        path: string,
        fields: Record<string, string>,
        headers: Record<string, string>,
      ) => look(path, { method: "POST", body: new URLSearchParams(fields), headers });
      const sign = (path: string, fields: Record<string, string>) => ({
        "X-Twilio-Signature": twilioSignature(
          AUTH_TOKEN,
          server.url + path,
          Object.entries(fields),
        ),
      });
      const twiml = await post("/twilio/voice", form, sign("/twilio/voice", form));
      const token = /name="token" value="([^"]+)"/.exec(twiml)![1]!;
      await post("/twilio/voice", form, { "X-Twilio-Signature": AUTH_TOKEN });
      await post("/twilio/voice", { From: NUMBER }, {});
      const error = {
        CallSid: CALL,
        StreamEvent: "stream-error",
        StreamError: `${NUMBER} ${AUTH_TOKEN}`,
      };
      await post("/twilio/status", error, sign("/twilio/status", error));

      const stream = async (callSid: string, token: string) => {
        const signature = twilioSignature(AUTH_TOKEN, `ws://${server.host}/twilio/stream`);
        const { socket } = await openSocket(server, "/twilio/stream", {
          "X-Twilio-Signature": signature,
        });
        socket.on("message", (data) => seen.push(["phone", String(data)]));
        socket.send(JSON.stringify({
          event: "start",
          sequenceNumber: "1",
          streamSid: "MZ1",
          start: {
            accountSid: "AC1",
            streamSid: "MZ1",
            callSid,
            tracks: ["inbound"],
            mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
            customParameters: { token, to: NUMBER },
          },
        }));
        socket.send(SAID);
        socket.send(JSON.stringify({ event: SAID, streamSid: "MZ1" }));
        socket.send(JSON.stringify({ event: "dtmf", streamSid: "MZ1", dtmf: { digit: SAID } }));
        return socket;
      };
      const phones = [await stream(CALL, token), await stream(CALL, `${AUTH_TOKEN}.${token}`)];

      const given = JSON.parse(
        await (await fetch(`${server.url}/v1/realtime/client_secrets`, {
          method: "POST",
          headers: admin,
        })).text(),
      ).value as string;
      const { socket: page } = await openSocket(server, "/browser/stream", {}, [
        "realtime",
        `openai-insecure-api-key.${given}`,
      ]);
      page.on("message", (data, binary) => {
        // What was said is for the one who said it.
        if (!binary) seen.push(["page", String(data).replaceAll(SAID, "")]);
      });
      page.send(JSON.stringify({ type: "text", text: SAID }));
      page.send(`{"type":"${OPENAI_KEY}"`);
      await upgradeStatus(server, `/browser/stream?token=${OPENAI_KEY}`);
      await upgradeStatus(server, "/browser/stream", { Authorization: `Bearer ${ADMIN_TOKEN}x` });
      await statusOf(server, "GET", "/calls", { Authorization: `Bearer ${ADMIN_TOKEN}x` });
      await look("/v1/realtime/client_secrets", { method: "POST", body: `{"a":` });
      await look("/v1/realtime/client_secrets", { method: "POST", headers: admin, body: "{" });
      await sleep(500);
      for (
        const path of [...ASSETS.keys(), "/health", "/ready", "/metrics", "/nothing"]
      ) await look(path);
      await look("/calls");
      await look("/calls", { headers: admin });
      await look(`/calls/${CALL}`, { headers: admin });
      const events = await fetch(`${server.url}/events`, { headers: admin });
      const reader = events.body!.getReader();
      const piece = reader.read().then(({ value }) => new TextDecoder().decode(value));
      seen.push(["/events", await within(3000, piece, () => "")]);
      await reader.cancel();
      for (const phone of phones) phone.close();
      page.close();
      await sleep(300);
      server.signal("SIGTERM");
      assertEquals(await within(10_000, server.exited, () => -1), 0);
      const output = server.output();
      assert(output.includes("A call began"), "there is a log to look at");
      assert(output.includes("A stream was refused"));
      seen.push(["log", output]);
      for (const [where, text] of seen) {
        assert(!text.includes(MARK), `${where}: ${around(text, MARK)}`);
        if (where !== "POST /twilio/voice") {
          assert(!text.includes(NUMBER), `${where}: ${around(text, NUMBER)}`);
        }
        assert(!text.includes(given), `${where} holds a client secret`);
        if (where !== "POST /twilio/voice") {
          assert(
            !text.includes(token),
            `${where} holds a stream token`,
          );
        }
      }
    },
  );

  it("are in no refusal to start, and in nothing that the doctor says", () => {
    const run = (args: string[], env: Record<string, string>) => {
      const settings = {
        OPENAI_API_KEY: OPENAI_KEY,
        TWILIO_AUTH_TOKEN: AUTH_TOKEN,
        EARSHOT_ADMIN_TOKEN: ADMIN_TOKEN,
        ...env,
      };
      const { stdout, stderr } = spawnSync("dist/earshot", args, {
        env: settings,
        timeout: 30_000,
      });
      return String(stdout) + String(stderr);
    };
    const refused = run([], {
      PORT: "eighty",
      OPENAI_REALTIME_URL: `ws://user:${MARK}@voice.example/?api-key=${MARK}`,
    });
    assert(refused.includes("can't start") && refused.includes("OPENAI_REALTIME_URL"), refused);
    assert(!refused.includes(MARK), refused);
    const told = run(["doctor"], {
      OPENAI_REALTIME_URL: `ws://127.0.0.1:9/v1/realtime?api-key=${MARK}`,
      PUBLIC_URL: "http://127.0.0.1:9",
      TWILIO_API_URL: "http://127.0.0.1:9",
      TWILIO_ACCOUNT_SID: `AC${"0".repeat(32)}`,
    });
    assert(told.length > 200, told);
    assert(!told.includes(MARK), told);
  });
});

function around(text: string, what: string): string {
  const at = text.indexOf(what);
  return text.slice(Math.max(0, at - 120), at + 60);
}
