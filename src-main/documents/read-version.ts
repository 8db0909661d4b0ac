// Which version of Nebula this is: package.json says it, one level up from dist/ as from src-main/.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export function readVersion(programDirectory: string): string {
  const path = join(programDirectory, "..", "package.json");
  if (!existsSync(path)) return "unknown";
  const content: unknown = JSON.parse(readFileSync(path, "utf8"));
  return typeof content === "object" && content !== null && "version" in content
    ? String(content.version)
    : "unknown";
}
