// Finds the example applications that come with Nebula, from the source tree as from the built program.
import { access } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Files of one example; relative to nothing: both are absolute. */
export interface Example {
  readonly application: string;
  readonly directory: string;
}

/** From dist/plush.mjs and from src-main/documents/ alike, the package's folder is at most this far up. */
const LEVELS_MAX = 6;

/** Walks up from `start` to the folder that holds assets/examples. */
export async function examplesDirectoryFrom(start: string): Promise<string | undefined> {
  let folder = start;
  for (let level = 0; level < LEVELS_MAX; level += 1) {
    const candidate = join(folder, "assets", "examples");
    if (await exists(candidate)) return candidate;
    folder = dirname(folder);
  }
  return undefined;
}

/** An example is a folder with application.xml and directory.xml, or a file NAME.xml beside a directory.xml for all. */
export async function findExample(examplesDirectory: string, name: string): Promise<Example | undefined> {
  const folder = join(examplesDirectory, name);
  const application = await firstThatExists([
    join(folder, "application.xml"),
    join(folder, `${name}.xml`),
    join(examplesDirectory, `${name}.xml`),
  ]);
  const directory = await firstThatExists([
    join(folder, "directory.xml"),
    join(examplesDirectory, "directory.xml"),
  ]);
  return application === undefined || directory === undefined ? undefined : { application, directory };
}

async function firstThatExists(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await exists(path)) return path;
  return undefined;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
