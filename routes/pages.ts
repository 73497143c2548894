/**
 * The page and its parts, embedded in the binary.
 *
 * @module
 */

import { Hono } from "hono";
import { etag } from "hono/etag";
import { pageAsset } from "../web/mod.ts";
import type { Bindings } from "./bindings.ts";

/** Nothing from elsewhere, and nothing that runs but our own files. */
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'";

export function pageRoutes() {
  const app = new Hono<Bindings>();
  app.use("*", etag());
  app.get("*", (c) => {
    const asset = pageAsset(c.req.path);
    if (!asset) return c.notFound();
    c.header("Content-Type", asset.contentType);
    c.header("Content-Security-Policy", CONTENT_SECURITY_POLICY);
    c.header("X-Content-Type-Options", "nosniff");
    c.header("Referrer-Policy", "no-referrer");
    // The page changes with the binary: ask each time, and be told that nothing changed.
    c.header("Cache-Control", "no-cache");
    return c.body(asset.body);
  });
  return app;
}
