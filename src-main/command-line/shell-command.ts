// `plush shell`, which is also `plush` alone: the interactive shell, or a script of its commands on standard input.
import { createInterface } from "node:readline";
import type { Command } from "commander";
import type { ControllerApi } from "#shared/controller-api/controller-api.ts";
import { exampleNamed } from "./demo-command.ts";
import { EXIT, strongestExit } from "./exit-codes.ts";
import {
  addDirectoryOption,
  addInputOption,
  addOutputOptions,
  addOverlayOptions,
  type DeployFlags,
  type OutputFlags,
} from "./options.ts";
import { createLineQueue } from "./line-queue.ts";
import { performLine } from "./perform-line.ts";
import { renderProblems } from "./render-problems.ts";
import { findDirectory, openSession, readNamed, withController, type Session } from "./session.ts";
import { openHistory } from "./shell-history.ts";
import { createShellSession, type ShellSession } from "./shell-session.ts";
import { createTerminalShell } from "./shell-terminal.ts";
import type { World } from "./world.ts";

interface ShellFlags extends OutputFlags, Pick<DeployFlags, "directory" | "overlay" | "degree"> {
  readonly demo?: boolean;
  readonly keepGoing?: boolean;
}

const DEMO_EXAMPLE = "roundrobin";

const EXAMPLES = `
Examples:
  plush                        the shell, with ./directory.xml when there is one
  plush shell --demo           with an example loaded
  plush shell < script.plush   commands from a file: no prompts, stops at the first that fails

In the shell: help. Ctrl-C ends a run, twice leaves at once; Ctrl-D or quit cleans up and leaves.`;

export function addShellCommand(program: Command, world: World, finish: (exitCode: number) => void): void {
  const command = program
    .command("shell")
    .summary("the interactive shell (also: plush alone)")
    .description("The interactive shell; reads commands from standard input when that is no terminal.");
  addOutputOptions(addOverlayOptions(addInputOption(addDirectoryOption(command))))
    .option("--demo", "with the roundrobin example and its embedded hosts loaded")
    .option("--keep-going", "a script goes on after a command that fails")
    .addHelpText("after", EXAMPLES)
    .action(async (flags: ShellFlags) => finish(await shellCommandLine(world, flags)));
}

export async function shellCommandLine(world: World, flags: ShellFlags): Promise<number> {
  const session = await openSession(world, flags);
  return withController(session, (api) =>
    world.stdin.isTTY === true ? converse(api, session, flags) : performScript(api, session, flags),
  );
}

async function converse(api: ControllerApi, session: Session, flags: ShellFlags): Promise<number> {
  const { world } = session;
  const history = await openHistory(world.paths.state, (text) => void world.stderr.write(`plush: ${text}\n`));
  const terminal = createTerminalShell(api, session, history);
  await prepare(terminal.shell, flags);
  if (flags.demo !== true) terminal.shell.screen.print(["plush: help lists the commands; quit leaves"]);
  const exitCode = await terminal.converse();
  await history.close();
  return exitCode;
}

async function performScript(api: ControllerApi, session: Session, flags: ShellFlags): Promise<number> {
  const { world } = session;
  const shell = createShellSession(
    api,
    session,
    {
      print: (lines) => void world.stdout.write(`${lines.join("\n")}\n`),
      printError: (lines) => void world.stderr.write(`${lines.join("\n")}\n`),
      columns: () => (world.stdout.isTTY === true ? world.stdout.columns : undefined),
    },
    false,
  );
  const read: string[] = [];
  const history = {
    lines: read,
    add: (line: string) => void read.push(line),
    close: () => Promise.resolve(),
  };
  let interrupted = false;
  await prepare(shell, flags);
  const lines = createInterface({ input: world.stdin, terminal: false, crlfDelay: Number.POSITIVE_INFINITY });
  const typed = createLineQueue(lines);
  const stopSignals = world.onSignal((signal) => {
    interrupted = true;
    if (!shell.interrupt(signal)) lines.close();
  });
  const codes: number[] = [];
  try {
    for (let line = await typed.next(); line !== undefined; line = await typed.next()) {
      history.add(line);
      const result = await performLine(shell, history, line);
      if (result.kind === "quit" || interrupted) break;
      codes.push(result.exitCode);
      if (result.exitCode !== EXIT.ok && flags.keepGoing !== true) break;
    }
    // A run that was sent to the background is part of the script.
    const background = interrupted ? undefined : await shell.currentRun()?.ended;
    codes.push(background ?? EXIT.ok);
  } finally {
    lines.close();
    stopSignals();
  }
  return interrupted ? EXIT.interrupted : strongestExit(codes);
}

/** Loads what was asked for; a failure is shown and the shell lives on. */
async function prepare(shell: ShellSession, flags: ShellFlags): Promise<void> {
  const { session, screen } = shell;
  if (flags.demo === true) {
    const example = await exampleNamed(session.world, DEMO_EXAMPLE);
    await shell.api.loadDirectory(
      await readNamed(session.world, example.directory, "the example's directory"),
    );
    shell.application = await readNamed(session.world, example.application, "the example");
    await shell.api.loadApplication(shell.application);
    const { bold } = session.style;
    screen.print([
      `This is plush; the example ${bold(DEMO_EXAMPLE)} and ${shell.api.hosts().length} embedded hosts on this computer are loaded. Type:`,
      `  ${bold("run")}              to deploy and run it: a master hands the turn round to ten clients`,
      `  ${bold("info nodes")}       to see the hosts and what they do`,
      `  ${bold("shell uptime")}     to run a command on all connected hosts (after run or connect)`,
      `  ${bold("help")} or ${bold("quit")}     for all commands, or to clean up and leave`,
    ]);
    shell.changed();
    return;
  }
  const directory = await findDirectory(session);
  if (directory === undefined) return;
  const result = await shell.api.loadDirectory(directory);
  const lines = renderProblems(
    [{ path: directory.shown, text: directory.text, problems: result.problems }],
    session.style,
  );
  if (lines.length > 0) screen.print(lines);
  if (result.loaded) screen.print([`using ${directory.shown}: ${result.hosts ?? 0} hosts`]);
  shell.changed();
}
