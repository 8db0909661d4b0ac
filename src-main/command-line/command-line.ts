// The `plush` command: which commands there are, and how what they throw becomes a message and an exit code.
import { Command, CommanderError } from "commander";
import { nearestName } from "#shared/application/nearest-name.ts";
import { addCheckCommand } from "./check-command.ts";
import { CommandFailure } from "./command-failure.ts";
import { addDemoCommand } from "./demo-command.ts";
import { addExecCommand } from "./exec-command.ts";
import { EXIT } from "./exit-codes.ts";
import { addHelpCommand } from "./help-command.ts";
import { addInfoCommand } from "./info-command.ts";
import { addInitCommand } from "./init-command.ts";
import { neutraliseOutput } from "#shared/output-text/neutralise-output.ts";
import { addRunCommand } from "./run-command.ts";
import { addShellCommand } from "./shell-command.ts";
import { styleFor } from "./style.ts";
import { addTestCommand } from "./test-command.ts";
import { addWebCommand } from "./web-command.ts";
import type { World } from "./world.ts";

const EXAMPLES = `
Topics: plush help codes | nodesets | output | preferences

Examples:
  plush demo                                     see it work, in a few seconds
  plush init                                     write a first resource directory
  plush check application.xml
  plush test -d directory.xml                    can the hosts be used, and if not, why
  plush run application.xml -d directory.xml
  plush exec -d directory.xml -b -- uptime
  plush                                          the interactive shell`;

/** `words` without the program's own name. Resolves with the exit code when everything is written. */
export async function runCommandLine(words: readonly string[], world: World): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = createProgram(world, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(withDefaultCommand(program, words), { from: "user" });
    return exitCode;
  } catch (error) {
    return tellFailure(error, world);
  }
}

function createProgram(world: World, finish: (exitCode: number) => void): Command {
  const program = new Command("plush");
  program
    .description(
      "Deploys, runs, monitors and cleans up a distributed application on many hosts.\nWithout a command: the interactive shell.",
    )
    .version(world.version, "-V, --version", "the version")
    .enablePositionalOptions()
    .helpCommand(false)
    .helpOption("-h, --help", "this help")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void world.stdout.write(text),
      writeErr: (text) => void world.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error:/, "plush:")),
      getOutHelpWidth: () => world.stdout.columns ?? 100,
      getErrHelpWidth: () => world.stderr.columns ?? 100,
    })
    .addHelpText("after", EXAMPLES);
  addRunCommand(program, world, finish);
  addCheckCommand(program, world, finish);
  addExecCommand(program, world, finish);
  addTestCommand(program, world, finish);
  addShellCommand(program, world, finish);
  addWebCommand(program, world, finish);
  addInfoCommand(program, world, finish);
  addInitCommand(program, world, finish);
  addDemoCommand(program, world, finish);
  addHelpCommand(program, world, finish);
  for (const command of program.commands)
    command.showHelpAfterError(`  help: ${world.programName} ${command.name()} --help`);
  return program;
}

/** `plush` alone, and `plush --demo`, are the shell; an unknown command is told with the nearest one. */
function withDefaultCommand(program: Command, words: readonly string[]): readonly string[] {
  const [first] = words;
  if (first === undefined) return ["shell"];
  if (["-h", "--help", "-V", "--version"].includes(first)) return words;
  const names = program.commands.map((command) => command.name());
  if (first.startsWith("-")) {
    const command = words.find((word) => names.includes(word));
    if (command === undefined) return ["shell", ...words];
    const others = words.filter((word) => word !== command).join(" ");
    throw new CommandFailure(
      EXIT.usage,
      "options stand behind the command",
      `Write: plush ${command} ${others}`,
    );
  }
  if (names.includes(first)) return words;
  const nearest = nearestName(first, names);
  const remedy =
    nearest === undefined ? `Commands: ${names.join(", ")}.` : `Did you mean 'plush ${nearest}'?`;
  throw new CommandFailure(EXIT.usage, `there is no command '${first}'`, remedy);
}

function tellFailure(error: unknown, world: World): number {
  if (error instanceof CommanderError) return commanderExit(error);
  const { red, cyan } = styleFor({
    refused: false,
    environment: world.environment,
    preference: undefined,
    isTerminal: world.stderr.isTTY === true,
  });
  if (error instanceof CommandFailure) {
    if (error.message !== "") world.stderr.write(`${red("plush:")} ${neutraliseOutput(error.message)}\n`);
    if (error.remedy !== "") world.stderr.write(`  ${cyan("help:")} ${neutraliseOutput(error.remedy)}\n`);
    return error.exitCode;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  world.stderr.write(`${red("plush:")} this is a bug in plush: ${neutraliseOutput(text)}\n`);
  return EXIT.error;
}

/** Commander has written its message; help and version are no errors. */
function commanderExit(error: CommanderError): number {
  return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
}
