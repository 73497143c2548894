/**
 * What a TwiML answer tells the phone to do, verb by verb.
 *
 * @module
 */

import { parseXml, type XmlElement } from "./xml.ts";

/** `<Connect><Stream>`: the call becomes a bidirectional media stream. */
export interface ConnectStream {
  readonly verb: "Connect";
  /** As written: may be relative to the document's own URL. */
  readonly url: string;
  readonly name: string | undefined;
  readonly track: string | undefined;
  readonly statusCallback: string | undefined;
  readonly parameters: Readonly<Record<string, string>>;
  /** Where Twilio asks for more TwiML once the stream has ended. */
  readonly action: string | undefined;
}

/** The verbs that the simulator runs; any other is kept by name, and reported. */
export type TwimlVerb =
  | ConnectStream
  | { readonly verb: "Say"; readonly text: string }
  | { readonly verb: "Dial"; readonly to: string }
  | { readonly verb: "Pause"; readonly seconds: number }
  | { readonly verb: "Redirect"; readonly url: string }
  | { readonly verb: "Reject"; readonly reason: string }
  | { readonly verb: "Hangup" }
  | { readonly verb: "Other"; readonly name: string };

/**
 * Reads a TwiML document.
 *
 * @throws {SyntaxError} If it is not XML, the root is not `<Response>`, or a verb lacks what it
 *   needs. Twilio would log error 12100 and play "an application error has occurred".
 */
export function parseTwiml(source: string): TwimlVerb[] {
  const root = parseXml(source);
  if (root.name !== "Response") {
    throw new SyntaxError(`Cannot read TwiML: the root is <${root.name}>, wanted <Response>`);
  }
  return root.children.map(readVerb);
}

function readVerb(element: XmlElement): TwimlVerb {
  switch (element.name) {
    case "Connect":
      return readConnect(element);
    case "Say":
      return { verb: "Say", text: element.text.trim() };
    case "Dial":
      return { verb: "Dial", to: (element.children[0]?.text ?? element.text).trim() };
    case "Pause":
      return { verb: "Pause", seconds: Number(element.attributes.length ?? "1") };
    case "Redirect":
      return { verb: "Redirect", url: element.text.trim() };
    case "Reject":
      return { verb: "Reject", reason: element.attributes.reason ?? "rejected" };
    case "Hangup":
      return { verb: "Hangup" };
    default:
      return { verb: "Other", name: element.name };
  }
}

function readConnect(connect: XmlElement): TwimlVerb {
  const stream = connect.children.find((child) => child.name === "Stream");
  if (stream === undefined) {
    return { verb: "Other", name: `Connect/${connect.children[0]?.name ?? "(nothing)"}` };
  }
  const url = stream.attributes.url;
  if (url === undefined || url === "") {
    throw new SyntaxError("Cannot read TwiML: <Stream> has no url");
  }
  const parameters: Record<string, string> = {};
  for (const child of stream.children) {
    if (child.name !== "Parameter") continue;
    const { name, value } = child.attributes;
    if (name === undefined || value === undefined) {
      throw new SyntaxError("Cannot read TwiML: <Parameter> needs both name and value");
    }
    parameters[name] = value;
  }
  return {
    verb: "Connect",
    url,
    name: stream.attributes.name,
    track: stream.attributes.track,
    statusCallback: stream.attributes.statusCallback,
    parameters,
    action: connect.attributes.action,
  };
}
