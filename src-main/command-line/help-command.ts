// `plush help [COMMAND|TOPIC]`: help of a command, or a text on what belongs to several of them.
import type { Command } from "commander";
import { nearestName } from "#shared/application/nearest-name.ts";
import { environmentNameOf, PREFERENCE_KEYS, PREFERENCES_FILE_NAME } from "../documents/preferences.ts";
import { CommandFailure } from "./command-failure.ts";
import { EXIT, EXIT_CODES_TEXT } from "./exit-codes.ts";
import type { World } from "./world.ts";

const NODE_SETS_TEXT = `Node sets of plush (after ClusterShell)

  node[1-16]           node1 to node16; node[001-100] keeps the zeros; node[0-10/2] steps by two
  rack[1-4]n[1-8]      several ranges
  node1,node7          and
  node[1-9]!node4      without
  node[1-9]&node[5-20] in both
  node[1-9]^node[5-20] in one of them
  @client              the hosts of a group; @* all hosts
  node*                all hosts whose names match

Operators count from left to right. Quote node sets in a shell: 'node[1-16]!node7'.
`;

const FILTERS_TEXT = `Filters of hosts (--where, and the filter of every list in the window)

  word "two words"      in name, state, site, component, address, group, block or reason
  state:failed          also site: component: address: parent: way: reason: block:
  @client, group:client the hosts of a group
  host:node[1-16]       a node set
  under:node17          all that hang below it in the overlay
  depth>2 seconds>=10   also children, pid; with = != < <= > >=
  load>2 memory<10%     metrics: load, cpu, memory and disk (free), rtt>50
  AND OR NOT ( )        words beside each other must all hold; OR binds less

  plush exec --where 'state:failed OR (site:ucsd NOT @spare)' -- uptime

Before hosts are connected only names, groups, sites and addresses are known. Quote filters in a shell.
`;

const OUTPUT_TEXT = `Forms of output (--output)

  text   for people: progress, problems, output of the hosts, a table at the end; live lines on a terminal
  jsonl  one event a line on standard output, as it happens; the last one is
         {"event":"run","state":"finished"|"failed"|"aborted",…}; messages on standard error
  json   one object at the end

docs/run-events.md describes every event and field, and when the version is raised.
Control characters in the output of hosts are shown, never sent to the terminal.
`;

function preferencesText(world: World): string {
  return `Preferences (${PREFERENCES_FILE_NAME})

  Lines "key = value", comments with #. Looked up in the working directory, then in
  ${world.paths.config}

${PREFERENCE_KEYS.map((key) => `  ${key.padEnd(16)} ${environmentNameOf(key)}`).join("\n")}

  The strongest wins: flag, environment variable, the project's file, the user's file.
  docs/preferences.md describes each key.
`;
}

export function addHelpCommand(program: Command, world: World, finish: (exitCode: number) => void): void {
  const topics: ReadonlyMap<string, () => string> = new Map([
    ["codes", () => EXIT_CODES_TEXT],
    ["nodesets", () => NODE_SETS_TEXT],
    ["filters", () => FILTERS_TEXT],
    ["output", () => OUTPUT_TEXT],
    ["preferences", () => preferencesText(world)],
  ]);
  program
    .command("help")
    .summary("help on a command or a topic")
    .description(`Help on a command, or on a topic: ${[...topics.keys()].join(", ")}.`)
    .argument("[name]", "a command or a topic")
    .action((name: string | undefined) => {
      world.stdout.write(helpText(world, program, topics, name));
      finish(EXIT.ok);
    });
}

function helpText(
  world: World,
  program: Command,
  topics: ReadonlyMap<string, () => string>,
  name: string | undefined,
): string {
  if (name === undefined) return fullHelp(program);
  const topic = topics.get(name.toLowerCase());
  if (topic !== undefined) return topic();
  const command = program.commands.find((candidate) => candidate.name() === name);
  if (command !== undefined) return fullHelp(command);
  const nearest = nearestName(name, [
    ...topics.keys(),
    ...program.commands.map((candidate) => candidate.name()),
  ]);
  const remedy =
    nearest === undefined
      ? `This lists commands and topics: ${world.programName} help`
      : `Did you mean '${nearest}'?`;
  throw new CommandFailure(EXIT.usage, `there is no help on '${name}'`, remedy);
}

/** helpInformation leaves out the examples that addHelpText appends: collect what outputHelp writes. */
function fullHelp(command: Command): string {
  let text = "";
  const before = command.configureOutput();
  command.configureOutput({
    ...before,
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  command.configureOutput(before);
  return text;
}
