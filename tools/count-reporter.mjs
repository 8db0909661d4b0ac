// A vitest reporter beside the usual one: writes what became of each test to the file named in NEBULA_TEST_RECORD.
import { writeFileSync } from "node:fs";

/**
 * `brokenFiles`: test files that could not be loaded, so that their tests are not among `tests`.
 * `strayErrors`: errors outside of any test, such as unhandled rejections.
 * @typedef {{ tests: { name: string, state: string }[], brokenFiles: number, strayErrors: number }} TestRecord
 */

/** @implements {Pick<import("vitest/node").Reporter, "onTestRunEnd">} */
export default class CountReporter {
  /**
   * @param {readonly import("vitest/node").TestModule[]} files
   * @param {readonly unknown[]} strayErrors
   */
  onTestRunEnd(files, strayErrors) {
    const file = process.env["NEBULA_TEST_RECORD"];
    if (file === undefined) return;
    const tests = files.flatMap((module) =>
      [...module.children.allTests()].map((test) => ({ name: test.fullName, state: test.result().state })),
    );
    // Errors of a module or of a describe block: a failed import, a failed beforeAll.
    const broken = files.filter(
      (module) =>
        module.errors().length > 0 ||
        [...module.children.allSuites()].some((suite) => suite.errors().length > 0),
    );
    /** @type {TestRecord} */
    const record = { tests, brokenFiles: broken.length, strayErrors: strayErrors.length };
    writeFileSync(file, JSON.stringify(record));
  }
}
