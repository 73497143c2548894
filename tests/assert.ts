/**
 * `@std/assert`, typed. The package's npm form ships JavaScript alone, so `std_assert.d.ts` types
 * what our tests use; deno.json and tsconfig.json (for Bun) both point the name here.
 *
 * @module
 */

// @ts-types="./std_assert.d.ts"
export * from "deno-std/assert/mod.js";
