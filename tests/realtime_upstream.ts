/**
 * A Realtime server behind loopback TLS, for the clients of others: both SDKs insist on `wss:`.
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import tls from "node:tls";
import { startServer } from "./server.ts";

/** The server under test: the one at `EARSHOT_TEST_URL`, or earshot from source. */
async function startUpstream(): Promise<{ url: string; stop(): Promise<void> }> {
  const url = process.env.EARSHOT_TEST_URL;
  if (url) return { url, stop: () => Promise.resolve() };
  return await startServer("deno", { EARSHOT_BRAIN: "echo" });
}

/** A key and a certificate for localhost, signed by a CA that lives as long as the test. */
function makeCertificates(): { ca: string; key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), "earshot-tls-"));
  const file = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "pipe" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  try {
    writeFileSync(file("ext"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
    // deno-fmt-ignore
    openssl("req", "-x509", ...newKey, "-keyout", file("ca.key"), "-out", file("ca.pem"), "-days", "2", "-subj", "/CN=earshot test CA");
    // deno-fmt-ignore
    openssl("req", ...newKey, "-keyout", file("key"), "-out", file("csr"), "-subj", "/CN=localhost");
    // deno-fmt-ignore
    openssl("x509", "-req", "-in", file("csr"), "-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-CAcreateserial", "-days", "2", "-extfile", file("ext"), "-out", file("pem"));
    const read = (name: string) => readFileSync(file(name), "utf8");
    return { ca: read("ca.pem"), key: read("key"), cert: read("pem") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What a client needs to reach the server under test. */
export interface SecureServer {
  /** `//localhost:port`, to be put behind `https:` or `wss:`. */
  readonly origin: string;
  /** The certificate of the CA that signed the server's. */
  readonly ca: string;
  stop(): Promise<void>;
}

/** Starts the server under test, and a TLS-terminating pipe in front of it. */
export async function startSecure(): Promise<SecureServer> {
  const { ca, key, cert } = makeCertificates();
  const upstream = await startUpstream();
  const { hostname, port } = new URL(upstream.url);
  const pipe = tls.createServer({ key, cert }, (near) => {
    const far = net.connect(Number(port || 80), hostname);
    far.setNoDelay(true);
    near.pipe(far).pipe(near);
    near.on("error", () => far.destroy());
    far.on("error", () => near.destroy());
  });
  await new Promise<void>((resolve) => pipe.listen(0, "127.0.0.1", resolve));
  return {
    origin: `//localhost:${(pipe.address() as net.AddressInfo).port}`,
    ca,
    async stop() {
      pipe.close();
      await upstream.stop();
    },
  };
}
