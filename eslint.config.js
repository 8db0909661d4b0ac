// What the compiler cannot see: oversized files, impure pure folders, unused names. Rules that ask for types
// (forgotten promises, missing switch cases, anything untyped) are in .oxlintrc.json: the same ones, ten times as fast.
import js from "@eslint/js";
import reactHooks from "eslint-plugin-react-hooks";
import globals from "globals";
import tseslint from "typescript-eslint";

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;
/** A component is mostly a picture of what it shows, and less to follow than as many lines of steps. */
const COMPONENT_LINES_MAX = 100;
const DEPTH_MAX = 3;

/** Folders whose code takes time, randomness and I/O as arguments, so that the simulator can run the real thing. */
const PURE = [
  "src-shared/**/*.ts",
  "src-main/matcher/**/*.ts",
  "src-main/controller/**/*.ts",
  "src-client/core/**/*.ts",
  "src-*/**/*-layout.ts",
];
/** The shells inside those folders: they perform what the pure code asks for. */
const SHELLS = ["src-shared/node/**", "src-main/controller/controller.ts", "src-*/**/*-shell.ts"];

const IMPURE_GLOBALS = [
  ["Date", "take the time as an argument (src-shared/base/clock.ts)"],
  ["performance", "take the time as an argument (src-shared/base/clock.ts)"],
  ...["setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval", "clearImmediate"].map(
    (name) => [name, "return an effect that asks for a timer"],
  ),
  ["queueMicrotask", "return an effect instead of doing things later"],
  ["crypto", "take randomness as an argument (src-shared/base/random.ts)"],
  ["process", "take what you need of the environment as an argument"],
  ["console", "return what is to be said; a shell says it"],
  ["Buffer", "use Uint8Array: shared code also runs in browsers"],
  ["fetch", "return an effect; a shell fetches"],
];

export default tseslint.config(
  { ignores: ["dist/", "release/", "node_modules/", ".ci/"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  {
    rules: {
      eqeqeq: "error",
      "no-empty": "error",
      // Terminal output is full of control characters, and reading it is one of our jobs.
      "no-control-regex": "off",
      "no-restricted-syntax": [
        "error",
        {
          selector:
            "CallExpression[callee.property.name='catch'] > ArrowFunctionExpression > Identifier[name='undefined']",
          message:
            "An empty catch hides what went wrong: report it, or say in a comment why it may be ignored.",
        },
      ],
      "max-lines": ["error", { max: FILE_LINES_MAX, skipBlankLines: true, skipComments: true }],
      "max-lines-per-function": [
        "error",
        { max: FUNCTION_LINES_MAX, skipBlankLines: true, skipComments: true, IIFEs: true },
      ],
      "max-depth": ["error", DEPTH_MAX],
      "object-shorthand": "error",
      "prefer-const": "error",
      "no-var": "error",
    },
  },
  {
    files: ["**/*.ts", "**/*.tsx"],
    extends: [tseslint.configs.recommended],
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-import-type-side-effects": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_", caughtErrors: "all" },
      ],
    },
  },
  {
    files: ["src-renderer/**/*.{ts,tsx}"],
    plugins: { "react-hooks": reactHooks },
    rules: { "react-hooks/rules-of-hooks": "error", "react-hooks/exhaustive-deps": "error" },
  },
  {
    files: ["src-renderer/**/*.tsx"],
    rules: {
      "max-lines-per-function": [
        "error",
        { max: COMPONENT_LINES_MAX, skipBlankLines: true, skipComments: true, IIFEs: true },
      ],
    },
  },
  {
    files: ["src-*/**/*.ts"],
    rules: {
      // Like no-empty, satisfied by a comment that says why nothing needs doing.
      "@typescript-eslint/no-empty-function": "error",
      "@typescript-eslint/explicit-module-boundary-types": "error",
    },
  },
  {
    files: PURE,
    ignores: SHELLS,
    rules: {
      "no-restricted-globals": [
        "error",
        { globals: IMPURE_GLOBALS.map(([name, message]) => ({ name, message })), checkGlobalObject: true },
      ],
      "no-restricted-properties": [
        "error",
        {
          object: "Math",
          property: "random",
          message: "take randomness as an argument (src-shared/base/random.ts)",
        },
        { object: "AbortSignal", property: "timeout", message: "return an effect that asks for a timer" },
      ],
    },
  },
  {
    files: ["test/**/*.ts", "bench/**/*.ts"],
    rules: {
      // A describe block is one function; its tests are what counts.
      "max-lines-per-function": "off",
      // A test that indexes what it has just built may say so: a wrong guess fails the test, nothing else.
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
  {
    files: ["**/*.d.ts"],
    // Declarations describe what the platform has, under the platform's names.
    rules: { "no-restricted-globals": "off", "@typescript-eslint/no-unused-vars": "off", "no-var": "off" },
  },
  {
    files: ["**/*.mjs", "**/*.js", "**/*.cjs"],
    languageOptions: { globals: globals.node },
  },
);
