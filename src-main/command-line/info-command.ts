// `plush info`: what a controller that runs elsewhere on this computer (a window, a run, a shell) knows; as text and as JSON.
import type { Command } from "commander";
import { askController, findControllers } from "../info-door/ask-controller.ts";
import type { ControllerInfo, DoorRecord } from "../info-door/info-door.ts";
import { CommandFailure } from "./command-failure.ts";
import { EXIT } from "./exit-codes.ts";
import { namesWhere } from "./hosts-where.ts";
import { addOutputOptions, type OutputFlags } from "./options.ts";
import { written } from "./present-run.ts";
import { meshWithTrips, renderMesh } from "./render-mesh.ts";
import { openSession } from "./session.ts";
import { renderControl, renderHost, renderHosts, type ViewOptions } from "./shell-views.ts";
import type { World } from "./world.ts";

interface InfoFlags extends OutputFlags {
  readonly session?: string;
}

/** Raised when a field of the JSON form changes its meaning. */
const INFO_VERSION = 1;

const SUBJECTS = ["nodes", "node", "mesh", "control"] as const;
type Subject = (typeof SUBJECTS)[number];

const EXAMPLES = `
Examples:
  plush info                       the controller and its run
  plush info nodes state:failed    hosts, those of a filter: plush help filters
  plush info node node17
  plush info mesh
  plush info --output json         all of it, one JSON object: control, hosts, mesh, runs

It asks the controller of a window, of plush web, of plush run or of a shell of yours on this computer. Where several
run, name one with --session.`;

export function addInfoCommand(program: Command, world: World, finish: (exitCode: number) => void): void {
  const command = program
    .command("info")
    .argument("[subject]", "nodes, node, mesh or control (default: control)")
    .argument("[words...]", "a filter of hosts, or the host")
    .summary("what a running controller knows")
    .description("Shows the hosts, the overlay or the run of a controller that runs on this computer.");
  addOutputOptions(command)
    .option("--session <name>", "which controller, where several run")
    .addHelpText("after", EXAMPLES)
    .action(async (subject: string | undefined, words: readonly string[], flags: InfoFlags) =>
      finish(await infoCommand(world, subject, words, flags)),
    );
}

async function infoCommand(
  world: World,
  given: string | undefined,
  words: readonly string[],
  flags: InfoFlags,
): Promise<number> {
  const session = await openSession(world, flags);
  const subject = SUBJECTS.find((one) => one === (given ?? "control"));
  if (subject === undefined)
    throw new CommandFailure(
      EXIT.usage,
      `there is no info about '${String(given)}'`,
      `Subjects: ${SUBJECTS.join(", ")}.`,
    );
  const info = await askOne(world, flags.session);
  const shown = within(info, subject, words);
  if (session.output === "text") {
    const columns = world.stdout.isTTY === true ? world.stdout.columns : undefined;
    const lines = textOf(shown, subject, { style: session.style, columns });
    world.stdout.write(`${lines.join("\n")}\n`);
  } else world.stdout.write(`${JSON.stringify({ version: INFO_VERSION, ...shown })}\n`);
  await written(world.stdout);
  return EXIT.ok;
}

async function askOne(world: World, session: string | undefined): Promise<ControllerInfo> {
  const found = await findControllers(world.paths.runtime).catch((error: unknown) => {
    throw new CommandFailure(EXIT.error, `controllers cannot be looked for: ${wordsOf(error)}`, "");
  });
  const door = choose(found, session);
  return askController(door).catch((error: unknown) => {
    throw new CommandFailure(
      EXIT.error,
      `the controller ${door.session} (process ${String(door.pid)}) cannot be asked: ${wordsOf(error)}`,
      "Try again; plush info finds those that run.",
    );
  });
}

function choose(found: readonly DoorRecord[], session: string | undefined): DoorRecord {
  const fitting = session === undefined ? found : found.filter((door) => door.session === session);
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only;
  const names = found.map((door) => `${door.session} (process ${String(door.pid)})`).join(", ");
  if (found.length === 0)
    throw new CommandFailure(
      EXIT.error,
      "no controller of yours runs on this computer",
      "Start one: a window, plush web, plush run or plush shell.",
    );
  throw new CommandFailure(
    EXIT.usage,
    session === undefined ? "several controllers run" : `no controller is called ${session}`,
    `Name one with --session: ${names}.`,
  );
}

/** Only the hosts that were asked for. */
function within(info: ControllerInfo, subject: Subject, words: readonly string[]): ControllerInfo {
  const { control, mesh, runs } = info;
  if (words.length === 0 && subject !== "node") return info;
  if (subject === "mesh" || subject === "control")
    throw new CommandFailure(
      EXIT.usage,
      `info ${subject} takes no more words`,
      "Filters go with: info nodes.",
    );
  const api = { hosts: () => info.hosts, mesh: () => mesh, runs: () => runs };
  if (subject === "nodes") {
    const names = new Set(namesWhere(api, words.join(" ")));
    return { control, mesh, runs, hosts: info.hosts.filter((host) => names.has(host.host)) };
  }
  const hosts = info.hosts.filter((host) => host.host === words[0]);
  if (hosts.length === 0)
    throw new CommandFailure(
      EXIT.usage,
      words[0] === undefined ? "info node needs a host" : `there is no host '${words[0]}'`,
      "plush info nodes lists them.",
    );
  return { control, mesh, runs, hosts };
}

function textOf(info: ControllerInfo, subject: Subject, view: ViewOptions): readonly string[] {
  switch (subject) {
    case "nodes":
      return renderHosts(info.hosts, view);
    case "node":
      return info.hosts.flatMap((host) => renderHost(host, view));
    case "mesh":
      return renderMesh(meshWithTrips(info.mesh, info.hosts), view);
    case "control":
      return renderControl(info.control, view);
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
