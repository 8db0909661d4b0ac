// The table of run tests on embedded hosts.
import { localWorld } from "./local-world.ts";
import { describeRuns } from "./run-table.ts";

describeRuns(localWorld);
