// `plush demo`: an application that works and one that fails, on embedded hosts, and how each is reported.
import { createServer } from "node:net";
import { basename, dirname } from "node:path";
import type { Command } from "commander";
import type { ControllerApi } from "#shared/controller-api/controller-api.ts";
import type { RunEvent } from "#shared/controller-api/run-events.ts";
import { examplesDirectoryFrom, findExample, type Example } from "../documents/examples.ts";
import { CommandFailure } from "./command-failure.ts";
import { EXIT } from "./exit-codes.ts";
import { followRun, type RunPresenter } from "./follow-run.ts";
import { addOutputOptions, FANOUT_DEFAULT, type OutputFlags } from "./options.ts";
import { presentRun } from "./present-run.ts";
import {
  loadDocuments,
  openSession,
  readNamed,
  tellProblems,
  withController,
  type Session,
} from "./session.ts";
import type { World } from "./world.ts";

const EXAMPLES = `
Needs no other computer: the hosts are embedded, each a client process in a directory of its own. Takes some seconds.
Exits 0 when both went as described, 1 otherwise.`;

/** A run of an example and what must have been seen at its end. */
interface Act {
  readonly example: string;
  readonly title: string;
  readonly story: string;
  readonly variables: Readonly<Record<string, string>>;
  /** What is not as described, or undefined. */
  readonly complaint: (exitCode: number, events: readonly RunEvent[]) => string | undefined;
  readonly moral: string;
}

export function addDemoCommand(program: Command, world: World, finish: (exitCode: number) => void): void {
  const command = program
    .command("demo")
    .summary("see it work and fail, on this computer")
    .description(
      "Runs an example that works and one that fails, on embedded hosts, and shows how each is reported.",
    );
  addOutputOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (flags: OutputFlags) => finish(await demoCommand(world, flags)));
}

export async function demoCommand(world: World, flags: OutputFlags): Promise<number> {
  const session = await openSession(world, flags);
  const acts = [workingAct(await freePort()), failingAct()];
  return withController(session, async (api) => {
    for (const [index, act] of acts.entries()) {
      tell(session, `\nplush demo, ${index + 1} of ${acts.length}: ${act.title}\n${act.story}\n\n`);
      const exitCode = await perform(api, session, act);
      if (exitCode !== EXIT.ok) return exitCode;
    }
    const { programName } = world;
    tell(
      session,
      `\nplush demo: all went as described. Next: ${programName} shell --demo, or ${programName} init\n`,
    );
    return EXIT.ok;
  });
}

async function perform(api: ControllerApi, session: Session, act: Act): Promise<number> {
  const { world } = session;
  const example = await exampleNamed(world, act.example);
  const application = await readNamed(world, example.application, "the example");
  const directory = await readNamed(world, example.directory, "the example's directory");
  const { loaded, documents } = await loadDocuments(api, directory, application);
  if (!loaded) {
    tellProblems(session, documents);
    return complain(session, `the example ${act.example} cannot be loaded`);
  }
  const events: RunEvent[] = [];
  const presenter = remembering(presentRun(world, { ...session, fold: false }), events);
  const options = {
    fanout: session.preferences.fanout ?? FANOUT_DEFAULT,
    keep: false,
    stayConnected: false,
    deadlineMs: undefined,
    results: undefined,
    variables: act.variables,
  };
  const exitCode = await followRun({ api, world, presenter, start: () => api.startRun(options) });
  if (exitCode === EXIT.interrupted) return exitCode;
  const complaint = act.complaint(exitCode, events);
  if (complaint !== undefined) return complain(session, complaint);
  tell(session, `\n${act.moral}\n`);
  return EXIT.ok;
}

/** The machine-readable forms have standard output to themselves. */
function tell({ world, output }: Session, text: string): void {
  (output === "text" ? world.stdout : world.stderr).write(text);
}

function complain({ world, errorStyle }: Session, complaint: string): number {
  world.stderr.write(`${errorStyle.red("plush demo:")} this did not go as described: ${complaint}\n`);
  return EXIT.error;
}

function workingAct(port: number): Act {
  return {
    example: "roundrobin",
    title: "an application that works",
    story: "One master hands the turn round to ten clients, which learn its address from the specification.",
    variables: { port: String(port) },
    complaint: (exitCode) =>
      exitCode === EXIT.ok ? undefined : `the run should end with exit code 0 and ended with ${exitCode}`,
    moral: "As described: eleven processes on eleven hosts have finished, and nothing of them is left.",
  };
}

function failingAct(): Act {
  return {
    example: "failing",
    title: "an application that fails, and how that is reported",
    story:
      "Four workers: one exits with status 3, one never ends and is stopped at its deadline of 3 seconds.",
    variables: {},
    complaint(exitCode, events) {
      if (exitCode !== EXIT.someFailed)
        return `the run should end with exit code 3 and ended with ${exitCode}`;
      const exits = events.flatMap((event) =>
        event.event === "process" && event.state === "exited" ? [event.exit] : [],
      );
      if (!exits.some((exit) => exit?.status === 3)) return "no process exited with status 3";
      if (!exits.some((exit) => exit?.cause === "deadline")) return "no process was stopped at its deadline";
      return undefined;
    },
    moral:
      "As described: the failures are named with host, reason and last words; a script would see exit code 3.",
  };
}

/** The port written in the example may be taken on this computer. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

function remembering(presenter: RunPresenter, events: RunEvent[]): RunPresenter {
  return {
    ...presenter,
    event(event) {
      if (event.event === "process") events.push(event);
      presenter.event(event);
    },
  };
}

export async function exampleNamed(world: World, name: string): Promise<Example> {
  const folder = await examplesDirectoryFrom(world.programDirectory);
  const example = folder === undefined ? undefined : await findExample(folder, name);
  if (example !== undefined) return example;
  const where = folder ?? `above ${basename(dirname(world.programDirectory))}`;
  throw new CommandFailure(
    EXIT.error,
    `the example '${name}' is not there (looked in ${where})`,
    "Install Nebula again, or run it from its repository.",
  );
}
