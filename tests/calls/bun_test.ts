import { failureSuite } from "./failures.ts";
import { callSuite } from "./suite.ts";
import { turnSuite } from "./turns.ts";

callSuite("bun");
failureSuite("bun");
turnSuite("bun");
