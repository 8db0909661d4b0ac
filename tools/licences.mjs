// `npm run licences`: writes docs/third-party.md from the lock file; `-- --check` only compares.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const THIRD_PARTY = "docs/third-party.md";

const HEAD = `# Third-party software

What the programs contain or need at run time, with its licence; the texts are in each package. Written by \`npm run licences\` from the lock file.

| package | version | licence |
| --- | --- | --- |
`;

/**
 * Old packages name their licences in a list, which npm does not take over into the lock file.
 * @param {string} path
 */
function listedLicence(path) {
  /** @type {{ licenses?: readonly { type: string }[] }} */
  const { licenses } = JSON.parse(readFileSync(join(ROOT, path, "package.json"), "utf8"));
  return licenses?.map(({ type }) => type).join(", ") ?? "unknown";
}

/** The page as it should be. */
function thirdPartyPage() {
  /** @type {{ packages: Record<string, { version?: string, license?: string, dev?: boolean, devOptional?: boolean, optional?: boolean }> }} */
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  const rows = Object.entries(lock.packages)
    .filter(([path, { dev, devOptional, optional }]) => path !== "" && !dev && !devOptional && !optional)
    .map(
      ([path, { version, license }]) =>
        `| ${path.split("node_modules/").at(-1)} | ${version ?? ""} | ${license ?? listedLicence(path)} |`,
    );
  return `${HEAD}${[...new Set(rows)].sort().join("\n")}\n`;
}

const page = thirdPartyPage();
if (!process.argv.includes("--check")) {
  writeFileSync(join(ROOT, THIRD_PARTY), page);
  console.log(`${THIRD_PARTY} is written`);
} else if (readFileSync(join(ROOT, THIRD_PARTY), "utf8") !== page) {
  console.error(`${THIRD_PARTY} is not what the lock file says; run: npm run licences`);
  process.exitCode = 1;
}
