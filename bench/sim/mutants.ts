// Switches the guards of the tree off one by one, in a copy of the sources, and lives until a promise breaks.
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { MUTATIONS, type Mutation } from "./mutations.ts";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..", "..");
/** Both processors of a small machine. */
const AT_ONCE = 2;
/** A mutant that makes time stand still has been found as well; the others end by themselves long before. */
const LIMIT_MS = 900_000;

export interface Found {
  readonly mutation: Mutation;
  /** What was printed last: the seed and the promise; undefined: it lived on, unnoticed. */
  readonly verdict: string | undefined;
}

/** `told` after each. */
export async function findMutants(
  only: string | undefined,
  told: (found: Found) => void,
): Promise<readonly Found[]> {
  const waiting = MUTATIONS.filter(({ name }) => only === undefined || name.includes(only));
  const found: Found[] = [];
  const work = async (): Promise<void> => {
    for (let mutation = waiting.shift(); mutation !== undefined; mutation = waiting.shift()) {
      const one = { mutation, verdict: await liveAs(mutation) };
      found.push(one);
      told(one);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found;
}

async function liveAs(mutation: Mutation): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "nebula-mutant-"));
  try {
    for (const part of ["base", "overlay", "simulator"])
      cpSync(join(ROOT, "src-shared", part), join(folder, part), { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    const file = join(folder, "overlay", mutation.file);
    writeFileSync(file, mutate(readFileSync(file, "utf8"), mutation));
    return await live(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function mutate(source: string, { name, file, find, put }: Mutation): string {
  const parts = source.split(find);
  if (parts.length === 2) return parts.join(put);
  throw new Error(
    `"${name}": what it changes is in ${file} ${parts.length - 1} times; bring bench/sim/mutations.ts up to date`,
  );
}

/** In a process of its own: modules cannot be loaded anew in this one, and a mutant may never come back. */
function live(folder: string): Promise<string | undefined> {
  const script = join(ROOT, "bench", "sim", "live-until-broken.ts");
  const tsx = import.meta.resolve("tsx");
  const child = spawn(process.execPath, ["--import", tsx, script, folder], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: LIMIT_MS,
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  return new Promise((done, failed) => {
    child.once("error", failed);
    child.once("close", (code) => {
      if (code === null) done(`no end within ${LIMIT_MS / 1000} s`);
      else if (code === 0) done(undefined);
      else done(output.trim().split("\n").at(-1));
    });
  });
}
