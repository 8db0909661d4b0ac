// `plush init`: writes a first resource directory and plush.prefs, by asking or from flags; overwrites nothing unasked.
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { InvalidArgumentError, type Command } from "commander";
import { parseNodeSet } from "#shared/node-set/node-set.ts";
import {
  CLIENT_PORT_DEFAULT,
  initialDirectory,
  initialPreferences,
  type InitialHosts,
} from "../documents/initial-documents.ts";
import { FANOUT_MAX, PREFERENCES_FILE_NAME } from "../documents/preferences.ts";
import { writeDocument } from "../documents/write-document.ts";
import { CommandFailure } from "./command-failure.ts";
import { EXIT } from "./exit-codes.ts";
import { createLineQueue } from "./line-queue.ts";
import { FANOUT_DEFAULT } from "./options.ts";
import { counted } from "./table.ts";
import type { World } from "./world.ts";

const DIRECTORY_NAME = "directory.xml";
const LOCAL_COUNT_DEFAULT = 4;
/** More embedded hosts than this only fight for one computer; a directory written by hand may have more. */
const LOCAL_COUNT_MAX = 300;
const PORT_MAX = 65_535;

interface InitFlags {
  readonly local?: number;
  readonly hosts?: string;
  readonly user?: string;
  readonly port?: number;
  readonly group?: string;
  readonly fanout?: number;
  readonly force?: boolean;
}

interface Answers {
  readonly hosts: InitialHosts;
  readonly group: string;
  readonly fanout: number;
}

const EXAMPLES = `
Examples:
  plush init                                   asks a few questions
  plush init --local 8                         eight embedded hosts on this computer
  plush init --hosts 'node[01-16]' --user me --group web`;

export function addInitCommand(program: Command, world: World, finish: (exitCode: number) => void): void {
  program
    .command("init")
    .summary("write a first directory and preferences")
    .description(
      `Writes ${DIRECTORY_NAME} and ${PREFERENCES_FILE_NAME} into the working directory, by asking or from flags.`,
    )
    .option("--local <n>", "this many embedded hosts on this computer", between(1, LOCAL_COUNT_MAX))
    .option("--hosts <nodeset>", "hosts that are reached by SSH")
    .option("--user <name>", "account on them")
    .option(
      "--port <n>",
      `port that their clients listen on (default: ${CLIENT_PORT_DEFAULT})`,
      between(1, PORT_MAX),
    )
    .option("--group <name>", "label of the hosts (default: all)")
    .option("--fanout <n>", `hosts contacted at once (default: ${FANOUT_DEFAULT})`, between(1, FANOUT_MAX))
    .option("--force", "overwrite files that are there")
    .addHelpText("after", EXAMPLES)
    .action(async (flags: InitFlags) => finish(await initCommand(world, flags)));
}

export async function initCommand(world: World, flags: InitFlags): Promise<number> {
  if (flags.local !== undefined && flags.hosts !== undefined) {
    throw new CommandFailure(
      EXIT.usage,
      "--local and --hosts exclude each other",
      "Give one of them; more can be added to the file.",
    );
  }
  const fromFlags = answersOf(world, flags);
  if (fromFlags !== undefined) return write(world, fromFlags, flags.force === true, undefined);
  if (world.stdin.isTTY !== true) {
    throw new CommandFailure(
      EXIT.usage,
      "nobody can be asked: standard input is no terminal",
      "Give --local N or --hosts NODESET.",
    );
  }
  const asking = createAsking(world);
  try {
    return await write(world, await askAll(asking, flags), flags.force === true, asking);
  } catch (error) {
    if (!(error instanceof GivenUp)) throw error;
    world.stdout.write("\nnothing more is written\n");
    return EXIT.interrupted;
  } finally {
    asking.close();
  }
}

/** Ctrl-C or Ctrl-D at a question. */
class GivenUp extends Error {}

interface Asking {
  /** The answer, or the fallback for an empty one; asked again until there is no problem. */
  ask(text: string, fallback: string, problemOf: (answer: string) => string | undefined): Promise<string>;
  close(): void;
}

function createAsking(world: World): Asking {
  const lines = createInterface({ input: world.stdin, output: world.stdout, terminal: true });
  const typed = createLineQueue(lines);
  lines.on("SIGINT", () => lines.close());
  return {
    async ask(text, fallback, problemOf) {
      for (;;) {
        lines.setPrompt(`${text} [${fallback}]: `);
        lines.prompt();
        const line = await typed.next();
        if (line === undefined) throw new GivenUp();
        const answer = line.trim() === "" ? fallback : line.trim();
        const problem = problemOf(answer);
        if (problem === undefined) return answer;
        world.stdout.write(`  ${problem}\n`);
      }
    },
    close: () => lines.close(),
  };
}

function answersOf(world: World, flags: InitFlags): Answers | undefined {
  const common = { group: flags.group ?? "all", fanout: flags.fanout ?? FANOUT_DEFAULT };
  if (flags.local !== undefined) return { hosts: { kind: "local", count: flags.local }, ...common };
  if (flags.hosts === undefined) return undefined;
  const problem = nodeSetProblem(flags.hosts);
  if (problem !== undefined)
    throw new CommandFailure(
      EXIT.usage,
      `--hosts: ${problem}`,
      `Write a node set such as 'node[01-16]'; see: ${world.programName} help nodesets`,
    );
  return {
    hosts: { kind: "ssh", hosts: flags.hosts, port: flags.port ?? CLIENT_PORT_DEFAULT, user: flags.user },
    ...common,
  };
}

async function askAll(asking: Asking, flags: InitFlags): Promise<Answers> {
  const kind = await asking.ask(
    "Hosts: 1 = embedded on this computer, 2 = by SSH",
    "1",
    matches(/^[12]$/, "Type 1 or 2."),
  );
  const hosts = kind === "1" ? await askLocal(asking) : await askSsh(asking, flags);
  const group =
    flags.group ??
    (await asking.ask("Group (label) of these hosts", "all", matches(/^[^\s"<>&]+$/, "One word, please.")));
  const fanout =
    flags.fanout ??
    Number(await asking.ask("Hosts contacted at once", String(FANOUT_DEFAULT), numberProblem(1, FANOUT_MAX)));
  return { hosts, group, fanout };
}

async function askLocal(asking: Asking): Promise<InitialHosts> {
  const count = await asking.ask("How many", String(LOCAL_COUNT_DEFAULT), numberProblem(1, LOCAL_COUNT_MAX));
  return { kind: "local", count: Number(count) };
}

async function askSsh(asking: Asking, flags: InitFlags): Promise<InitialHosts> {
  const hosts = await asking.ask("Their names, as a node set", "node[1-4]", nodeSetProblem);
  const user =
    flags.user ??
    (await asking.ask("Account on them (- = as ssh decides)", "-", matches(/^\S+$/, "One word, please.")));
  const port =
    flags.port ??
    Number(
      await asking.ask(
        "Port that their clients listen on",
        String(CLIENT_PORT_DEFAULT),
        numberProblem(1, PORT_MAX),
      ),
    );
  return { kind: "ssh", hosts, port, user: user === "-" ? undefined : user };
}

function matches(pattern: RegExp, problem: string): (answer: string) => string | undefined {
  return (answer) => (pattern.test(answer) ? undefined : problem);
}

async function write(
  world: World,
  answers: Answers,
  force: boolean,
  asking: Asking | undefined,
): Promise<number> {
  const texts = [
    [DIRECTORY_NAME, initialDirectory(answers.hosts, answers.group)],
    [PREFERENCES_FILE_NAME, initialPreferences(DIRECTORY_NAME, answers.fanout)],
  ] as const;
  let exitCode: number = EXIT.ok;
  for (const [name, text] of texts) {
    const written = await writeOne(world, name, text, force, asking);
    if (!written) exitCode = EXIT.error;
  }
  if (exitCode === EXIT.ok) {
    const count =
      answers.hosts.kind === "local" ? counted(answers.hosts.count, "embedded host") : answers.hosts.hosts;
    world.stdout.write(`ready for ${count}. Next: ${world.programName} exec -b -- hostname\n`);
  }
  return exitCode;
}

async function writeOne(
  world: World,
  name: string,
  text: string,
  force: boolean,
  asking: Asking | undefined,
): Promise<boolean> {
  const path = resolve(world.workingDirectory, name);
  let result = await writeDocument(path, text, force);
  if (result.kind === "exists" && asking !== undefined) {
    const answer = await asking.ask(
      `${name} is there already. Overwrite it?`,
      "no",
      matches(/^(y|yes|n|no)$/i, "Type yes or no."),
    );
    if (/^y/i.test(answer)) result = await writeDocument(path, text, true);
  }
  switch (result.kind) {
    case "written":
      world.stdout.write(`wrote ${name}\n`);
      return true;
    case "exists":
      world.stderr.write(
        `plush: ${name} is there already and is left as it is${asking === undefined ? " (--force overwrites it)" : ""}\n`,
      );
      return false;
    case "failed":
      world.stderr.write(`plush: ${name} cannot be written: ${result.message}\n`);
      return false;
  }
}

function between(min: number, max: number): (text: string) => number {
  const problemOf = numberProblem(min, max);
  return (text) => {
    const problem = problemOf(text);
    if (problem !== undefined) throw new InvalidArgumentError(problem);
    return Number(text);
  };
}

function numberProblem(min: number, max: number): (text: string) => string | undefined {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? undefined : `It must be a whole number from ${min} to ${max}.`;
  };
}

function nodeSetProblem(text: string): string | undefined {
  const result = parseNodeSet(text);
  if (result.kind === "error") return result.message;
  return result.set.size === 0 ? "no host is left of it" : undefined;
}
