// Turns a process of the plan into a start request: variables filled in, secrets put into the environment.
import type { CollectRule, HealthCheck, ProcessDefinition } from "#shared/application/application.ts";
import { substitute, type HostVariables, type VariableTable } from "#shared/application/variables.ts";
import type { ExecuteCommand } from "#shared/protocol/commands.ts";
import type { ProcessRequest } from "./client-events.ts";

export type BuiltRequest =
  | { readonly kind: "request"; readonly request: ProcessRequest }
  | { readonly kind: "unknown"; readonly names: readonly string[] };

/** All that texts of the plan are filled from on this host. */
export interface Fillings {
  readonly table: VariableTable;
  readonly host: HostVariables;
  readonly secrets: Readonly<Record<string, string>>;
}

export type RequestPlace = Pick<ProcessRequest, "id" | "run" | "block" | "attempt" | "wantsInput">;

export function buildRequest(
  process: ProcessDefinition,
  place: RequestPlace,
  fillings: Fillings,
): BuiltRequest {
  const unknown: string[] = [];
  const fill = (text: string): string => {
    const result = substitute(text, fillings.table, fillings.host);
    if ("text" in result) return result.text;
    unknown.push(...result.unknown);
    return text;
  };
  const environment: Record<string, string> = {};
  for (const variable of process.environment) {
    if (variable.kind === "value") environment[variable.name] = fill(variable.value);
    else {
      const value = fillings.secrets[variable.secret];
      if (value === undefined) unknown.push(`secret '${variable.secret}'`);
      else environment[variable.name] = value;
    }
  }
  const request: ProcessRequest = {
    ...place,
    path: fill(process.path),
    args: process.args.map(fill),
    cwd: fill(process.cwd),
    environment,
    user: process.user,
    limits: process.limits,
    secrets: Object.values(fillings.secrets),
    stopGraceMs: process.stopGraceMs,
  };
  return unknown.length > 0 ? { kind: "unknown", names: unknown } : { kind: "request", request };
}

export function collectRulesOf(command: ExecuteCommand, fillings: Fillings): CollectRule[] {
  const rules = command.componentBlocks.flatMap((componentBlock) => [
    ...componentBlock.collects,
    ...componentBlock.blocks.flatMap((block) => (block.kind === "process" ? block.process.collects : [])),
  ]);
  return rules.map((rule) => ({ ...rule, path: fillText(rule.path, fillings) }));
}

export function fillProbe(probe: HealthCheck["probe"], fillings: Fillings): HealthCheck["probe"] {
  const fill = (text: string): string => fillText(text, fillings);
  switch (probe.kind) {
    case "command":
      return { kind: "command", path: fill(probe.path), args: probe.args.map(fill) };
    case "port":
      return { kind: "port", port: fill(probe.port) };
    case "http":
      return { kind: "http", url: fill(probe.url) };
  }
}

/** Text with its variables filled in; as it is when one is unknown (the check has refused those already). */
export function fillText(text: string, fillings: Fillings): string {
  const result = substitute(text, fillings.table, fillings.host);
  return "text" in result ? result.text : text;
}
