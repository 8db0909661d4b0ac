// The commands of the shell: what each is called, what it does, and how it says so.
import { Command, CommanderError } from "commander";
import { nearestName } from "#shared/application/nearest-name.ts";
import type { ActionResult, StartResult } from "#shared/controller-api/controller-api.ts";
import { CommandFailure } from "./command-failure.ts";
import { EXIT } from "./exit-codes.ts";
import { hostsWhere } from "./hosts-where.ts";
import { addDeployOptions, collectVariable, duration, FANOUT_DEFAULT, type DeployFlags } from "./options.ts";
import { presentFolded } from "./present-command.ts";
import { renderProblems } from "./render-problems.ts";
import { hostsRemedy, readNamed } from "./session.ts";
import type { ShellSession } from "./shell-session.ts";
import { FAIL_USAGE, failFromShell } from "./shell-fail.ts";
import { INFO_USAGE, infoFromShell } from "./shell-info.ts";
import { testFromShell } from "./shell-test.ts";
import { renderApplication } from "./shell-views.ts";
import { chosenHosts, lineWhere } from "./shell-where.ts";
import { commandText } from "./shell-words.ts";
import { counted } from "./table.ts";

export interface ShellCommand {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  readonly details?: readonly string[];
  /** Gives an exit code: scripts stop at the first that is not 0. `rest` is the line behind the command, as typed. */
  readonly perform: (shell: ShellSession, words: readonly string[], rest: string) => Promise<number>;
}

/** quit and history belong to whoever reads the lines; they are listed here for help and completion. */
const notHere = (): Promise<number> => Promise.resolve(EXIT.ok);

const FILTER_DETAILS = [
  "A FILTER is that of the window's lists: state:failed AND (site:ucsd OR depth>2) NOT @spare under:host17",
  "Behind --where it is one word: quote it. plush help filters has all of it.",
];

export const SHELL_COMMANDS: readonly ShellCommand[] = [
  {
    name: "load",
    usage: "load APPLICATION.xml",
    summary: "read and check an application specification",
    perform: load,
  },
  {
    name: "use",
    usage: "use DIRECTORY.xml",
    summary: "read a resource directory (also: directory)",
    perform: use,
  },
  { name: "directory", usage: "directory DIRECTORY.xml", summary: "the same as use", perform: use },
  {
    name: "run",
    usage: "run [FLAGS]",
    summary: "start the loaded application",
    details: [
      "Flags: --keep, --timeout TIME, --fanout N, --results FOLDER, --variable NAME=VALUE, --for TIME, -b",
    ],
    perform: run,
  },
  { name: "wait", usage: "wait", summary: "wait until the run has ended", perform: waitForRun },
  {
    name: "stop",
    usage: "stop",
    summary: "stop the run gracefully, as a success: for services",
    perform: stop,
  },
  { name: "abort", usage: "abort [REASON]", summary: "end the run and clean up", perform: abort },
  {
    name: "force",
    usage: "force NAME",
    summary: "release a barrier, or count a process block as done, whatever is missing",
    perform: force,
  },
  {
    name: "fail",
    usage: FAIL_USAGE,
    summary: "take hosts for failed; they are replaced if possible",
    perform: failFromShell,
  },
  {
    name: "test",
    usage: "test [NODESET] [--where FILTER]",
    summary: "whether hosts can be used, and if not, why (default: all)",
    perform: testFromShell,
  },
  {
    name: "connect",
    usage: "connect [NODESET] [--where FILTER]",
    summary: "start clients on hosts and keep them (default: all)",
    perform: connect,
  },
  {
    name: "disconnect",
    usage: "disconnect [NODESET] [--where FILTER] [--keep]",
    summary: "stop and clean up clients (default: all)",
    perform: disconnect,
  },
  {
    name: "shell",
    usage: "shell [--where FILTER] COMMAND",
    summary: "run a command on connected hosts (default: all); output folded",
    details: FILTER_DETAILS,
    perform: shellCommand,
  },
  {
    name: "info",
    usage: INFO_USAGE,
    summary: "hosts, one host, the overlay, what the run waits for, the controller",
    details: FILTER_DETAILS,
    perform: infoFromShell,
  },
  { name: "history", usage: "history", summary: "the lines typed so far", perform: notHere },
  { name: "help", usage: "help [COMMAND]", summary: "this list, or one command", perform: help },
  {
    name: "quit",
    usage: "quit",
    summary: "end what runs, clean up and leave (also: exit, Ctrl-D)",
    perform: notHere,
  },
];

export const RUN_FLAGS = [
  "--keep",
  "--timeout",
  "--fanout",
  "--results",
  "--variable",
  "--for",
  "--fold",
] as const;

export function findShellCommand(name: string): ShellCommand {
  const command = SHELL_COMMANDS.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  const nearest = nearestName(
    name,
    SHELL_COMMANDS.map((candidate) => candidate.name),
  );
  throw new CommandFailure(
    EXIT.usage,
    `there is no command '${name}'`,
    nearest === undefined ? "help lists the commands." : `Did you mean '${nearest}'?`,
  );
}

async function load(shell: ShellSession, words: readonly string[]): Promise<number> {
  const document = await readNamed(
    shell.session.world,
    onlyWord(words, "load APPLICATION.xml"),
    "the application specification",
  );
  const result = await shell.api.loadApplication(document);
  tell(
    shell,
    renderProblems(
      [{ path: document.shown, text: document.text, problems: result.problems }],
      shell.session.style,
    ),
  );
  if (!result.loaded) return EXIT.invalid;
  shell.application = document;
  if (result.application !== undefined)
    shell.screen.print(renderApplication(result.application, viewOf(shell)));
  shell.changed();
  return EXIT.ok;
}

async function use(shell: ShellSession, words: readonly string[]): Promise<number> {
  const document = await readNamed(
    shell.session.world,
    onlyWord(words, "use DIRECTORY.xml"),
    "the resource directory",
  );
  const result = await shell.api.loadDirectory(document);
  tell(
    shell,
    renderProblems(
      [{ path: document.shown, text: document.text, problems: result.problems }],
      shell.session.style,
    ),
  );
  if (!result.loaded) return EXIT.invalid;
  shell.screen.print([`${document.shown}: ${counted(result.hosts ?? 0, "host")}`]);
  shell.changed();
  return EXIT.ok;
}

interface RunFlags extends DeployFlags {
  readonly variable?: Readonly<Record<string, string>>;
  readonly for?: number;
  readonly fold?: boolean;
}

/** In the background while a person types; a script waits for its end. */
async function run(shell: ShellSession, words: readonly string[]): Promise<number> {
  const inBackground = words.at(-1) === "&";
  const flags = parseRunFlags(inBackground ? words.slice(0, -1) : words);
  const { preferences } = shell.session;
  if (shell.currentRun() !== undefined) {
    throw new CommandFailure(
      EXIT.error,
      "a run is going on",
      "abort or stop it, or wait until it has ended.",
    );
  }
  const { application } = shell.api.loaded();
  if (application === undefined)
    throw new CommandFailure(EXIT.invalid, "no application is loaded", "Load one: load APPLICATION.xml");
  requireLoadedDirectory(shell);
  const timeoutMs = flags.timeout ?? preferences.timeout ?? 0;
  const options = {
    fanout: flags.fanout ?? preferences.fanout ?? FANOUT_DEFAULT,
    keep: flags.keep ?? preferences.keep ?? false,
    stayConnected: true,
    deadlineMs: timeoutMs > 0 ? timeoutMs : undefined,
    results: flags.results,
    variables: flags.variable ?? {},
  };
  shell.followInBackground({
    start: () => shell.api.startRun(options),
    presenter: shell.runText(flags.fold === true),
    stopAfterMs: flags.for,
  });
  return shell.interactive || inBackground ? EXIT.ok : waitForRun(shell);
}

function requireLoadedDirectory(shell: ShellSession): void {
  if (shell.api.loaded().directory === undefined)
    throw new CommandFailure(EXIT.invalid, "no resource directory is loaded", "Load one: use DIRECTORY.xml");
}

function parseRunFlags(words: readonly string[]): RunFlags {
  const command = new Command("run")
    .exitOverride()
    .allowExcessArguments(false)
    .configureOutput({ writeErr: () => undefined });
  addDeployOptions(command)
    .option("--variable <name=value>", "", collectVariable)
    .option("--for <time>", "", duration)
    .option("-b, --fold");
  try {
    return command.parse(words, { from: "user" }).opts<RunFlags>();
  } catch (error) {
    if (error instanceof CommanderError)
      throw new CommandFailure(
        EXIT.usage,
        error.message.replace(/^error: /, ""),
        `Flags of run: ${RUN_FLAGS.join(", ")}.`,
      );
    throw error;
  }
}

async function waitForRun(shell: ShellSession): Promise<number> {
  return (await shell.currentRun()?.ended) ?? EXIT.ok;
}

async function stop(shell: ShellSession): Promise<number> {
  return act(shell, shell.api.endRun(runningRun(shell), "stop", "stopped by hand"));
}

async function abort(shell: ShellSession, words: readonly string[]): Promise<number> {
  return act(shell, shell.api.endRun(runningRun(shell), "abort", words.join(" ") || "aborted by hand"));
}

async function force(shell: ShellSession, words: readonly string[]): Promise<number> {
  const name = onlyWord(words, "force NAME (a barrier; quote blanks)");
  const barriers = shell.api.control().run?.barriers.map((barrier) => barrier.name) ?? [];
  const remedy = barriers.length === 0 ? "" : `Barriers of this run: ${barriers.join(", ")}.`;
  return act(shell, shell.api.force(runningRun(shell), name), remedy);
}

async function connect(shell: ShellSession, words: readonly string[]): Promise<number> {
  requireLoadedDirectory(shell);
  const hosts = chosenHosts(shell, words);
  const { fanout = FANOUT_DEFAULT } = shell.session.preferences;
  const result = await shell.api.connect(hosts, { fanout });
  return act(shell, result, chosenBadly(result) ? hostsRemedy(shell.api) : "");
}

async function disconnect(shell: ShellSession, words: readonly string[]): Promise<number> {
  const keep = words.includes("--keep");
  const hosts = chosenHosts(
    shell,
    words.filter((word) => word !== "--keep"),
  );
  const result = await shell.api.disconnect(hosts, { keep });
  return act(shell, result, chosenBadly(result) ? hostsRemedy(shell.api) : "");
}

/** Refused for the hosts that were named, not for how it went with them. */
function chosenBadly(result: ActionResult): boolean {
  return (
    result.kind === "refused" && /^(not in the directory|no hosts are left|hosts ')/.test(result.message)
  );
}

async function shellCommand(shell: ShellSession, _words: readonly string[], rest: string): Promise<number> {
  const { filter, rest: words } = lineWhere(rest);
  const command = commandText(words);
  if (command === "") throw usage("shell [--where FILTER] COMMAND");
  requireLoadedDirectory(shell);
  const { session, api } = shell;
  const options = {
    command,
    hosts: hostsWhere(api, undefined, filter),
    group: undefined,
    exclude: undefined,
    connectedOnly: true,
    stayConnected: true,
    wantsInput: false,
    fanout: session.preferences.fanout ?? FANOUT_DEFAULT,
    deadlineMs: undefined,
    results: undefined,
    keep: false,
  };
  // The counter of exec -b would get into the line being typed.
  const presenter = presentFolded(
    session.world,
    { ...session, quiet: true, fold: true },
    async (lines, stream) => {
      if (lines.length === 0) return;
      if (stream === "stdout") shell.screen.print(lines);
      else shell.screen.printError(lines);
    },
  );
  const start = async (): Promise<StartResult> => {
    const result = await api.startCommand(options);
    return result.kind === "refused" && result.exitCode === EXIT.someUnreachable
      ? { remedy: "connect starts clients on the hosts, and so does run.", ...result }
      : result;
  };
  return shell.follow({ start, presenter });
}

async function help(shell: ShellSession, words: readonly string[]): Promise<number> {
  const [name] = words;
  if (name !== undefined) {
    const { usage: form, summary, details = [] } = findShellCommand(name);
    shell.screen.print([form, `  ${summary}`, ...details.map((line) => `  ${line}`)]);
    return EXIT.ok;
  }
  const width = Math.max(...SHELL_COMMANDS.map((command) => command.usage.length));
  const { bold } = shell.session.style;
  shell.screen.print(
    SHELL_COMMANDS.map(({ name: title, usage: form, summary }) => {
      const given = form.slice(title.length).padEnd(width - title.length);
      return `${bold(title)}${given}  ${summary}`;
    }),
  );
  return EXIT.ok;
}

function runningRun(shell: ShellSession): string {
  const current = shell.currentRun();
  if (current === undefined || current.run === "")
    throw new CommandFailure(EXIT.error, "no run is going on", "Start one with run.");
  return current.run;
}

function act(shell: ShellSession, result: ActionResult, remedy = ""): number {
  if (result.kind === "refused") throw new CommandFailure(EXIT.error, result.message, remedy);
  if (result.message !== "") shell.screen.print([result.message]);
  return EXIT.ok;
}

function onlyWord(words: readonly string[], form: string): string {
  const [word] = words;
  if (word === undefined || words.length > 1) throw usage(form);
  return word;
}

function usage(form: string): CommandFailure {
  return new CommandFailure(EXIT.usage, `usage: ${form}`);
}

function viewOf(shell: ShellSession): {
  readonly style: ShellSession["session"]["style"];
  readonly columns: number | undefined;
} {
  return { style: shell.session.style, columns: shell.screen.columns() };
}

function tell(shell: ShellSession, lines: readonly string[]): void {
  if (lines.length > 0) shell.screen.print(lines);
}
