// Which test files make up each part of `npm test`, and what each part may take.
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { defineConfig } from "vitest/config";

const TESTS = "test/**/*.test.ts";
const SIMULATOR_TESTS = "test/simulator/**/*.test.ts";
const INTEGRATION_TESTS = "test/integration/**/*.test.ts";
const WINDOW_TESTS = "test/window/**/*.test.ts";

/** Properties try hundreds of cases: a second alone, and more than the 5 s vitest allows when others are busy, too. */
const UNIT_TIMEOUT_MS = 30_000;
/** The largest lives (1000 hosts) take seconds, and ten times as long where others work on the same processors. */
const SIMULATOR_TIMEOUT_MS = 180_000;
/** A world makes many things that do not live long: with more room for them a tenth of the time is saved. */
const SIMULATOR_MEMORY = ["--max-semi-space-size=64", "--min-semi-space-size=64"];
/** Real processes on a loaded two-core machine start slowly; a hung one must still end the part. */
const INTEGRATION_TIMEOUT_MS = 60_000;
/** Each integration file starts many processes of its own; more files at once only starve each other. */
const INTEGRATION_FILES_AT_ONCE = 2;
/** A window that does not open says so after half of it. */
const WINDOW_TIMEOUT_MS = 60_000;
/** Each starts programs of several processes: a browser, a controller, hosts. */
const WINDOW_FILES_AT_ONCE = 2;
/** Our files, and not vitest's own main thread, are what keeps a small machine busy: one for each core of it. */
const UNIT_FILES_AT_ONCE = 2;
/** A long file that starts last leaves the other core idle. A fresh clone remembers no durations. */
const LONG_FIRST = [
  "local-runs",
  "ssh-runs",
  "ssh-transport",
  "bad-software",
  "ssh-failures",
  "ssh-trouble",
  "ssh-unreachable",
  "parse-application",
  "tree-40-a",
  "tree-40-b",
  "tree-1000",
  "tree-small",
  "tree-200-a",
  "tree-200-b",
  "tree-exhaustive",
  "accessibility",
  "terminals",
  "numbers",
  "host-keys",
  "main-path",
];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = LONG_FIRST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return place < 0 ? LONG_FIRST.length : place;
    };
    return (await super.sort(files)).sort((left, right) => rank(left) - rank(right));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongFirst },
    projects: [
      {
        test: {
          name: "unit",
          include: [TESTS],
          exclude: [SIMULATOR_TESTS, INTEGRATION_TESTS, WINDOW_TESTS],
          // Our modules keep no state, so files may share a worker's loaded modules: several times faster.
          isolate: false,
          maxWorkers: UNIT_FILES_AT_ONCE,
          testTimeout: UNIT_TIMEOUT_MS,
        },
      },
      {
        test: {
          name: "simulators",
          include: [SIMULATOR_TESTS],
          isolate: false,
          maxWorkers: UNIT_FILES_AT_ONCE,
          testTimeout: SIMULATOR_TIMEOUT_MS,
          execArgv: SIMULATOR_MEMORY,
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
      {
        test: {
          name: "window",
          include: [WINDOW_TESTS],
          globalSetup: ["test/window/set-up.ts"],
          testTimeout: WINDOW_TIMEOUT_MS,
          hookTimeout: WINDOW_TIMEOUT_MS,
          maxWorkers: WINDOW_FILES_AT_ONCE,
        },
      },
    ],
  },
});
