// A command on hosts as a run of its own: one component that is exactly these hosts, one process on each. Pure.
import { DEFAULTS } from "#shared/application/application-limits.ts";
import type { ProcessDefinition } from "#shared/application/application.ts";
import { shortMessage } from "#shared/application/problem-list.ts";
import { escapeVariables } from "#shared/application/variables.ts";
import { blockPathOf, type HostId, type RunId } from "#shared/base/ids.ts";
import { foldNames, parseNodeSet } from "#shared/node-set/node-set.ts";
import type { ResourceDirectory } from "#shared/resource-directory/resource-directory.ts";
import type { RunPlan } from "./run-plan.ts";

const NOWHERE = { span: { start: 0, end: 0 } } as const;
/** The names that events and results show for a command. */
export const COMMAND_COMPONENT = "hosts";
const COMMAND_BLOCK = "command";
/** Kept of each stream of a command: people expect all of it, and a forgotten `cat` of a disk must still end. */
const COMMAND_OUTPUT_BYTES = 256 * 1024 * 1024;

export interface CommandPlanSettings {
  readonly run: RunId;
  readonly command: string;
  readonly hosts: readonly HostId[];
  readonly wantsInput: boolean;
  readonly deadlineMs: number | undefined;
}

export function planCommand(directory: ResourceDirectory, settings: CommandPlanSettings): RunPlan {
  const wanted = new Set<string>(settings.hosts);
  const resources = directory.managers.flatMap((manager) => {
    const names = manager.hosts.filter((host) => wanted.has(host.id)).map((host) => host.id);
    return names.length === 0
      ? []
      : [{ ...NOWHERE, type: manager.type, group: undefined, hosts: foldNames(names) }];
  });
  const experiment = "command";
  const blockPath = blockPathOf(COMMAND_BLOCK, COMMAND_COMPONENT, experiment);
  const process = shellProcess(settings.command);
  return {
    run: settings.run,
    application: settings.command,
    experiment,
    components: [
      {
        name: COMMAND_COMPONENT,
        hostsMin: 0,
        hostsMax: settings.hosts.length,
        resources,
        software: [],
        blocks: [
          {
            name: COMMAND_COMPONENT,
            path: blockPathOf(COMMAND_COMPONENT, experiment),
            blocks: [{ kind: "process", name: COMMAND_BLOCK, path: blockPath, predecessors: [], process }],
            collects: [],
          },
        ],
        servicesOnly: false,
        neededToTheEnd: false,
        collects: false,
        stopGraceMs: DEFAULTS.stopGraceMs,
      },
    ],
    barriers: [],
    deadlineMs: settings.deadlineMs ?? DEFAULTS.runDeadlineMs,
    durationMs: undefined,
    controllerAbsenceMs: DEFAULTS.controllerAbsenceMs,
    variables: new Map(),
    softwareDirectories: [],
    secretNames: [],
    startTogether: false,
    inputWanted: settings.wantsInput,
  };
}

/** As in the original: the shell's text is run by `sh -c`. Variables are the shell's, so ours are escaped. */
function shellProcess(command: string): ProcessDefinition {
  const limits = {
    openFiles: undefined,
    memoryBytes: undefined,
    fileSizeBytes: undefined,
    cpuSeconds: undefined,
    processes: undefined,
    outputBytes: COMMAND_OUTPUT_BYTES,
  };
  return {
    ...NOWHERE,
    name: COMMAND_BLOCK,
    path: "sh",
    args: ["-c", escapeVariables(command)],
    cwd: "",
    environment: [],
    user: undefined,
    exitPolicies: [],
    deadlineMs: undefined,
    service: false,
    healthCheck: undefined,
    limits,
    stopGraceMs: DEFAULTS.stopGraceMs,
    collects: [],
  };
}

export type HostChoice =
  | { readonly kind: "chosen"; readonly hosts: readonly HostId[] }
  | { readonly kind: "refused"; readonly message: string };

/** The hosts that -w, -g and -x mean; a name that is not in the directory is refused, never run elsewhere. */
export function chooseHosts(
  directory: ResourceDirectory,
  wanted: {
    readonly hosts: string | undefined;
    readonly group: string | undefined;
    readonly exclude: string | undefined;
  },
): HostChoice {
  const entries = directory.managers.flatMap((manager) => manager.hosts);
  const all = entries.map((entry) => entry.id);
  const groups = (_source: string | undefined, name: string): readonly string[] | undefined => {
    const members = entries.filter((entry) => entry.groups.includes(name)).map((entry) => entry.id);
    return members.length === 0 ? undefined : members;
  };
  const setOf = (text: string): ReturnType<typeof parseNodeSet> => parseNodeSet(text, { groups, all });
  const base = wanted.group === undefined ? all : groups(undefined, wanted.group);
  if (base === undefined) return refused(`no group '${wanted.group ?? ""}' in the directory`);
  const chosen = wanted.hosts === undefined ? undefined : setOf(wanted.hosts);
  if (chosen?.kind === "error") return refused(`hosts '${wanted.hosts ?? ""}': ${chosen.message}`);
  const excluded = wanted.exclude === undefined ? undefined : setOf(wanted.exclude);
  if (excluded?.kind === "error")
    return refused(`excluded hosts '${wanted.exclude ?? ""}': ${excluded.message}`);
  const known = new Set<string>(all);
  const unknown = chosen?.set.names().filter((name) => !known.has(name)) ?? [];
  if (unknown.length > 0) return refused(`not in the directory: ${foldNames(unknown)}`);
  const hosts = base.filter(
    (host) => chosen?.set.has(host) !== false && excluded?.set.has(host) !== true,
  ) as HostId[];
  return hosts.length === 0 ? refused("no hosts are left to run it on") : { kind: "chosen", hosts };
}

function refused(message: string): HostChoice {
  return { kind: "refused", message: shortMessage(message) };
}
