import { failureSuite } from "./failures.ts";
import { callSuite } from "./suite.ts";

callSuite("bun");
failureSuite("bun");
