/**
 * Types one line to the embedded brain through OpenAI's own Realtime client, and prints the answer.
 *
 * @module
 */

import { connect } from "node:net";
import process from "node:process";
import OpenAI from "openai";
import { OpenAIRealtimeWS } from "openai/realtime/ws";

const server = new URL(process.env.EARSHOT_URL ?? "http://localhost:8080");
const line = process.argv.slice(2).join(" ") || "Hello, brain.";

/** The SDK insists on a key. On this machine any will do; elsewhere the admin token opens a session. */
const apiKey = process.env.EARSHOT_ADMIN_TOKEN ?? "none is needed";
const client = new OpenAI({ apiKey, baseURL: new URL("/v1", server).href });

/** The SDK speaks TLS alone. A server on this machine has no certificate, so it gets plain TCP. */
const plain = () => connect(Number(server.port || 80), server.hostname);
const options = server.protocol === "http:" ? { createConnection: plain } : {};

const realtime = new OpenAIRealtimeWS({ model: "echo", options }, client);

realtime.on("session.created", () => {
  realtime.send({
    type: "session.update",
    session: { type: "realtime", output_modalities: ["text"] },
  });
});

realtime.on("session.updated", () => {
  realtime.send({
    type: "conversation.item.create",
    item: { type: "message", role: "user", content: [{ type: "input_text", text: line }] },
  });
  realtime.send({ type: "response.create" });
});

realtime.on("response.output_text.delta", ({ delta }) => void process.stdout.write(delta));

realtime.on("response.done", ({ response }) => {
  process.stdout.write(`\n(${response.status}, ${response.usage?.total_tokens ?? 0} tokens)\n`);
  realtime.close();
});

realtime.on("error", (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
  realtime.close();
});
