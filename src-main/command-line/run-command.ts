// `plush run`: deploys, runs, watches, collects and cleans up an application from the first word to the exit code.
import type { Command } from "commander";
import type { ControllerApi } from "#shared/controller-api/controller-api.ts";
import { EXIT } from "./exit-codes.ts";
import { followRun } from "./follow-run.ts";
import {
  addDeployOptions,
  addOverlayOptions,
  addOutputOptions,
  collectVariable,
  duration,
  FANOUT_DEFAULT,
  type DeployFlags,
  type OutputFlags,
} from "./options.ts";
import { presentRun } from "./present-run.ts";
import type { DocumentProblems } from "./render-problems.ts";
import {
  loadDocuments,
  openSession,
  readNamed,
  requireDirectory,
  tellProblems,
  tellSimulated,
  withController,
  type NamedDocument,
  type Session,
} from "./session.ts";
import type { World } from "./world.ts";

interface RunFlags extends DeployFlags, OutputFlags {
  readonly variable?: Readonly<Record<string, string>>;
  readonly for?: number;
  readonly fold?: boolean;
}

const EXAMPLES = `
Examples:
  plush run application.xml -d directory.xml
  plush run application.xml --output jsonl | jq -c 'select(.event == "process")'
  plush run service.xml --for 10m            stop gracefully after ten minutes, as a success
  plush run application.xml --variable port=8080 --results ./results
  plush run application.xml -b               output folded at the end, as clush -b does

Ctrl-C stops the processes and cleans up; once more leaves at once.
Exit codes: plush help codes. Events of jsonl: docs/run-events.md.`;

export function addRunCommand(program: Command, world: World, finish: (exitCode: number) => void): void {
  const command = program
    .command("run")
    .summary("run an application to its end")
    .description("Deploys, runs, watches and cleans up an application; the results are kept.")
    .argument("<application>", "the application specification (XML; - is standard input)");
  addOutputOptions(addOverlayOptions(addDeployOptions(command)))
    .option(
      "--variable <name=value>",
      "a variable of the specification (any number of times)",
      collectVariable,
    )
    .option("--for <time>", "stop gracefully, as a success, after this long: for services", duration)
    .option("-b, --fold", "show output folded at the end, identical texts once")
    .addHelpText("after", EXAMPLES)
    .action(async (application: string, flags: RunFlags) =>
      finish(await runCommand(world, application, flags)),
    );
}

export async function runCommand(world: World, name: string, flags: RunFlags): Promise<number> {
  const session = await openSession(world, flags);
  const application = await readNamed(world, name, "the application specification");
  const directory = await requireDirectory(session, application);
  return withController(session, async (api) => {
    const { loaded, documents } = await loadDocuments(api, directory, application);
    if (session.output === "text" || loaded) tellProblems(session, documents);
    if (!loaded) return refuseInvalid(session, documents);
    tellSimulated(session, api);
    return follow(api, session, application, flags);
  });
}

function follow(
  api: ControllerApi,
  session: Session,
  document: NamedDocument,
  flags: RunFlags,
): Promise<number> {
  const { preferences } = session;
  const timeoutMs = preferences.timeout ?? 0;
  const options = {
    fanout: preferences.fanout ?? FANOUT_DEFAULT,
    keep: preferences.keep ?? false,
    stayConnected: false,
    deadlineMs: timeoutMs > 0 ? timeoutMs : undefined,
    results: flags.results,
    variables: flags.variable ?? {},
  };
  return followRun({
    api,
    world: session.world,
    presenter: presentRun(session.world, { ...session, fold: flags.fold === true, document }),
    start: () => api.startRun(options),
    stopAfterMs: flags.for,
  });
}

/** The machine-readable forms get their last word even when nothing was started. */
export async function refuseInvalid(
  session: Session,
  documents: readonly DocumentProblems[],
): Promise<number> {
  if (session.output === "text") return EXIT.invalid;
  const problems = documents.flatMap(({ path, problems: found }) =>
    found.map((problem) => ({ path, ...problem })),
  );
  const reason = "the specification or the directory is invalid";
  const presenter = presentRun(session.world, { ...session, fold: false });
  await presenter.end({
    kind: "refused",
    refusal: { kind: "refused", exitCode: EXIT.invalid, problems, reason },
  });
  return EXIT.invalid;
}
