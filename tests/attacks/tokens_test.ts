/**
 * Tokens and signatures against the binary: replayed, expired, of another call, and forged.
 *
 * @module
 */

import { after, before, describe, it } from "node:test";
import { assertEquals, assertMatch } from "@std/assert";
import { twilioSignature } from "../../cli/phone/signature.ts";
import { StreamTokens } from "../../server/stream_tokens.ts";
import { clientSecret } from "../calls/browser.ts";
import { untilNoCalls } from "../calls/live_calls.ts";
import { startServer, type TestServer } from "../server.ts";
import { openSocket, upgradeStatus } from "./raw.ts";
import { duringCall } from "./witness.ts";

const AUTH_TOKEN = "the auth token of the account";
const CALL = "CA0123456789abcdef0123456789abcdef";
const OTHER = "CAfedcba9876543210fedcba9876543210";
const SLOW = { timeout: 60_000 };

describe("tokens and signatures, the binary", () => {
  let server: TestServer;
  before(async () => {
    server = await startServer("binary", {
      TWILIO_AUTH_TOKEN: AUTH_TOKEN,
      EARSHOT_ADMIN_TOKEN: "the-admin-token",
      EARSHOT_REALTIME: "on",
    });
  });
  after(() => server.stop());

  const sign = (url: string, form?: Record<string, string>) =>
    twilioSignature(AUTH_TOKEN, url, Object.entries(form ?? {}));

  async function ring(callSid: string, change: (url: string) => Record<string, string>) {
    const form = { CallSid: callSid, From: "+14155550100", To: "+14155550101" };
    const url = `${server.url}/twilio/voice`;
    const headers = change(sign(url, form));
    const answer = await fetch(url, { method: "POST", body: new URLSearchParams(form), headers });
    const text = await answer.text();
    return { status: answer.status, token: /name="token" value="([^"]+)"/.exec(text)?.[1] };
  }

  /** Opens a stream with a good signature, says who it is, and tells how it was closed; null if it was not. */
  async function stream(callSid: string, token: string | undefined) {
    const signature = sign(`ws://${server.host}/twilio/stream`);
    const headers = { "X-Twilio-Signature": signature };
    const { socket, closed } = await openSocket(server, "/twilio/stream", headers);
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
        customParameters: token === undefined ? {} : { token },
      },
    }));
    const heard = new Promise<null>((go) => socket.on("message", () => go(null)));
    const end = await Promise.race([closed, heard]);
    return { end, hangUp: () => socket.close() };
  }

  it("a webhook without Twilio's own signature is refused", async () => {
    const good = await ring(CALL, (signature) => ({ "X-Twilio-Signature": signature }));
    assertEquals(good.status, 200);
    const forms: ((signature: string) => Record<string, string>)[] = [
      () => ({}),
      () => ({ "X-Twilio-Signature": "" }),
      (s) => ({ "X-Twilio-Signature": s.slice(0, -4) }),
      (s) => ({ "X-Twilio-Signature": s.toLowerCase() }),
      () => ({
        "X-Twilio-Signature": twilioSignature("another token", `${server.url}/twilio/voice`),
      }),
      // Right for the URL alone, without the form.
      () => ({ "X-Twilio-Signature": sign(`${server.url}/twilio/voice`) }),
    ];
    for (const form of forms) assertEquals((await ring(OTHER, form)).status, 403);
  });

  it("a stream's upgrade without Twilio's own signature is refused before it is granted", async () => {
    const other = sign(`ws://${server.host}/twilio/voice`);
    for (const signature of [undefined, "", "AAAA", other, sign("ws://elsewhere/twilio/stream")]) {
      const headers: Record<string, string> = {};
      if (signature !== undefined) headers["X-Twilio-Signature"] = signature;
      assertEquals(await upgradeStatus(server, "/twilio/stream", headers), 403);
    }
  });

  it("a stream token is good for one stream of one call, for a minute", SLOW, async () => {
    const { token } = await ring(CALL, (signature) => ({ "X-Twilio-Signature": signature }));
    const crossed = await stream(OTHER, token);
    assertEquals(crossed.end, { code: 1008, reason: "the token is not for this call" });
    const first = await stream(CALL, token);
    assertEquals(first.end, null);
    assertEquals((await stream(CALL, token)).end?.code, 1008);
    first.hangUp();
    await untilNoCalls(server);
    const replayed = await stream(CALL, token);
    assertEquals(replayed.end, { code: 1008, reason: "the token was used before" });
    const minuteAgo = new StreamTokens(AUTH_TOKEN, {}, () => Date.now() - 60_001);
    const expired = await stream(CALL, minuteAgo.issue(CALL));
    assertEquals(expired.end, { code: 1008, reason: "the token is too old" });
    const forged = [
      undefined,
      "",
      "..",
      new StreamTokens("another secret").issue(CALL),
      `9${token!.slice(1)}`,
      token!.slice(0, -1),
      "x".repeat(30_000),
    ];
    for (const one of forged) {
      const { end } = await stream(CALL, one);
      assertEquals(end?.code, 1008);
      assertMatch(end!.reason, /^the token is/);
    }
    await untilNoCalls(server);
  });

  it("a client secret opens one page, until it expires, and nothing else does", SLOW, async () => {
    const admin = { authorization: "Bearer the-admin-token" };
    const secret = () => clientSecret(server.url, admin);
    const dial = (value: string, path = "/browser/stream") =>
      upgradeStatus(server, path, { Authorization: `Bearer ${value}` });
    const once = await secret();
    assertEquals([await dial(once), await dial(once)], [101, 401]);
    const several = await secret();
    assertEquals(
      [await dial(several, "/v1/realtime"), await dial(several, "/v1/realtime")],
      [101, 101],
    );
    const { token } = await ring(OTHER, (signature) => ({ "X-Twilio-Signature": signature }));
    const other = await secret();
    const forged = [
      "ek_",
      `ek_${token}`,
      new StreamTokens(AUTH_TOKEN).issue("client"),
      other.slice(0, -1),
      `ek_9${other.slice(4)}`,
      "sk-any",
    ];
    for (const value of forged) {
      assertEquals(await dial(value), 401, value);
      assertEquals(await dial(value, "/v1/realtime"), 401, value);
    }
    for (const path of ["/browser/stream", "/v1/realtime"]) {
      assertEquals(await upgradeStatus(server, path), 401);
    }
    await untilNoCalls(server);
  });

  it("a secret ends with its time", SLOW, async () => {
    const answer = await fetch(`${server.url}/v1/realtime/client_secrets`, {
      method: "POST",
      headers: { authorization: "Bearer the-admin-token" },
      body: JSON.stringify({ expires_after: { seconds: 10 } }),
    });
    const { value, expires_at: expiresAt } = await answer.json();
    const headers = { Authorization: `Bearer ${value}` };
    assertEquals(await upgradeStatus(server, "/v1/realtime", headers), 101);
    await new Promise((go) => setTimeout(go, expiresAt * 1000 - Date.now() + 20));
    assertEquals(await upgradeStatus(server, "/v1/realtime", headers), 401);
  });

  it("a thousand forged streams, and a call that doesn't notice", SLOW, async () => {
    await duringCall(server, async () => {
      for (let round = 0; round < 50; round++) {
        await Promise.all(
          Array.from(
            { length: 20 },
            () => upgradeStatus(server, "/twilio/stream", { "X-Twilio-Signature": "AAAA" }),
          ),
        );
      }
    }, AUTH_TOKEN);
    await untilNoCalls(server);
  });
});
