import { failureSuite } from "./failures.ts";
import { lifeSuite } from "./life.ts";
import { lostBrainSuite } from "./lost_brain.ts";
import { noDeadAirSuite } from "./no_dead_air.ts";
import { callSuite } from "./suite.ts";
import { turnSuite } from "./turns.ts";

callSuite("bun");
failureSuite("bun");
turnSuite("bun");
lifeSuite("bun");
lostBrainSuite("bun");
noDeadAirSuite("bun");
