import { failureSuite } from "./failures.ts";
import { lifeSuite } from "./life.ts";
import { lostBrainSuite } from "./lost_brain.ts";
import { noDeadAirSuite } from "./no_dead_air.ts";
import { callSuite } from "./suite.ts";
import { turnSuite } from "./turns.ts";

callSuite("deno");
failureSuite("deno");
turnSuite("deno");
lifeSuite("deno");
lostBrainSuite("deno");
noDeadAirSuite("deno");
