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
      assertEquals(await post({ Twiml: connectTwiml(server.host) }), [200, undefined]);
      await phone.waitFor(() => server.streams.length === 2, 2000, "the second stream");
      assertEquals(server.streams[0]!.messages.at(-1).event, "stop");
      assertEquals(await post({ Status: "completed" }), [200, undefined]);
      assertEquals((await phone.ended).by, "api");
      assertEquals(await post({ Status: "completed" }), [400, 21220]);
      assertEquals(api.updates.toArray().map((update) => Object.keys(update.form)), [
        ["Twiml"],
        ["Status"],
      ]);
      await api.close();
    }));
});
