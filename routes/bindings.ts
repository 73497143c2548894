/**
 * What a request brings along besides itself.
 *
 * @module
 */

import type { RequestContext } from "../runtime/runtime.ts";

export interface Bindings {
  Bindings: RequestContext & Record<string, unknown>;
}
