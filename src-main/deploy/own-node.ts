// The Node that this program runs by, as one that may be sent to hosts of the same kind.
import type { OwnNode } from "./node-runtimes.ts";

export function ownNode(): OwnNode {
  const { platform, arch, version, execPath: path } = process;
  const isWhole = process.versions["electron"] === undefined && !isShared();
  return { path, version, platform: `${platform}-${arch}`, isPortable: isWhole && hasGlibc() };
}

/** Distributions split Node into a small program and a library. */
function isShared(): boolean {
  const variables: Readonly<Record<string, unknown>> = { ...process.config.variables };
  return variables["node_shared"] === true;
}

function hasGlibc(): boolean {
  const report: unknown = process.report.getReport();
  if (typeof report !== "object" || report === null || !("header" in report)) return false;
  const { header } = report;
  return typeof header === "object" && header !== null && "glibcVersionRuntime" in header;
}
