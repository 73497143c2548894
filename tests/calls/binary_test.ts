import { failureSuite } from "./failures.ts";
import { callSuite } from "./suite.ts";

callSuite("binary");
failureSuite("binary");
