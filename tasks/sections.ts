/**
 * Parts of a document that a program writes: what stands between `<!-- name -->` and
 * `<!-- end of name -->`.
 *
 * @module
 */

/** `text` with the part of that name replaced. @throws {Error} When it has none. */
function withSection(text: string, name: string, part: string): string {
  const from = `<!-- ${name} -->`, to = `<!-- end of ${name} -->`;
  const start = text.indexOf(from), end = text.indexOf(to);
  if (start < 0 || end < start) throw new Error(`There is no ${from} … ${to}`);
  return `${text.slice(0, start + from.length)}\n\n${part}\n\n${text.slice(end)}`;
}

export function writeSection(path: string, name: string, part: string): void {
  Deno.writeTextFileSync(path, withSection(Deno.readTextFileSync(path), name, part));
}
