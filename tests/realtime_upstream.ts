/**
 * A Realtime server behind loopback TLS, for the clients of others: both SDKs insist on `wss:`.
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import tls from "node:tls";
import { WebSocketServer } from "ws";
import { EchoSession } from "../brain/echo/mod.ts";

interface Upstream {
  /** `ws://host:port/v1/realtime`. */
  readonly url: string;
  stop(): void;
}

/** A plain server that gives each socket an echo session, as the route does. */
async function serveEcho(): Promise<Upstream> {
  const http = createHttpServer();
  const sockets = new WebSocketServer({ server: http, path: "/v1/realtime" });
  sockets.on("connection", (socket, request) => {
    const model = new URL(request.url!, "http://localhost").searchParams.get("model");
    const session = new EchoSession(
      {},
      (text) => socket.send(text),
      (code, reason) => socket.close(code, reason),
      model ?? undefined,
    );
    socket.on("message", (data) => session.receive(String(data)));
    socket.on("close", () => session.end());
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as net.AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}/v1/realtime`,
    stop() {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      http.close();
    },
  };
}

/** The server under test: a running earshot when `EARSHOT_TEST_URL` names one. */
async function startUpstream(): Promise<Upstream> {
  const url = process.env.EARSHOT_TEST_URL;
  if (!url) return await serveEcho();
  return { url: new URL("/v1/realtime", url.replace(/^http/, "ws")).href, stop() {} };
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
  stop(): void;
}

/** Starts the server under test, and a TLS-terminating pipe in front of it. */
export async function startSecure(): Promise<SecureServer> {
  const upstream = await startUpstream();
  const { hostname, port } = new URL(upstream.url);
  const { ca, key, cert } = makeCertificates();
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
    stop() {
      pipe.close();
      upstream.stop();
    },
  };
}
