// The parts of `npm test`: what each runs, how long it may take, and which system tools it needs.

/**
 * A program that npm cannot bring. `probe` must end with exit code 0 where the program is there.
 * @typedef {{ name: string, probe: readonly [string, ...string[]], apt: string }} SystemTool
 */
/**
 * `kind: "static"` runs tools/static-checks.mjs; `kind: "vitest"` runs the vitest project of that name (see
 * vitest.config.ts) when its folder exists.
 * @typedef {{
 *   name: string,
 *   title: string,
 *   budgetS: number,
 *   needs: readonly SystemTool[],
 * } & ({ kind: "static" } | { kind: "vitest", folder: string })} Part
 */

/**
 * A part over its budget fails under CI=true. The budgets keep the whole under ten minutes on two cores, so that
 * everybody runs everything before every change.
 * @type {readonly Part[]}
 */
export const PARTS = [
  { name: "static", title: "static", kind: "static", budgetS: 60, needs: [] },
  { name: "unit", title: "unit", kind: "vitest", folder: "test", budgetS: 60, needs: [] },
  {
    name: "simulators",
    title: "simulators",
    kind: "vitest",
    folder: "test/simulator",
    budgetS: 180,
    needs: [],
  },
  {
    name: "integration",
    title: "real processes",
    kind: "vitest",
    folder: "test/integration",
    budgetS: 180,
    needs: [
      { name: "sshd", probe: ["sshd", "-V"], apt: "openssh-server" },
      { name: "sudo", probe: ["sudo", "-V"], apt: "sudo" },
      { name: "csh", probe: ["csh", "-c", "true"], apt: "tcsh" },
    ],
  },
  {
    name: "window",
    title: "window",
    kind: "vitest",
    folder: "test/window",
    budgetS: 180,
    needs: [
      // Its libraries are those that Electron needs, too.
      { name: "chromium", probe: ["chromium", "--version"], apt: "chromium" },
      { name: "Xvfb", probe: ["sh", "-c", "command -v Xvfb"], apt: "xvfb" },
    ],
  },
];

/** A part that takes this many times its budget hangs: it is ended and counts as failed. */
export const HANG_FACTOR = 3;
