// `npm run bench -- NAME [arguments]`: runs bench/NAME.ts; without a name it lists the benchmarks.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { register } from "tsx/esm/api";

const FOLDER = resolve(dirname(fileURLToPath(import.meta.url)), "..", "bench");

/** Each benchmark with the sentence in its first line. */
function list() {
  const files = existsSync(FOLDER) ? readdirSync(FOLDER).filter((file) => file.endsWith(".ts")) : [];
  if (files.length === 0) return "there are no benchmarks yet";
  const lines = files.sort().map((file) => {
    const [purpose = ""] = readFileSync(join(FOLDER, file), "utf8").split("\n");
    return `  npm run bench -- ${file.slice(0, -3).padEnd(16)} ${purpose.replace(/^\/\/ */, "")}`;
  });
  return ["benchmarks:", ...lines].join("\n");
}

const [name, ...rest] = process.argv.slice(2);
if (name === undefined) {
  console.log(list());
} else if (!existsSync(join(FOLDER, `${name}.ts`))) {
  console.error(`there is no bench/${name}.ts; ${list()}`);
  process.exitCode = 2;
} else {
  const file = join(FOLDER, `${name}.ts`);
  // A benchmark reads its arguments as if it had been started by itself.
  process.argv = [process.execPath, file, ...rest];
  register();
  await import(pathToFileURL(file).href);
}
