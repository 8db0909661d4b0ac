// Works out what software a run needs: reads the packages that are pushed from here, and digests all that decides.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { PackageDefinition, Project, SoftwareDefinition } from "#shared/application/application.ts";
import { createSharedTable, substitute, type VariableTable } from "#shared/application/variables.ts";
import type { PackagePlan, SoftwarePlan } from "#shared/protocol/commands.ts";

const PERMISSION_BITS = 0o777;

export interface PushedFile {
  readonly sha256: string;
  readonly path: string;
  readonly size: number;
}

export interface PlannedSoftware {
  readonly plans: ReadonlyMap<string, SoftwarePlan>;
  /** Files that hosts will ask for. */
  readonly files: readonly PushedFile[];
  readonly problems: readonly SoftwareProblem[];
}

export interface SoftwareProblem {
  readonly offset: number;
  readonly message: string;
  readonly remedy: string;
}

/** Only software that a component of the experiment uses is looked at. */
export async function planSoftware(
  project: Project,
  specificationPath: string,
  run: string,
  variables: ReadonlyMap<string, string>,
): Promise<PlannedSoftware> {
  const used = new Set(
    project.components.flatMap((component) => component.software.map((reference) => reference.name)),
  );
  const plans = new Map<string, SoftwarePlan>();
  const files: PushedFile[] = [];
  const problems: SoftwareProblem[] = [];
  const table = createSharedTable(run, variables);
  for (const software of project.software) {
    if (!used.has(software.name)) continue;
    const packages: PackagePlan[] = [];
    for (const definition of software.packages) {
      const planned = await planPackage(definition, dirname(resolve(specificationPath)), table);
      if ("problem" in planned) problems.push(planned.problem);
      else packages.push(planned.plan);
      if ("file" in planned) files.push(planned.file);
    }
    plans.set(software.name, planOf(software, packages));
  }
  return { plans, files, problems };
}

type PlannedPackage =
  | { readonly plan: PackagePlan; readonly file: PushedFile }
  | { readonly plan: PackagePlan }
  | { readonly problem: SoftwareProblem };

async function planPackage(
  definition: PackageDefinition,
  base: string,
  table: VariableTable,
): Promise<PlannedPackage> {
  const { name, sha256 } = definition;
  const fill = (text: string): string => {
    const filled = substitute(text, table, undefined);
    return filled.kind === "ok" ? filled.text : text;
  };
  const path = fill(definition.path);
  const destPath = fill(definition.destPath);
  if (definition.transfer === "web")
    return { plan: { name, destPath, source: { kind: "web", url: path, sha256 } } };
  const full = resolve(base, path);
  try {
    const { size, mode, isFile } = await statOf(full);
    if (!isFile)
      return problemOf(
        definition,
        `package '${name}': ${full} is not a file`,
        "Name a file; pack a folder with tar first.",
      );
    const digest = await digestOf(full);
    if (sha256 !== undefined && sha256 !== digest) {
      return problemOf(
        definition,
        `package '${name}': the sha256 of ${full} is ${digest} and should be ${sha256}`,
        "Correct the sha256, or put the right file there.",
      );
    }
    return {
      plan: { name, destPath, source: { kind: "file", sha256: digest, size, mode } },
      file: { sha256: digest, path: full, size },
    };
  } catch (error) {
    return problemOf(definition, `package '${name}': ${readingFailure(full, error)}`, PATHS_REMEDY);
  }
}

const PATHS_REMEDY =
  "Paths are relative to the application specification (to the folder you are in when it comes from standard input).";

function readingFailure(path: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return `there is no file ${path}`;
  if (code === "EACCES" || code === "EPERM") return `you may not read ${path}`;
  return `${path} cannot be read: ${message}`;
}

async function statOf(path: string): Promise<{ size: number; mode: number; isFile: boolean }> {
  const status = await stat(path);
  return { size: status.size, mode: status.mode & PERMISSION_BITS, isFile: status.isFile() };
}

function problemOf(
  definition: PackageDefinition,
  message: string,
  remedy: string,
): { problem: SoftwareProblem } {
  return { problem: { offset: definition.span.start, message, remedy } };
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}

function planOf(software: SoftwareDefinition, packages: readonly PackagePlan[]): SoftwarePlan {
  const { name, installer, deadlineMs } = software;
  // The name is part of no digest: the same content under another name is the same content.
  const key = createHash("sha256")
    .update(
      JSON.stringify({ installer, packages: packages.map(({ destPath, source }) => ({ destPath, source })) }),
    )
    .digest("hex");
  return { name, installer, packages, deadlineMs, key };
}
