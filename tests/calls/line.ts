/**
 * A server with Twilio's papers in order, and phones that call it.
 *
 * @module
 */

import { Phone, type PhoneOptions } from "../../cli/phone/phone.ts";
import { startTwilioApi, type TwilioApi } from "../../cli/phone/test_twilio_api.ts";
import { startServer, type Target, type TestServer } from "../server.ts";

const ACCOUNT = { accountSid: `AC${"1".repeat(32)}`, authToken: "a test token" };

export interface Line {
  readonly server: TestServer;
  readonly api: TwilioApi;
  phone(options?: Partial<PhoneOptions>): Phone;
  close(): Promise<void>;
}

/** A server that talks to the brain at `brainUrl`. */
export async function lineTo(
  target: Target,
  brainUrl: string,
  env: Record<string, string> = {},
): Promise<Line> {
  const api = await startTwilioApi(ACCOUNT);
  const server = await startServer(target, {
    OPENAI_API_KEY: "sk-test-secret",
    OPENAI_REALTIME_URL: brainUrl,
    TWILIO_ACCOUNT_SID: ACCOUNT.accountSid,
    TWILIO_AUTH_TOKEN: ACCOUNT.authToken,
    TWILIO_API_URL: api.url,
    ...env,
  });
  return {
    server,
    api,
    phone(options = {}) {
      const webhookUrl = `${server.url}/twilio/voice`;
      const phone = new Phone({ webhookUrl, ...ACCOUNT, ...options });
      api.attach(phone);
      return phone;
    },
    async close() {
      await server.stop();
      await api.close();
    },
  };
}
