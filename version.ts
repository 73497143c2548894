/**
 * The version, from the one place that states it.
 *
 * @module
 */

import project from "./deno.json" with { type: "json" };

export const VERSION: string = project.version;
