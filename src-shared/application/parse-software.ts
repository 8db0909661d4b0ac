// Reads <software>: packages, how they reach a host and how they are installed there.
import { DEFAULTS } from "./application-limits.ts";
import type { InstallerKind, PackageDefinition, SoftwareDefinition, TransferKind } from "./application.ts";
import {
  attributeOffset,
  attributeText,
  childOf,
  childrenOf,
  readChoice,
  readDurationMs,
  readName,
  textOffset,
  trimmedTextOf,
} from "./element-reader.ts";
import type { ProblemList } from "./problem-list.ts";
import type { XmlElement } from "./xml-document.ts";

const INSTALLERS: readonly InstallerKind[] = ["none", "tar", "zip", "script"];
const TRANSFERS: readonly TransferKind[] = ["web", "file"];
/** Plush wrote the file's type as "default" at times; it means the same as none. */
const INSTALLER_ALIASES: readonly string[] = ["default"];
const ARCHIVE_NAME = /\.(?:tar|tgz|tbz2?|txz|tzst|zip|tar\.[a-z0-9]{1,4})$/i;

export function parseSoftware(element: XmlElement, text: string, problems: ProblemList): SoftwareDefinition {
  const alias = INSTALLER_ALIASES.includes(attributeText(element, "type")?.trim() ?? "");
  const installer = alias ? "none" : readChoice(element, "type", INSTALLERS, "none", problems);
  return {
    span: element.span,
    name: readName(element, problems),
    installer,
    packages: childrenOf(element, "package").map((child) => parsePackage(child, installer, text, problems)),
    deadlineMs: readDurationMs(
      element,
      "deadline",
      { fallback: DEFAULTS.installDeadlineMs, min: 1 },
      problems,
    ),
  };
}

function parsePackage(
  element: XmlElement,
  installer: InstallerKind,
  text: string,
  problems: ProblemList,
): PackageDefinition {
  const path = trimmedTextOf(childOf(element, "path"));
  if (path === "") {
    problems.error(
      (childOf(element, "path") ?? element).span.start,
      "the package has no <path>",
      "Write <path>…</path>: its URL, or its file.",
    );
  }
  return {
    span: element.span,
    name: readName(element, problems, fileNameOf(path)),
    transfer: readChoice(element, "type", TRANSFERS, "web", problems),
    path,
    destPath: parseDestPath(element, installer, path, text, problems),
    sha256: parseSha256(element, problems),
  };
}

/**
 * Plush's dest_path is the name of the file on the host, also for an archive, which was then unpacked where it lay.
 * Nobody needs the archive itself, so for tar and zip only the folder counts.
 */
function parseDestPath(
  element: XmlElement,
  installer: InstallerKind,
  path: string,
  text: string,
  problems: ProblemList,
): string {
  const child = childOf(element, "dest_path");
  const written = trimmedTextOf(child);
  if (installer === "tar" || installer === "zip") {
    return (ARCHIVE_NAME.test(written) ? written.replace(/[^/\\]*$/, "") : written).replace(
      /^\.(?:[/\\]|$)|[/\\]+$/g,
      "",
    );
  }
  const destPath = written === "" ? (fileNameOf(path) ?? "") : written;
  if (destPath === "" && path !== "") {
    const offset = child === undefined ? element.span.start : textOffset(text, child);
    problems.error(
      offset,
      "the package does not say what its file is called on the host",
      "Write <dest_path>…</dest_path>.",
    );
  }
  return destPath;
}

/** The last part of a path or URL; undefined when it ends with a slash or has none. */
function fileNameOf(path: string): string | undefined {
  const withoutQuery = /^[a-z][a-z0-9+.-]*:\/\//i.test(path)
    ? path.replace(/[?#].*$/s, "").replace(/^[^:]*:\/\/[^/]*/, "")
    : path;
  const name = /([^/\\]*)$/.exec(withoutQuery)?.[1] ?? "";
  return name === "" ? undefined : name;
}

function parseSha256(element: XmlElement, problems: ProblemList): string | undefined {
  const written = attributeText(element, "sha256")?.trim().toLowerCase();
  if (written === undefined || /^[0-9a-f]{64}$/.test(written)) return written;
  const message = `the sha256 has ${String(written.length)} characters, not 64 hexadecimal digits`;
  const detail = written.length === 64 ? "the sha256 is not made of hexadecimal digits" : message;
  problems.error(attributeOffset(element, "sha256"), detail, "Write what 'sha256sum FILE' prints.");
  return undefined;
}
