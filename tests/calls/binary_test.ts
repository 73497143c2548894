import { failuresShowSuite } from "./failures_show.ts";
import { failureSuite } from "./failures.ts";
import { lifeSuite } from "./life.ts";
import { lostBrainSuite } from "./lost_brain.ts";
import { noDeadAirSuite } from "./no_dead_air.ts";
import { notReadingSuite } from "./not_reading.ts";
import { callSuite } from "./suite.ts";
import { turnSuite } from "./turns.ts";

callSuite("binary");
failureSuite("binary");
turnSuite("binary");
lifeSuite("binary");
lostBrainSuite("binary");
noDeadAirSuite("binary");
notReadingSuite("binary");
failuresShowSuite("binary");
