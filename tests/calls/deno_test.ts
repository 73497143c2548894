import { failuresShowSuite } from "./failures_show.ts";
import { failureSuite } from "./failures.ts";
import { lifeSuite } from "./life.ts";
import { lostBrainSuite } from "./lost_brain.ts";
import { noDeadAirSuite } from "./no_dead_air.ts";
import { notReadingSuite } from "./not_reading.ts";
import { callSuite } from "./suite.ts";
import { turnSuite } from "./turns.ts";

callSuite("deno");
failureSuite("deno");
turnSuite("deno");
lifeSuite("deno");
lostBrainSuite("deno");
noDeadAirSuite("deno");
notReadingSuite("deno");
failuresShowSuite("deno");
