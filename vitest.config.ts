// Which test files make up each part of `npm test`, and what each part may take.
import { defineConfig } from "vitest/config";

const TESTS = "test/**/*.test.ts";
const SIMULATOR_TESTS = "test/simulator/**/*.test.ts";
const INTEGRATION_TESTS = "test/integration/**/*.test.ts";
const WINDOW_TESTS = "test/window/**/*.test.ts";

/** One million simulated messages take seconds, not the 5 s vitest allows by default. */
const SIMULATOR_TIMEOUT_MS = 60_000;
/** Real processes on a loaded two-core machine start slowly; a hung one must still end the part. */
const INTEGRATION_TIMEOUT_MS = 60_000;
/** Each integration file starts many processes of its own; more files at once only starve each other. */
const INTEGRATION_FILES_AT_ONCE = 2;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: [TESTS],
          exclude: [SIMULATOR_TESTS, INTEGRATION_TESTS, WINDOW_TESTS],
          // Our modules keep no state, so files may share a worker's loaded modules: several times faster.
          isolate: false,
        },
      },
      {
        test: {
          name: "simulators",
          include: [SIMULATOR_TESTS],
          isolate: false,
          testTimeout: SIMULATOR_TIMEOUT_MS,
        },
      },
      {
        test: {
          name: "integration",
          include: [INTEGRATION_TESTS],
          testTimeout: INTEGRATION_TIMEOUT_MS,
          hookTimeout: INTEGRATION_TIMEOUT_MS,
          maxWorkers: INTEGRATION_FILES_AT_ONCE,
        },
      },
    ],
  },
});
