import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Phone } from "./phone.ts";
import { connectTwiml, withServer } from "./test_server.ts";
import { startTwilioApi } from "./test_twilio_api.ts";

describe("Phone and Twilio's REST API", () => {
  const account = { accountSid: "AC1", authToken: "secret" };

  it("signs the webhook over its public name, dials elsewhere, and signs the upgrade", () =>
    withServer({
      webhook: () =>
        `<Response><Connect><Stream url="wss://public.example/stream"/></Connect></Response>`,
    }, async (origin, server) => {
      const phone = new Phone({
        webhookUrl: "https://public.example/voice?x=1",
        connectTo: origin,
        ...account,
      });
      assertEquals(await phone.dial(), "streaming");
      const twilio = await import("twilio/lib/webhooks/webhooks.js");
      const [webhook] = server.requests;
      const headers = server.streams[0]!.headers;
      assert(twilio.validateRequest(
        "secret",
        String(webhook!.headers["x-twilio-signature"]),
        "https://public.example/voice?x=1",
        webhook!.form,
      ));
      assert(twilio.validateRequest(
        "secret",
        String(headers["x-twilio-signature"]),
        "wss://public.example/stream",
        {},
      ));
      await phone.hangUp();
    }));

  it("Status=completed hangs the phone up; new TwiML opens a second stream", () =>
    withServer({}, async (origin, server) => {
      const api = await startTwilioApi(account);
      const phone = new Phone({ webhookUrl: `${origin}/voice`, accountSid: "AC1" });
      api.attach(phone);
      await phone.dial();
      const post = (body: Record<string, string>, password = "secret") =>
        fetch(`${api.url}/2010-04-01/Accounts/AC1/Calls/${phone.callSid}.json`, {
          method: "POST",
          headers: { authorization: `Basic ${btoa(`AC1:${password}`)}` },
          body: new URLSearchParams(body),
        }).then(async (response) => [response.status, (await response.json()).code]);
      assertEquals(await post({ Status: "completed" }, "wrong"), [401, 20003]);
      assertEquals(await post({ Status: "paused" }), [400, 20001]);
      assertEquals(await post({ Twiml: "<Response/>", Url: "http://x/" }), [400, 20001]);
      assertEquals(await post({ Twiml: connectTwiml(server.host) }), [200, undefined]);
      await phone.waitFor(() => server.streams.length === 2, 2000, "the second stream");
      assertEquals(server.streams[0]!.messages.at(-1).event, "stop");
      assertEquals(await post({ Status: "completed" }), [200, undefined]);
      assertEquals((await phone.ended).by, "api");
      assertEquals(await post({ Status: "completed" }), [400, 21220]);
      assertEquals((await phone.ended).ran, ["Connect", "Connect"]);
      assertEquals(api.updates.toArray().map((update) => Object.keys(update.form)), [
        ["Twiml"],
        ["Status"],
      ]);
      await api.close();
    }));

  it("a stream that dies goes on behind <Connect>: the webhook is asked again, and says what to do", () => {
    let asked = 0;
    return withServer({
      webhook: ({ path }, host) => {
        if (path === "/status") return 204;
        return ++asked === 1
          ? connectTwiml(host, "<Redirect>/voice?again=1</Redirect>", "/status")
          : connectTwiml(host, "<Say>Bye</Say><Dial><Number>+15005550009</Number></Dial><Hangup/>");
      },
    }, async (origin, server) => {
      const phone = new Phone({ webhookUrl: `${origin}/voice`, ...account });
      await phone.dial();
      server.streams[0]!.socket.terminate();
      await phone.waitFor(() => server.streams[1]?.streamSid || null, 2000, "the second stream");
      const [died, lives] = phone.streams;
      assert(died!.identity.streamSid !== lives!.identity.streamSid);
      const twilio = await import("twilio/lib/webhooks/webhooks.js");
      const [first, again] = server.requests.filter(({ path }) => path.startsWith("/voice"));
      assertEquals([first!.form.CallStatus, again!.form.CallStatus], ["ringing", "in-progress"]);
      const signature = String(again!.headers["x-twilio-signature"]);
      const url = `${origin}/voice?again=1`;
      assert(twilio.validateRequest(account.authToken, signature, url, again!.form));
      const told = () => server.requests.filter(({ path }) => path === "/status");
      await phone.waitFor(() => told().length === 2, 2000, "the stream's status callbacks");
      assertEquals(told().map(({ form }) => [form.StreamEvent, form.StreamError]), [
        ["stream-started", undefined],
        ["stream-error", "31903"],
      ]);
      server.streams[1]!.socket.close(1000);
      const end = await phone.ended;
      assertEquals(end.by, "server");
      assertEquals(end.ran, ["Connect", "Redirect", "Connect", "Say", "Dial", "Hangup"]);
      assertEquals([end.said, end.dialled], [["Bye"], ["+15005550009"]]);
    });
  });

  it("a call that is moved to another machine is heard and speaks on, but for the gap", () => {
    const sound = (code: number) => new Uint8Array(8 * 200).fill(code);
    return withServer(
      { stream: (stream) => stream.media(sound(0x80)) },
      (oldOrigin, before) =>
        withServer({ stream: (stream) => stream.media(sound(0x00)) }, async (newOrigin, after) => {
          const api = await startTwilioApi({ ...account, actsAfterMs: 50 });
          let origin = oldOrigin;
          const phone = new Phone({
            webhookUrl: "https://public.example/voice",
            connectTo: () => origin,
            accountSid: "AC1",
          });
          api.attach(phone);
          await phone.dial();
          const saying = phone.say(sound(0x90).subarray(0, 8 * 180));
          await phone.waitFor(() => phone.stream.framesSent >= 3, 2000, "three frames");
          origin = newOrigin;
          const response = await fetch(
            `${api.url}/2010-04-01/Accounts/AC1/Calls/${phone.callSid}.json`,
            {
              method: "POST",
              headers: { authorization: `Basic ${btoa("AC1:secret")}` },
              body: new URLSearchParams({ Twiml: connectTwiml("public.example", "", "", "wss") }),
            },
          );
          assertEquals(response.status, 200);
          assertEquals(before.streams[0]!.messages.at(-1).event, "media");
          const { frames, missed, finished } = await saying;
          assert(finished && frames + missed === 9, `${frames} frames, ${missed} missed`);
          await phone.waitFor(() => phone.streams.length === 2, 2000, "the second stream");
          assertEquals(before.streams[0]!.messages.at(-1).event, "stop");
          assertEquals(after.streams[0]!.messages[1].start.customParameters, { token: "t1" });
          await phone.waitForSilence(100);
          const heard = phone.heard(phone.times.streamStartedAtMs);
          const count = (code: number) => heard.filter((byte) => byte === code).length;
          assertEquals(count(0x00), 1600);
          assert(count(0x80) > 0 && count(0x80) <= 1600);
          assert(phone.heardAudio(0, phone.stream.openedAtMs - 1));
          assert((phone.lastHeard() ?? 0) > phone.stream.openedAtMs);
          await phone.hangUp();
          await api.close();
        }),
    );
  });
});
