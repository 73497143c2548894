/**
 * Instances of the binary behind one address, with a brain that counts and Twilio's REST API.
 *
 * @module
 */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Phone } from "../../cli/phone/phone.ts";
import { startTwilioApi, type TwilioApi } from "../../cli/phone/test_twilio_api.ts";
import { FaultCall } from "../faults/fault_call.ts";
import { type FaultBrain, startFaultBrain } from "../faults/fault_brain.ts";
import { startServer, type TestServer } from "../server.ts";
import { type Front, startFront } from "./front.ts";

const ACCOUNT = {
  accountSid: "AC0123456789abcdef0123456789abcdef",
  authToken: "0123456789abcdef0123456789abcdef",
};

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

export class Fleet {
  readonly instances: TestServer[] = [];
  readonly gone: TestServer[] = [];
  private constructor(
    readonly brain: FaultBrain,
    readonly api: TwilioApi,
    readonly front: Front,
    readonly env: Record<string, string>,
  ) {}

  /** @param latency What networks cost that loopback doesn't have, ms. */
  static async start(
    count: number,
    env: Record<string, string> = {},
    latency: { upgradeMs?: number; actsAfterMs?: number } = {},
  ): Promise<Fleet> {
    const { upgradeMs = 0, actsAfterMs = 0 } = latency;
    const brain = await startFaultBrain({ thinkMs: 100, upgradeMs });
    const api = await startTwilioApi({ ...ACCOUNT, actsAfterMs });
    const fleet = new Fleet(brain, api, await startFront(), env);
    for (let i = 0; i < count; i++) await fleet.add();
    return fleet;
  }

  /** One more instance, the last to be asked. */
  async add(): Promise<TestServer> {
    const port = await freePort();
    const server = await startServer("binary", {
      PORT: String(port),
      PUBLIC_URL: this.front.url,
      OPENAI_REALTIME_URL: this.brain.url,
      EARSHOT_TRANSCRIBE: "gpt-realtime-whisper",
      TWILIO_AUTH_TOKEN: ACCOUNT.authToken,
      TWILIO_API_URL: this.api.url,
      EARSHOT_INSTANCE_URL: `http://127.0.0.1:${port}`,
      // As Fly does, the front sends on whom an instance that goes doesn't take.
      FLY_REGION: "iad",
      // On Fly a page with a key in use is open only to whom it is said to be.
      EARSHOT_OPEN_PAGE: "1",
      EARSHOT_DRAIN_MS: "1500",
      EARSHOT_MOVE_MS: "1500",
      ...this.env,
    });
    this.instances.push(server);
    this.front.instances.push(server.url);
    return server;
  }

  phone(): FaultCall {
    return new FaultCall((options) => {
      const webhookUrl = `${this.front.url}/twilio/voice`;
      const phone = new Phone({ webhookUrl, ...ACCOUNT, to: "+15550199", ...options });
      this.api.attach(phone);
      return phone;
    });
  }

  /** The first instance, which is on its way out: no one is sent to it any more. */
  leave(): TestServer {
    const first = this.instances.shift()!;
    this.gone.push(first);
    return first;
  }

  /** Nobody listens there any more. */
  forget(instance: TestServer): void {
    this.front.instances = this.front.instances.filter((url) => url !== instance.url);
  }

  async close(): Promise<void> {
    await Promise.all([...this.instances, ...this.gone].map((instance) => instance.stop()));
    await this.api.close();
    await this.front.close();
    await this.brain.close();
  }
}
