// `plush test`: whether the hosts of a directory can be used, step by step, and what to do where they cannot.
import type { Command } from "commander";
import type { ControllerApi } from "#shared/controller-api/controller-api.ts";
import type { HostTest, HostTestOptions, HostTestResult } from "#shared/controller-api/host-tests.ts";
import { RUN_EVENTS_VERSION } from "#shared/controller-api/run-events.ts";
import { CommandFailure } from "./command-failure.ts";
import { EXIT } from "./exit-codes.ts";
import { hostsFromInput } from "./hosts-from-input.ts";
import { hostsWhere } from "./hosts-where.ts";
import {
  addDirectoryOption,
  addInputOption,
  addOutputOptions,
  addWhereOption,
  duration,
  FANOUT_DEFAULT,
  fanout,
} from "./options.ts";
import type { OutputFlags } from "./options.ts";
import { written } from "./present-run.ts";
import { groupTests, renderTests, summariseTests, type TestSummary } from "./render-test.ts";
import { refuseInvalid } from "./run-command.ts";
import {
  hostsRemedy,
  loadDocuments,
  openSession,
  readNamed,
  requireDirectory,
  tellProblems,
  withController,
  type Session,
} from "./session.ts";
import type { World } from "./world.ts";

interface TestFlags extends OutputFlags {
  readonly directory?: string;
  readonly fanout?: number;
  readonly timeout?: number;
  readonly hosts?: string;
  readonly group?: string;
  readonly exclude?: string;
  readonly where?: string;
  readonly user?: readonly string[];
}

const EXAMPLES = `
Examples:
  plush test -d directory.xml                     all hosts: name, TCP, host key, login, shell, disk, Node, clock, ports
  plush test -w 'node[1-16]' -q                   only what is wrong
  plush test application.xml                      also: may its processes run as the users that it names?
  plush test --user postgres                      also: may the login become that user by sudo?

Nothing is started on the hosts, and nothing is left there.
Exit codes: 0 all can be used (warnings count as that), 3 some cannot, 4 some could not be reached.`;

export function addTestCommand(program: Command, world: World, finish: (exitCode: number) => void): void {
  const command = program
    .command("test")
    .summary("test whether hosts can be used")
    .description(
      "Tests hosts of the directory, all of them unless chosen, and says what to do where one cannot be used.",
    );
  addWhereOption(addInputOption(addDirectoryOption(command)))
    .argument(
      "[application]",
      "an application specification, whose users are tested, too (XML; - is standard input)",
    )
    .option("--fanout <n>", `hosts tested at once (default: ${FANOUT_DEFAULT})`, fanout)
    .option("--timeout <time>", "longest time for all of it: 90, 90s, 2m, 1h", duration)
    .option("-w, --hosts <nodeset>", "hosts: node[1-16]!node7, @group (- reads the set from standard input)")
    .option("-g, --group <group>", "hosts of this group")
    .option("-x, --exclude <nodeset>", "without these hosts")
    .option("--user <user>", "may the login become this user? (any number of times)", collectUser);
  addOutputOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (application: string | undefined, flags: TestFlags) =>
      finish(await testCommand(world, application, flags)),
    );
}

function collectUser(user: string, before: readonly string[] = []): readonly string[] {
  return [...before, user];
}

async function testCommand(world: World, application: string | undefined, flags: TestFlags): Promise<number> {
  const session = await openSession(world, flags);
  const hosts = flags.hosts === "-" ? await hostsFromInput(world) : flags.hosts;
  const specification =
    application === undefined
      ? undefined
      : await readNamed(world, application, "the application specification");
  const directory = await requireDirectory(session);
  return withController(session, async (api) => {
    const { loaded, documents } = await loadDocuments(api, directory, specification);
    if (session.output === "text" || loaded) tellProblems(session, documents);
    if (!loaded) return refuseInvalid(session, documents);
    return follow(api, session, {
      fanout: session.preferences.fanout ?? FANOUT_DEFAULT,
      hosts: hostsWhere(api, hosts, flags.where),
      group: flags.group,
      exclude: flags.exclude,
      users: flags.user ?? [],
      components: true,
    });
  });
}

/** What ends it before it is done: a signal or the time; the hosts that were tested by then are shown. */
async function follow(api: ControllerApi, session: Session, options: HostTestOptions): Promise<number> {
  const { world, output, preferences } = session;
  const tests: HostTest[] = [];
  let stopped: { readonly exitCode: number; readonly reason: string } | undefined;
  const testing = api.testHosts(options, (test) => {
    tests.push(test);
    if (output === "jsonl") world.stdout.write(`${JSON.stringify({ event: "test", ...test })}\n`);
  });
  const stop = (exitCode: number, reason: string): void => {
    stopped ??= { exitCode, reason };
    testing.stop();
  };
  const stopListening = world.onSignal(() => {
    if (stopped !== undefined) world.leave(EXIT.interrupted);
    stop(EXIT.interrupted, "interrupted");
  });
  const timeoutMs = preferences.timeout ?? 0;
  const stopTimer =
    timeoutMs > 0 ? world.clock.after(timeoutMs, () => stop(EXIT.timedOut, "the time is over")) : undefined;
  try {
    const result = await testing.ended;
    refuse(api, result);
    const summary = summariseTests(tests);
    const end = stopped === undefined ? summary : { ...summary, ...early(stopped, summary) };
    await show(session, tests, end);
    return end.exitCode;
  } finally {
    stopListening();
    stopTimer?.();
  }
}

function early(
  stopped: { readonly exitCode: number; readonly reason: string },
  { reason }: TestSummary,
): Pick<TestSummary, "exitCode" | "reason"> {
  return {
    exitCode: stopped.exitCode,
    reason: `${stopped.reason} before all hosts were tested; so far ${reason}`,
  };
}

function refuse(api: ControllerApi, result: HostTestResult): void {
  if (result.kind === "refused") throw new CommandFailure(result.exitCode, result.reason, hostsRemedy(api));
}

async function show(session: Session, tests: readonly HostTest[], end: TestSummary): Promise<void> {
  const { world, output, style, quiet } = session;
  const lines = {
    text: () => [
      ...renderTests(tests, style, quiet),
      ...(quiet && end.exitCode === EXIT.ok ? [] : [end.reason]),
    ],
    json: () => [JSON.stringify({ version: RUN_EVENTS_VERSION, ...end, groups: groupTests(tests) }, null, 2)],
    jsonl: () => [JSON.stringify({ event: "tested", version: RUN_EVENTS_VERSION, ...end })],
  }[output]();
  if (lines.length > 0) world.stdout.write(`${lines.join("\n")}\n`);
  await written(world.stdout);
}
