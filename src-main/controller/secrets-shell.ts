// Reads the values of a run's secrets, just before they are sent: from the controller's environment or from a file.
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Project } from "#shared/application/application.ts";
import type { SoftwareProblem } from "./software-plans-shell.ts";

export interface SecretValues {
  readonly values: Readonly<Record<string, string>>;
  readonly problems: readonly SoftwareProblem[];
}

/** Problems name the place, never the value. */
export async function readSecrets(project: Project, specificationPath: string): Promise<SecretValues> {
  const values: Record<string, string> = {};
  const problems: SoftwareProblem[] = [];
  for (const { name, source, span } of project.secrets) {
    const value = await valueOf(source, dirname(resolve(specificationPath)));
    if (value.kind === "value") values[name] = value.text;
    else
      problems.push({
        offset: span.start,
        message: `secret '${name}': ${value.reason}`,
        remedy: value.remedy,
      });
  }
  return { values, problems };
}

type SecretValue =
  | { readonly kind: "value"; readonly text: string }
  | { readonly kind: "missing"; readonly reason: string; readonly remedy: string };

async function valueOf(source: Project["secrets"][number]["source"], base: string): Promise<SecretValue> {
  if (source.kind === "env") {
    const text = process.env[source.name];
    if (text !== undefined) return { kind: "value", text };
    return {
      kind: "missing",
      reason: `the environment has no variable ${source.name}`,
      remedy: `Set it before the run: ${source.name}=… plush run …`,
    };
  }
  try {
    // The line end that editors put at the end of a file is no part of a secret.
    return {
      kind: "value",
      text: (await readFile(resolve(base, source.name), "utf8")).replace(/\r?\n$/, ""),
    };
  } catch (error) {
    return {
      kind: "missing",
      reason: error instanceof Error ? error.message : String(error),
      remedy: "The path is relative to the application specification.",
    };
  }
}
