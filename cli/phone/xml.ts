/**
 * TwiML's XML as a tree, by saxes: well-formed or refused. No doctype, because Twilio takes none and
 * it is where XML becomes dangerous.
 *
 * @module
 */

import { SaxesParser } from "saxes";

/** An element; `text` is all the text directly inside it, joined. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

interface OpenElement extends XmlElement {
  readonly children: XmlElement[];
  text: string;
}

/**
 * Parses one document.
 *
 * @throws {SyntaxError} If it is not well-formed, with the line and column where it stops being so.
 */
export function parseXml(source: string): XmlElement {
  const document: OpenElement = { name: "", attributes: {}, children: [], text: "" };
  const open = [document];
  const addText = (text: string) => void (open.at(-1)!.text += text);
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw new SyntaxError(`Cannot parse XML: ${error.message}`);
  });
  parser.on("doctype", () => parser.fail("a document type is not allowed."));
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.on("opentag", ({ name, attributes }) => {
    const element = { name, attributes, children: [], text: "" };
    open.at(-1)!.children.push(element);
    open.push(element);
  });
  parser.on("closetag", () => open.pop());
  try {
    parser.write(source).close();
  } catch (error) {
    // Half a surrogate within the declaration makes saxes 6.0.0 ask for a code point that is NaN.
    if (error instanceof RangeError) throw new SyntaxError(`Cannot parse XML: ${error.message}`);
    throw error;
  }
  return document.children[0]!;
}
