/**
 * The XML that TwiML needs and no more: elements, attributes, text, comments, CDATA, entities.
 * No doctype, because Twilio takes none and it is where XML becomes dangerous.
 *
 * @module
 */

/** An element; `text` is all the text directly inside it, joined. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

interface OpenElement {
  name: string;
  attributes: Record<string, string>;
  children: XmlElement[];
  text: string;
}

const NAME = "[A-Za-z_:][\\w:.-]*";
const TOKEN = new RegExp(
  "<!--[\\s\\S]*?-->|<!\\[CDATA\\[([\\s\\S]*?)\\]\\]>|<\\?[\\s\\S]*?\\?>" +
    `|<(/?)(${NAME})((?:\\s+${NAME}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*)\\s*(/?)>|([^<]+)`,
  "y",
);
const ATTRIBUTE = new RegExp(`(${NAME})\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, "g");
const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

/**
 * Parses one document.
 *
 * @throws {SyntaxError} If it is not well formed, with the offset where it stops being so.
 */
export function parseXml(source: string): XmlElement {
  const root: OpenElement = { name: "", attributes: {}, children: [], text: "" };
  const open: OpenElement[] = [root];
  const text = source.replace(/^\uFEFF/, "");
  TOKEN.lastIndex = 0;
  let at = 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text);
    if (token === null) throw syntax("markup that is not well formed", at, text);
    at = TOKEN.lastIndex;
    const [, cdata, slash, name, attributes, selfClosing, characters] = token;
    const inside = open.at(-1)!;
    if (cdata !== undefined) inside.text += cdata;
    else if (characters !== undefined) inside.text += decodeEntities(characters, token.index);
    else if (name === undefined) continue; // a comment or a declaration
    else if (slash === "/") {
      if (inside.name !== name || open.length === 1) {
        throw syntax(`</${name}> where </${inside.name}> was due`, token.index, text);
      }
      open.pop();
      open.at(-1)!.children.push(inside);
    } else {
      const element: OpenElement = {
        name,
        attributes: readAttributes(attributes ?? "", token.index),
        children: [],
        text: "",
      };
      if (selfClosing === "/") inside.children.push(element);
      else open.push(element);
    }
  }
  if (open.length > 1) throw syntax(`<${open.at(-1)!.name}> is never closed`, at, text);
  if (root.children.length !== 1 || root.text.trim() !== "") {
    throw syntax(`${root.children.length} root elements, wanted 1 and no text beside it`, at, text);
  }
  return root.children[0]!;
}

function readAttributes(source: string, at: number): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name, double, single] of source.matchAll(ATTRIBUTE)) {
    if (Object.hasOwn(attributes, name!)) {
      throw syntax(`attribute ${name} is given twice`, at, source);
    }
    attributes[name!] = decodeEntities(double ?? single ?? "", at);
  }
  return attributes;
}

function decodeEntities(text: string, at: number): string {
  return text.replace(/&([^;\s&]*;?)/g, (whole: string, body: string) => {
    const entity = body.endsWith(";") ? body.slice(0, -1) : "";
    const numeric = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(entity);
    if (numeric !== null) {
      const point = numeric[1] !== undefined ? parseInt(numeric[1], 16) : Number(numeric[2]);
      if (point > 0 && point <= 0x10ffff) return String.fromCodePoint(point);
    }
    const known = ENTITIES[entity];
    if (known === undefined) throw syntax(`unknown entity ${whole}`, at, text);
    return known;
  });
}

function syntax(what: string, at: number, text: string): SyntaxError {
  const near = JSON.stringify(text.slice(at, at + 24));
  return new SyntaxError(`Cannot parse XML: ${what}, at offset ${at} near ${near}`);
}
