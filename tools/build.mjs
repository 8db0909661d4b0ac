// Bundles each program that runs without a window into one file under dist/; `node tools/build.mjs` builds all.
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { build } from "esbuild";
import { recordClientCode } from "./client-code.mjs";

/**
 * `external`: comes with what runs it, or has native code.
 * @typedef {{
 *   entry: string, bundle: string, sources: readonly string[], format: "esm" | "cjs" | "window",
 *   external?: readonly string[], packed?: boolean,
 * }} Program
 */

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** @type {readonly Program[]} */
const PROGRAMS = [
  {
    entry: "src-main/cli.ts",
    bundle: "dist/plush.mjs",
    sources: ["src-shared", "src-main"],
    format: "esm",
    external: ["@lydell/node-pty"],
  },
  {
    entry: "src-main/main.ts",
    bundle: "dist/main.mjs",
    sources: ["src-shared", "src-main"],
    format: "esm",
    external: ["electron", "@lydell/node-pty"],
  },
  // Scripts of sandboxed pages cannot be ES modules.
  {
    entry: "src-main/preload.ts",
    bundle: "dist/preload.cjs",
    sources: ["src-main"],
    format: "cjs",
    external: ["electron"],
  },
  {
    entry: "src-client/client.ts",
    bundle: "dist/client.cjs",
    sources: ["src-shared", "src-client"],
    // Starts 5 ms sooner: modules of Node that only some clients need are loaded by those.
    format: "cjs",
    packed: true,
  },
  // A thread beside the controller's own: the client's cores, many times.
  {
    entry: "src-client/simulated-hosts.ts",
    bundle: "dist/simulated-hosts.cjs",
    sources: ["src-shared", "src-client"],
    format: "cjs",
  },
  {
    entry: "src-renderer/renderer.tsx",
    bundle: "dist/window/index.html",
    sources: ["src-shared", "src-renderer"],
    format: "window",
  },
];

/** Remembers from which sources the bundles were built. */
const BUILT_STAMP = join(ROOT, "dist", ".built.json");
/** Besides the sources, what decides what a bundle looks like. */
const BUILD_FILES = ["package-lock.json", "package.json", "tools/build.mjs", "tools/vite.config.mjs"];

/** Imported by the client when they are needed. */
const CLIENT_PARTS = /\/(?:install-software|collect-files)[.]ts$/;

/** Packages in the older module format call require() and look beside themselves, which an ES module cannot. */
const REQUIRE = [
  'import { createRequire as nebulaCreateRequire } from "node:module";',
  "const require = nebulaCreateRequire(import.meta.url);",
  "const __dirname = import.meta.dirname;",
].join("\n");

/**
 * msgpackr and ssh2 look for native helpers at run time. A bundle must not depend on what lies around on its host, so
 * they get the answer "not there" at once.
 * @type {import("esbuild").Plugin}
 */
const withoutNativeHelpers = {
  name: "without-native-helpers",
  setup(builder) {
    builder.onResolve({ filter: /^(?:msgpackr-extract|cpu-features)$|[.]node$/ }, ({ path }) => ({
      path,
      namespace: "absent",
    }));
    builder.onLoad({ filter: /.*/, namespace: "absent" }, () => ({
      contents: "module.exports = undefined;",
      loader: "js",
    }));
  },
};

/**
 * What installs and collects is two fifths of the client, and most clients do neither: V8 would read it all the same. So
 * it is in the program as one packed word, and becomes code when it is first imported.
 * @type {import("esbuild").Plugin}
 */
const partsAsWords = {
  name: "parts-as-words",
  setup(builder) {
    builder.onResolve({ filter: CLIENT_PARTS }, ({ kind, path, resolveDir }) =>
      kind === "dynamic-import" ? { path: resolve(resolveDir, path), namespace: "part" } : undefined,
    );
    builder.onLoad({ filter: /.*/, namespace: "part" }, async ({ path }) => {
      const { outputFiles = [] } = await build({ ...optionsOf(path, "cjs"), write: false });
      const word = packed(outputFiles[0]?.contents ?? new Uint8Array()).toString("base64");
      const name = JSON.stringify(`:${relative(ROOT, path)}`);
      const text = `require("zlib").brotliDecompressSync(Buffer.from("${word}", "base64")).toString()`;
      return {
        contents: `const part = new (require("module"))(__filename + ${name}); part._compile(${text}, part.id); module.exports = part.exports;`,
        loader: "js",
      };
    });
  },
};

/** @param {Program} program */
async function buildProgram(program) {
  const start = performance.now();
  const path = join(ROOT, program.bundle);
  // When this build fails, nobody shall run (or test) the bundle of older sources.
  for (const old of [path, `${path}.br`]) rmSync(old, { force: true });
  await (program.format === "window" ? buildWindow() : bundleProgram(program, program.format));
  if (program.packed === true) pack(path);
  const kB = (statSync(path).size / 1000).toFixed(0);
  console.log(`build: ${program.bundle} ${kB} kB in ${(performance.now() - start).toFixed(0)} ms`);
}

/** Loaded only when the window has changed: it takes half a second. */
async function buildWindow() {
  const { build: buildByVite } = await import("vite");
  await buildByVite({ configFile: join(ROOT, "tools", "vite.config.mjs") });
}

/**
 * @param {Program} program
 * @param {"esm" | "cjs"} format
 */
async function bundleProgram(program, format) {
  const path = join(ROOT, program.bundle);
  await build({
    ...optionsOf(program.entry, format),
    outfile: program.bundle,
    // Native, and only for people's terminals: looked for in node_modules when the first one is opened.
    external: ["@lydell/node-pty", ...(program.external ?? [])],
    plugins: [withoutNativeHelpers, ...(program.packed === true ? [partsAsWords] : [])],
  });
  if (format === "esm") chmodSync(path, 0o755);
}

/**
 * @param {string} entry
 * @param {"esm" | "cjs"} format
 * @returns {import("esbuild").BuildOptions}
 */
function optionsOf(entry, format) {
  return {
    absWorkingDir: ROOT,
    entryPoints: [entry],
    bundle: true,
    platform: "node",
    format,
    target: "node20",
    // Wherever the client is run from (boot-program.ts), it has require(); not everywhere has it a loader of modules.
    ...(format === "cjs" ? { supported: { "dynamic-import": false } } : {}),
    // Stack traces from hosts must stay readable: only white space goes, no name.
    minifyWhitespace: true,
    // An uncaught error quotes its line: without a limit that would be the whole program.
    lineLimit: 160,
    legalComments: "none",
    banner: format === "esm" ? { js: `#!/usr/bin/env node\n${REQUIRE}` } : {},
    plugins: [withoutNativeHelpers],
    logLevel: "warning",
  };
}

/** Of no use to the build itself: without it clients start later. */
function keepClientCode() {
  const start = performance.now();
  const [controller, program, file] = ["plush.mjs", "client.cjs", "client.code"].map((name) =>
    join(ROOT, "dist", name),
  );
  const why = recordClientCode(controller ?? "", program ?? "", file ?? "");
  const ms = (performance.now() - start).toFixed(0);
  console.log(why === "" ? `build: dist/client.code in ${ms} ms` : `build: no dist/client.code: ${why}`);
}

/**
 * As it is sent to hosts.
 * @param {string} path
 */
function pack(path) {
  writeFileSync(`${path}.br`, packed(readFileSync(path)));
}

/** @param {Uint8Array} plain */
function packed(plain) {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
  };
  return brotliCompressSync(plain, { params });
}

/** @param {Program} program */
function sourcesHash(program) {
  const hash = createHash("sha256");
  const files = program.sources.flatMap((folder) => {
    const path = join(ROOT, folder);
    if (!existsSync(path)) return [];
    return readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map((file) => relative(ROOT, join(file.parentPath, file.name)));
  });
  for (const file of [...files.sort(), ...BUILD_FILES]) {
    hash.update(`${file}\n`).update(readFileSync(join(ROOT, file)));
  }
  return hash.digest("hex");
}

/** @returns {Record<string, string>} */
function builtHashes() {
  return existsSync(BUILT_STAMP) ? JSON.parse(readFileSync(BUILT_STAMP, "utf8")) : {};
}

/**
 * @param {readonly Program[]} programs
 * @returns {Promise<string[]>} the bundles that were built
 */
async function buildPrograms(programs) {
  const present = programs.filter((program) => existsSync(join(ROOT, program.entry)));
  // Taken before building: a source saved meanwhile makes the bundle stale, not silently old.
  const hashes = { ...builtHashes() };
  for (const program of present) hashes[program.bundle] = sourcesHash(program);
  // One broken program does not keep the others from being built.
  const outcomes = await Promise.allSettled(present.map(buildProgram));
  const failure = outcomes.find((outcome) => outcome.status === "rejected");
  if (failure !== undefined) throw failure.reason;
  if (present.some(({ packed }) => packed === true)) keepClientCode();
  if (present.length > 0) {
    mkdirSync(dirname(BUILT_STAMP), { recursive: true });
    writeFileSync(BUILT_STAMP, `${JSON.stringify(hashes, undefined, 2)}\n`);
  }
  return present.map((program) => program.bundle);
}

/** Builds the bundles that are missing or older than their sources, and says which. */
export function buildStaleBundles() {
  const built = builtHashes();
  return buildPrograms(
    PROGRAMS.filter(
      (program) =>
        !existsSync(join(ROOT, program.bundle)) ||
        (existsSync(join(ROOT, program.entry)) && built[program.bundle] !== sourcesHash(program)),
    ),
  );
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(resolve(process.argv[1])).href) {
  for (const { entry } of PROGRAMS) {
    if (!existsSync(join(ROOT, entry))) console.log(`build: ${entry} does not exist yet; skipped`);
  }
  try {
    // Of the same sources comes the same: what set-up has just built need not be built again to know that it can be.
    if (process.argv.includes("--stale")) await buildStaleBundles();
    else await buildPrograms(PROGRAMS);
  } catch (error) {
    // esbuild has shown each error with its place already; this is its one-line summary.
    console.error(`build: ${/** @type {Error} */ (error).message.split("\n")[0] ?? ""}`);
    process.exitCode = 1;
  }
}
