// The variables of a specification, ${host.name} and its kin: found in a text, and replaced when a process starts.
import type { SoftwareDefinition, Span } from "./application.ts";
import { packNames, packedCount, packedNameAt, unpackNames, type PackedNames } from "./packed-names.ts";

/** What is the same for every host of a run; sent to each client, so it stays small for 1000 hosts. */
export interface VariableTable {
  readonly runId: string;
  readonly variables: readonly { readonly name: string; readonly value: string }[];
  readonly components: readonly ComponentVariables[];
  readonly software: readonly SoftwareVariables[];
}

export interface ComponentVariables {
  readonly name: string;
  /** In the order of `host.index`. */
  readonly hosts: PackedNames;
  /** Undefined when they are the same as the names. */
  readonly addresses: PackedNames | undefined;
}

export interface SoftwareVariables {
  readonly name: string;
  /** Below the run's directory; "" is that directory itself. */
  readonly directory: string;
}

/** What a client knows of its own host. */
export interface HostVariables {
  readonly name: string;
  readonly address: string;
  /** Place in its component, from 0. */
  readonly index: number;
  readonly component: string;
  readonly user: string;
  /** "" when the resource directory names none. */
  readonly site: string;
  /** The run's directory on this host, absolute. */
  readonly directory: string;
  /** The Node executable that runs the client, absolute. */
  readonly node: string;
}

export interface VariableTableParts {
  readonly runId: string;
  readonly variables: ReadonlyMap<string, string>;
  readonly components: readonly {
    readonly name: string;
    readonly hosts: readonly { readonly name: string; readonly address: string }[];
  }[];
  readonly software: readonly SoftwareDefinition[];
}

export function createVariableTable(parts: VariableTableParts): VariableTable {
  const shared = createSharedTable(parts.runId, parts.variables);
  return {
    ...shared,
    components: parts.components.map(({ name, hosts }) => ({
      name,
      hosts: packNames(hosts.map((host) => host.name)),
      addresses: hosts.every((host) => host.name === host.address)
        ? undefined
        : packNames(hosts.map((host) => host.address)),
    })),
    software: parts.software.map((software) => {
      const directory = substitute(softwareDirectoryOf(software), shared, undefined);
      return { name: software.name, directory: directory.kind === "ok" ? directory.text : "" };
    }),
  };
}

/** What is known before there are hosts: enough for the paths of packages. */
export function createSharedTable(runId: string, variables: ReadonlyMap<string, string>): VariableTable {
  return {
    runId,
    variables: [...variables].map(([name, value]) => ({ name, value })),
    components: [],
    software: [],
  };
}

/** Where a software's first package ends up: the folder it is unpacked into, or the one that its file lies in. Not yet substituted. */
export function softwareDirectoryOf(software: SoftwareDefinition): string {
  const destPath = software.packages[0]?.destPath ?? "";
  const unpacked = software.installer === "tar" || software.installer === "zip";
  return (unpacked ? destPath : destPath.replace(/[^/\\]*$/, "")).replace(/[/\\]+$/, "");
}

export interface VariableUse {
  /** Without the braces: "host.name". */
  readonly name: string;
  /** With the braces. */
  readonly span: Span;
}

/**
 * `$${` is an escaped `${`; a variable is `${`, a word, a dot and anything up to `}`. No shell expansion looks like
 * that: `${HOME}`, `${file%.txt}` and `${1:-a.b}` have no dot right behind the first word.
 */
const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*\.[^${}]*)\}/g;

export function variablesIn(text: string): VariableUse[] {
  const uses: VariableUse[] = [];
  for (const match of text.matchAll(REFERENCE)) {
    if (match[1] === undefined) continue;
    uses.push({ name: match[1], span: { start: match.index, end: match.index + match[0].length } });
  }
  return uses;
}

export type Substitution =
  | { readonly kind: "ok"; readonly text: string }
  /** Names that stand for nothing, each once, in the order of the text. */
  | { readonly kind: "unknown"; readonly unknown: readonly string[] };

/** Values are put in as they are: what looks like a variable in a value is not looked at again. */
export function substitute(
  text: string,
  table: VariableTable,
  host: HostVariables | undefined,
): Substitution {
  const unknown = new Set<string>();
  const replaced = text.replace(REFERENCE, (_whole, name: string | undefined) => {
    if (name === undefined) return "${";
    const value = valueOf(name, table, host);
    if (value === undefined) unknown.add(name);
    return value ?? "";
  });
  return unknown.size === 0 ? { kind: "ok", text: replaced } : { kind: "unknown", unknown: [...unknown] };
}

/** Text that `substitute` gives back as `text`. */
export function escapeVariables(text: string): string {
  return text.replace(/\$\{/g, () => "$${");
}

/** What a variable's name says, without saying whether it exists. */
export type VariableName =
  | { readonly kind: "host"; readonly field: HostField }
  | { readonly kind: "run"; readonly field: "id" | "directory" }
  | { readonly kind: "ownComponent" }
  | {
      readonly kind: "component";
      readonly component: string;
      readonly field: "count" | "hosts" | "addresses";
    }
  | {
      readonly kind: "componentHost";
      readonly component: string;
      readonly field: "host" | "address";
      readonly index: number;
    }
  | { readonly kind: "software"; readonly software: string }
  | { readonly kind: "variable"; readonly variable: string };

const HOST_FIELDS = ["name", "address", "index", "user", "site", "directory", "node"] as const;
type HostField = (typeof HOST_FIELDS)[number];
/** The names that stand for themselves, for suggestions. */
export const PLAIN_VARIABLES: readonly string[] = [
  ...HOST_FIELDS.map((field) => `host.${field}`),
  "run.id",
  "run.directory",
  "component.name",
];

/** Names of components and software may hold dots and blanks: what stands behind the last dots decides. */
export function parseVariableName(name: string): VariableName | undefined {
  const space = name.slice(0, name.indexOf("."));
  const rest = name.slice(space.length + 1);
  switch (space) {
    case "host": {
      const field = HOST_FIELDS.find((known) => known === rest);
      return field === undefined ? undefined : { kind: "host", field };
    }
    case "run":
      return rest === "id" || rest === "directory" ? { kind: "run", field: rest } : undefined;
    case "var":
      return rest === "" ? undefined : { kind: "variable", variable: rest };
    case "software": {
      const software = /^(.+)\.directory$/s.exec(rest)?.[1];
      return software === undefined ? undefined : { kind: "software", software };
    }
    case "component":
      return rest === "name" ? { kind: "ownComponent" } : parseComponentVariable(rest);
    default:
      return undefined;
  }
}

function parseComponentVariable(rest: string): VariableName | undefined {
  const whole = /^(.+)\.(count|hosts|addresses)$/s.exec(rest);
  if (whole?.[1] !== undefined)
    return { kind: "component", component: whole[1], field: whole[2] as "count" | "hosts" | "addresses" };
  const one = /^(.+)\.(host|address)\.(\d{1,9})$/s.exec(rest);
  if (one?.[1] === undefined) return undefined;
  return {
    kind: "componentHost",
    component: one[1],
    field: one[2] as "host" | "address",
    index: Number(one[3]),
  };
}

function valueOf(name: string, table: VariableTable, host: HostVariables | undefined): string | undefined {
  const parsed = parseVariableName(name);
  if (parsed === undefined) return undefined;
  switch (parsed.kind) {
    case "host":
      return host === undefined ? undefined : String(host[parsed.field]);
    case "run":
      return parsed.field === "id" ? table.runId : host?.directory;
    case "ownComponent":
      return host?.component;
    case "variable":
      return table.variables.find((variable) => variable.name === parsed.variable)?.value;
    case "software": {
      const directory = table.software.find((software) => software.name === parsed.software)?.directory;
      return host === undefined || directory === undefined ? undefined : joined(host.directory, directory);
    }
    case "component":
    case "componentHost": {
      const component = table.components.find((candidate) => candidate.name === parsed.component);
      return component === undefined ? undefined : componentValueOf(parsed, component);
    }
  }
}

function componentValueOf(
  name: Extract<VariableName, { kind: "component" | "componentHost" }>,
  component: ComponentVariables,
): string | undefined {
  const addresses = component.addresses ?? component.hosts;
  if (name.kind === "componentHost")
    return packedNameAt(name.field === "host" ? component.hosts : addresses, name.index);
  if (name.field === "count") return String(packedCount(component.hosts));
  return unpackNames(name.field === "hosts" ? component.hosts : addresses).join(",");
}

function joined(directory: string, below: string): string {
  return below === "" ? directory : `${directory.replace(/[/\\]+$/, "")}/${below}`;
}
