import { describe, it } from "node:test";
import { assert, assertEquals, assertExists, assertFalse, assertMatch } from "@std/assert";
import { ASSETS, pageAsset } from "./mod.ts";

const ownScripts = [...ASSETS.keys()].filter((path) =>
  path.endsWith(".js") && path !== "/assets/uplot.js"
);
const html = pageAsset("/")!.body;

describe("pageAsset", () => {
  it("knows the page and gives every file a type that browsers accept", () => {
    assertMatch(html, /^<!doctype html>/i);
    for (const path of [...ASSETS.keys()]) {
      const asset = pageAsset(path);
      assertExists(asset);
      assertEquals(typeof asset.body, "string", path);
      assert(asset.body.length > 50, `${path} has ${asset.body.length} characters`);
      assertMatch(
        asset.contentType,
        /^(text\/(html|css|javascript); charset=utf-8|image\/svg\+xml)$/,
      );
    }
  });

  it("knows nothing else, neither names of objects nor ways out of the folder", () => {
    for (
      const path of ["", "/assets/", "/index.html", "__proto__", "constructor", "/assets/../mod.ts"]
    ) {
      assertEquals(pageAsset(path), undefined, path);
    }
  });

  it("has every file that the page asks for", () => {
    const asked = [...html.matchAll(/(?:href|src)="(\/[^"]*)"/g)].map((match) => match[1]!);
    assert(asked.includes("/assets/app.js") && asked.includes("/assets/page.css"));
    for (const path of asked) assertExists(pageAsset(path), path);
  });

  it("has every module that another imports, and every asset that a script names", () => {
    for (const path of ownScripts) {
      const { body } = pageAsset(path)!;
      for (const [, name] of body.matchAll(/from "\.\/([^"]+)"/g)) {
        assertExists(pageAsset(`/assets/${name}`), `${path} imports ${name}`);
      }
      for (const [name] of body.matchAll(/\/assets\/[a-z_]+\.(js|css)/g)) {
        assertExists(pageAsset(name), `${path} names ${name}`);
      }
    }
  });

  it("preloads what it needs at start, so that no import waits for another", () => {
    const preloaded = [...html.matchAll(/modulepreload" href="([^"]+)"/g)].map((match) => match[1]);
    // The worklets are loaded when a call begins, by the audio thread.
    const later = ["/assets/worklets.js", "/assets/playout.js"];
    assertEquals(
      preloaded.toSorted(),
      ownScripts.filter((path) => !later.includes(path)).toSorted(),
    );
  });
});

describe("the page's files", () => {
  it("hold no inline script, style or handler, so a strict policy can forbid them", () => {
    assertFalse(/<script(?![^>]*\bsrc=)/i.test(html));
    assertFalse(/<style|\sstyle=|\son[a-z]+=/i.test(html));
    for (const path of ownScripts) {
      assertFalse(
        /\.innerHTML|\.outerHTML|insertAdjacentHTML|\beval\(|new Function/.test(
          pageAsset(path)!.body,
        ),
        path,
      );
    }
  });

  it("ask nothing of any other server", () => {
    const own = ["/", "/assets/page.css", ...ownScripts];
    for (const path of own) {
      const { body } = pageAsset(path)!;
      assertEquals(body.match(/(["'(]|url\()(https?:)?\/\/(?!localhost)[a-z]/gi), null, path);
    }
  });

  it("use only ids that the page has", () => {
    const ids = new Set([...html.matchAll(/\bid="([^"]+)"/g)].map((match) => match[1]));
    for (const path of ownScripts) {
      for (const [, id] of pageAsset(path)!.body.matchAll(/byId\("([^"]+)"\)/g)) {
        assert(ids.has(id!), `${path} asks for the id ${id}`);
      }
    }
  });
});
