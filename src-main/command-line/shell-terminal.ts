// The shell for a person at a terminal: prompt, editing, completion, Ctrl-C and Ctrl-D, events above the line being typed.
import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { clearScreenDown, createInterface, cursorTo, moveCursor, type Interface } from "node:readline";
import type { ControllerApi } from "#shared/controller-api/controller-api.ts";
import { EXIT } from "./exit-codes.ts";
import { createLineQueue } from "./line-queue.ts";
import { performLine } from "./perform-line.ts";
import { CTRL_C, type Session } from "./session.ts";
import { completeShellLine, type CompletionNames } from "./shell-completion.ts";
import { RUN_FLAGS, SHELL_COMMANDS } from "./shell-commands.ts";
import { HISTORY_LINES_MAX, type ShellHistory } from "./shell-history.ts";
import { createShellSession, type ShellScreen, type ShellSession } from "./shell-session.ts";

export interface TerminalShell {
  readonly shell: ShellSession;
  /** Reads and performs lines until quit or Ctrl-D. */
  converse(): Promise<number>;
}

export function createTerminalShell(
  api: ControllerApi,
  session: Session,
  history: ShellHistory,
): TerminalShell {
  const { stdin, stdout } = session.world;
  const lines = createInterface({
    input: stdin,
    output: stdout,
    terminal: true,
    historySize: HISTORY_LINES_MAX,
    history: history.lines.toReversed(),
    removeHistoryDuplicates: true,
    completer: (line: string) => completeShellLine(line, namesOf(api, session)),
  });
  const screen = createPromptScreen(lines, session);
  const shell = createShellSession(api, session, screen, true);
  const refresh = (): void => {
    lines.setPrompt(promptOf(shell));
    if (screen.prompting() && !session.turn.isTaken) lines.prompt(true);
  };
  shell.onChange(refresh);
  return { shell, converse: () => converse(lines, screen, shell, history, refresh) };
}

interface PromptScreen extends ShellScreen {
  prompting(): boolean;
  setPrompting(prompting: boolean): void;
}

/** Lines come above the prompt: it is taken away, and drawn again with what was typed. */
function createPromptScreen(lines: Interface, session: Session): PromptScreen {
  const { stdout } = session.world;
  let prompting = false;
  let waiting: string[] = [];
  const takePromptAway = (): void => {
    moveCursor(stdout, 0, -lines.getCursorPos().rows);
    cursorTo(stdout, 0);
    clearScreenDown(stdout);
    // readline believes that the cursor is where it left it, and would go up as many rows (a property without a type).
    Object.assign(lines, { prevRows: 0 });
  };
  const print = (added: readonly string[]): void => {
    if (added.length === 0) return;
    if (session.turn.isTaken) {
      waiting.push(...added);
      return;
    }
    if (prompting) takePromptAway();
    stdout.write(`${added.join("\n")}\n`);
    if (prompting) lines.prompt(true);
  };
  session.turn.onChange((isTaken) => {
    if (isTaken) {
      if (prompting) takePromptAway();
      return;
    }
    const held = waiting;
    waiting = [];
    if (held.length > 0) print(held);
    else if (prompting) lines.prompt(true);
  });
  return {
    print,
    printError: print,
    columns: () => stdout.columns,
    prompting: () => prompting,
    setPrompting(next) {
      prompting = next;
    },
  };
}

function promptOf(shell: ShellSession): string {
  const { bold, green } = shell.session.style;
  const project = shell.api.loaded().application?.project;
  const run = shell.currentRun();
  const about = project === undefined ? "" : ` ${green(project)}`;
  return `${bold("plush")}${about}${run === undefined ? "" : ` [${run.state}]`}> `;
}

async function converse(
  lines: Interface,
  screen: PromptScreen,
  shell: ShellSession,
  history: ShellHistory,
  refresh: () => void,
): Promise<number> {
  const typed = createLineQueue(lines);
  const stopSignals = shell.session.world.onSignal((signal) => {
    if (signal === CTRL_C) {
      // At a question: what goes on is interrupted, and the shell lives on.
      shell.interrupt(signal);
      return;
    }
    // Ctrl-C is a key here (raw mode); these come from outside and mean: leave, cleaning up.
    if (!shell.interrupt(signal) || signal !== "SIGINT") lines.close();
  });
  lines.on("SIGINT", () => controlC(lines, shell, screen));
  try {
    for (;;) {
      screen.setPrompting(true);
      refresh();
      const line = await typed.next();
      screen.setPrompting(false);
      if (line === undefined) {
        shell.session.world.stdout.write("\n");
        return sayGoodbye(shell);
      }
      history.add(line);
      const result = await performLine(shell, history, line);
      if (result.kind === "quit") return sayGoodbye(shell);
    }
  } finally {
    stopSignals();
    lines.close();
  }
}

function sayGoodbye(shell: ShellSession): number {
  const connected = shell.api.hosts().filter((host) => host.client !== undefined).length;
  const run = shell.currentRun() === undefined ? "" : "ending the run, ";
  if (connected > 0 || run !== "") shell.screen.print([`${run}cleaning up…`]);
  return EXIT.ok;
}

function controlC(lines: Interface, shell: ShellSession, screen: PromptScreen): void {
  if (screen.prompting() && lines.line !== "") {
    // As in every shell: the line is given up, nothing else.
    lines.write(null, { ctrl: true, name: "e" });
    lines.write(null, { ctrl: true, name: "u" });
    return;
  }
  if (shell.interrupt("Ctrl-C")) return;
  screen.print(["To leave, type quit or press Ctrl-D."]);
}

function namesOf(api: ControllerApi, session: Session): CompletionNames {
  const hosts = api.hosts();
  const application = api.loaded().application;
  return {
    commands: SHELL_COMMANDS.map((command) => command.name),
    hosts: hosts.map((host) => host.host),
    groups: [...new Set(hosts.flatMap((host) => host.groups))],
    blocks: application?.blocks ?? [],
    components: application?.components ?? [],
    sites: [...new Set(hosts.flatMap((host) => host.site ?? []))],
    barriers: application?.barriers ?? [],
    runFlags: RUN_FLAGS,
    filesFrom: (beginning) => filesFrom(beginning, session.world.workingDirectory),
  };
}

/** A folder that cannot be read offers nothing. */
function filesFrom(beginning: string, workingDirectory: string): readonly string[] {
  const folder = beginning.endsWith("/")
    ? beginning
    : beginning.includes("/")
      ? `${dirname(beginning)}/`
      : "";
  const shown = folder === "//" ? "/" : folder;
  const path = shown.startsWith("~/") ? join(homedir(), shown.slice(2)) : resolve(workingDirectory, shown);
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => !entry.name.startsWith(".") || beginning.slice(folder.length).startsWith("."))
      .map((entry) => `${shown}${entry.name}${entry.isDirectory() ? "/" : ""}`)
      .sort();
  } catch {
    return [];
  }
}
