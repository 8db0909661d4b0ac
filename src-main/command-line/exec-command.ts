// `plush exec`: one shell command on many hosts, as pdsh and clush run it.
import type { Command } from "commander";
import type { CommandOptions, ControllerApi, StartResult } from "#shared/controller-api/controller-api.ts";
import { CommandFailure } from "./command-failure.ts";
import { EXIT } from "./exit-codes.ts";
import { hostsFromInput } from "./hosts-from-input.ts";
import { hostsWhere } from "./hosts-where.ts";
import { followRun, type RunPresenter } from "./follow-run.ts";
import {
  addDeployOptions,
  addOverlayOptions,
  addOutputOptions,
  addWhereOption,
  FANOUT_DEFAULT,
  type DeployFlags,
  type OutputFlags,
} from "./options.ts";
import { presentCommandObject, presentFolded, presentPrefixed } from "./present-command.ts";
import { presentRun } from "./present-run.ts";
import { refuseInvalid } from "./run-command.ts";
import { sendStandardInput } from "./send-input.ts";
import {
  hostsRemedy,
  loadDocuments,
  openSession,
  requireDirectory,
  tellProblems,
  tellSimulated,
  withController,
  type Session,
} from "./session.ts";
import type { World } from "./world.ts";

interface ExecFlags extends DeployFlags, OutputFlags {
  readonly hosts?: string;
  readonly group?: string;
  readonly exclude?: string;
  readonly where?: string;
  readonly fold?: boolean;
  /** Commander's form of --no-stdin. */
  readonly stdin?: boolean;
}

const EXAMPLES = `
Examples:
  plush exec -d directory.xml -- uptime
  plush exec -w 'node[1-16]' -x node7 -b -- uname -r       identical output once, largest group first
  plush exec -g client -- 'df -h / | tail -1'              the command is the shell's: quote its pipes
  tar c conf | plush exec -g web -- tar x                  standard input goes to all hosts
  plush exec --where 'site:ucsd NOT @spare' -- uptime      by a filter: plush help filters
  printf 'node[1-3]' | plush exec -w - -- hostname         the node set from standard input

Options of plush stand before the command; -- ends them.
Exit codes: 0 all succeeded, 3 some failed, 4 some could not be reached; plush help codes.`;

export function addExecCommand(program: Command, world: World, finish: (exitCode: number) => void): void {
  const command = program
    .command("exec")
    .summary("run one command on many hosts")
    .description("Runs one command by sh -c on hosts of the directory; all of them unless chosen.")
    .argument("<command...>", "the command; several words are joined by blanks")
    .passThroughOptions();
  addWhereOption(addOverlayOptions(addDeployOptions(command)))
    .option("-w, --hosts <nodeset>", "hosts: node[1-16]!node7, @group (- reads the set from standard input)")
    .option("-g, --group <group>", "hosts of this group")
    .option("-x, --exclude <nodeset>", "without these hosts")
    .option("-b, --fold", "show output folded at the end, identical output once")
    .option("--no-stdin", "leave standard input alone");
  addOutputOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (words: readonly string[], flags: ExecFlags) =>
      finish(await execCommand(world, words.join(" "), flags)),
    );
}

export async function execCommand(world: World, command: string, flags: ExecFlags): Promise<number> {
  const session = await openSession(world, flags);
  if (command.trim() === "")
    throw new CommandFailure(
      EXIT.usage,
      "there is no command to run",
      "Put it behind --: plush exec -- uptime",
    );
  const hosts = flags.hosts === "-" ? await hostsFromInput(world) : flags.hosts;
  const directory = await requireDirectory(session);
  return withController(session, async (api) => {
    const { loaded, documents } = await loadDocuments(api, directory, undefined);
    if (session.output === "text" || loaded) tellProblems(session, documents);
    if (!loaded) return refuseInvalid(session, documents);
    tellSimulated(session, api);
    return follow(api, session, command, hostsWhere(api, hosts, flags.where), flags);
  });
}

function follow(
  api: ControllerApi,
  session: Session,
  command: string,
  hosts: string | undefined,
  flags: ExecFlags,
): Promise<number> {
  const { world, preferences } = session;
  const wantsInput = flags.stdin !== false && flags.hosts !== "-" && world.stdin.isTTY !== true;
  const timeoutMs = preferences.timeout ?? 0;
  const options = {
    command,
    hosts,
    group: flags.group,
    exclude: flags.exclude,
    connectedOnly: false,
    stayConnected: false,
    wantsInput,
    fanout: preferences.fanout ?? FANOUT_DEFAULT,
    deadlineMs: timeoutMs > 0 ? timeoutMs : undefined,
    results: flags.results,
    keep: preferences.keep ?? false,
  };
  const presenter = presenterOf(session, command, flags.fold === true);
  return followRun({
    api,
    world,
    presenter,
    start: () => startCommand(api, options),
    ...(wantsInput
      ? {
          whileRunning: (run: string) =>
            sendStandardInput(api, world.stdin, run, (text) => presenter.message(text)),
        }
      : {}),
  });
}

/** Before a run exists, only the choice of hosts can be wrong: says what there is to choose from. */
async function startCommand(api: ControllerApi, options: CommandOptions): Promise<StartResult> {
  const result = await api.startCommand(options);
  return result.kind === "refused" && result.exitCode === EXIT.invalid
    ? { remedy: hostsRemedy(api), ...result }
    : result;
}

function presenterOf(session: Session, command: string, fold: boolean): RunPresenter {
  const options = { ...session, fold };
  switch (session.output) {
    case "jsonl":
      return presentRun(session.world, options);
    case "json":
      return presentCommandObject(session.world, command);
    case "text":
      return fold ? presentFolded(session.world, options) : presentPrefixed(session.world, options);
  }
}
