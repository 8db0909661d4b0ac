// How the output of one command on many hosts is shown: lines as they come (pdsh), folded at the end (clush -b), or JSON.
import { foldNames } from "#shared/node-set/node-set.ts";
import {
  RUN_EVENTS_VERSION,
  type DeployingEvent,
  type HostEvent,
  type RunEvent,
} from "#shared/controller-api/run-events.ts";
import { deployingText } from "./deploying-text.ts";
import { createOutputFolder, renderGroup, type OutputGroup } from "./fold-output.ts";
import type { RunPresenter, RunResult } from "./follow-run.ts";
import { createHostGrouping } from "./group-by-hosts.ts";
import { helpLines } from "./help-lines.ts";
import { createLineAssembler, type LineAssembler } from "#shared/output-text/line-assembler.ts";
import { neutraliseLine } from "#shared/output-text/neutralise-output.ts";
import { isLive, refusalLines, refusalObject, written, type PresentOptions } from "./present-run.ts";
import { lostLines, PARTIAL_LINE_MS, textWithGaps, type OutputEvent } from "./render-output.ts";
import { GROUPING_MS } from "./render-run.ts";
import { exitText, outcomeOf } from "./run-model.ts";
import { createLiveScreen, createPlainScreen, type Screen } from "./screen.ts";
import type { World } from "./world.ts";

type PresentWorld = Pick<World, "stdout" | "stderr" | "clock" | "environment">;

/** Ends that are not plain successes, with the hosts on which they happened; a fold of the run's events. */
interface CommandModel {
  readonly exits: Map<string, Set<string>>;
  readonly failures: Map<string, Set<string>>;
  /** By the words of a failure: what to do about it. */
  readonly remedies: Map<string, string>;
  readonly problems: Set<string>;
  readonly ended: Set<string>;
  hosts: number;
  run: string;
}

function createCommandModel(): CommandModel {
  return {
    exits: new Map(),
    failures: new Map(),
    remedies: new Map(),
    problems: new Set(),
    ended: new Set(),
    hosts: 0,
    run: "",
  };
}

function applyCommandEvent(model: CommandModel, event: RunEvent): void {
  model.run = event.run;
  switch (event.event) {
    case "matching":
      model.hosts += event.count;
      break;
    case "process":
      if (event.state !== "exited" && event.state !== "notStarted") break;
      model.ended.add(event.host);
      if (outcomeOf(event) === "failed" || event.exit?.cause === "stopped")
        addTo(model.exits, exitText(event), event.host);
      break;
    case "host":
      if (event.state !== "failed") break;
      // What its process said was told already.
      if (!model.ended.has(event.host)) addFailure(model, event);
      model.ended.add(event.host);
      break;
    case "problem":
      if (event.severity !== "note")
        model.problems.add(`${event.hosts === "" ? "" : `${event.hosts}: `}${event.message}`);
      break;
    case "run":
    case "software":
    case "stage":
    case "deploying":
    case "output":
    case "barrier":
    case "block":
    case "replaced":
    case "collected":
    case "waiting":
      break;
  }
}

function addFailure(model: CommandModel, { host, step, reason, remedy = "" }: HostEvent): void {
  const words = [step, reason].filter(Boolean).join(": ");
  addTo(model.failures, words, host);
  model.remedies.set(words, remedy);
}

function addTo(groups: Map<string, Set<string>>, key: string, host: string): void {
  const group = groups.get(key) ?? new Set<string>();
  group.add(host);
  groups.set(key, group);
}

/** As clush tells exits: "node[1-3]: exit status 1". */
function endLines(model: CommandModel, result: RunResult, options: PresentOptions): readonly string[] {
  if (result.kind === "refused") return refusalLines(result, options);
  const { errorStyle } = options;
  const line = (hosts: Iterable<string>, text: string): string =>
    `${errorStyle.red("plush:")} ${foldNames(hosts)}: ${neutraliseLine(text)}`;
  const exits = [...model.exits].map(([how, hosts]) => line(hosts, how));
  const failures = [...model.failures].flatMap(([why, hosts]) => [
    line(hosts, why),
    ...helpLines(model.remedies.get(why) ?? "", errorStyle),
  ]);
  const problems = [...model.problems].map((text) => `${errorStyle.red("plush:")} ${neutraliseLine(text)}`);
  const { exitCode, reason } = result.verdict;
  const explained =
    exitCode === 0 || ((exitCode === 3 || exitCode === 4) && exits.length + failures.length > 0);
  return [
    ...failures,
    ...exits,
    ...problems,
    ...(explained ? [] : [`${errorStyle.red("plush:")} ${neutraliseLine(reason)}`]),
  ];
}

/** `host: line`, as they come; standard error of the hosts on standard error. */
export function presentPrefixed(world: PresentWorld, options: PresentOptions): RunPresenter {
  const model = createCommandModel();
  const screens = {
    stdout: createPlainScreen(world.stdout, options.turn),
    stderr: createPlainScreen(world.stderr, options.turn),
  };
  const streams = new Map<
    string,
    { readonly assembler: LineAssembler; readonly screen: Screen; readonly prefix: string; sinceMs: number }
  >();
  const streamOf = (event: OutputEvent) => {
    const key = `${event.stream} ${event.host}`;
    const style = event.stream === "stdout" ? options.style : options.errorStyle;
    const stream = streams.get(key) ?? {
      assembler: createLineAssembler(),
      screen: screens[event.stream],
      prefix: `${event.stream === "stdout" ? style.cyan(`${event.host}:`) : style.red(`${event.host}:`)} `,
      sinceMs: 0,
    };
    streams.set(key, stream);
    return stream;
  };
  const bringing = createBringingTeller(options.quiet, (lines) => screens.stderr.print(lines));
  const flush = (isDue: (sinceMs: number) => boolean): void => {
    for (const { assembler, screen, prefix, sinceMs } of streams.values()) {
      if (!assembler.isEmpty && isDue(sinceMs)) screen.print(assembler.flush().map((line) => prefix + line));
    }
  };
  return {
    event(event) {
      applyCommandEvent(model, event);
      if (event.event === "deploying") bringing.tell(event, world.clock.now());
      if (event.event !== "output") return;
      const stream = streamOf(event);
      const wasEmpty = stream.assembler.isEmpty;
      const lost = lostLines(event);
      const unfinished = lost.length > 0 ? stream.assembler.flush() : [];
      const lines = [...unfinished, ...lost, ...stream.assembler.push(event.text)];
      if (wasEmpty || lines.length > 0) stream.sinceMs = world.clock.now();
      if (lines.length > 0) stream.screen.print(lines.map((line) => stream.prefix + line));
    },
    tick() {
      const nowMs = world.clock.now();
      flush((sinceMs) => nowMs - sinceMs >= PARTIAL_LINE_MS);
      bringing.tick(nowMs);
    },
    message: (text) => void world.stderr.write(`${text}\n`),
    async end(result) {
      flush(() => true);
      screens.stderr.print(endLines(model, result, options));
      await Promise.all([screens.stdout.close(), screens.stderr.close()]);
    },
  };
}

/** Seconds without a sign need a reason, and hosts are told together. */
function createBringingTeller(isQuiet: boolean, print: (lines: readonly string[]) => void): BringingTeller {
  const groups = createHostGrouping<DeployingEvent>(GROUPING_MS);
  return {
    tell(event, nowMs) {
      if (!isQuiet) groups.add(`${event.doing}|${event.what}`, event.host, event, nowMs);
    },
    tick(nowMs) {
      const lines = groups
        .due(nowMs)
        .map(
          ({ folded, detail }) => `plush: ${deployingText(folded, detail.doing, detail.what, detail.bytes)}`,
        );
      if (lines.length > 0) print(lines);
    },
  };
}

interface BringingTeller {
  readonly tell: (event: DeployingEvent, nowMs: number) => void;
  readonly tick: (nowMs: number) => void;
}

/** Where folded output goes; the shell prints it above the line being typed. */
export type PrintFolded = (lines: readonly string[], stream: "stdout" | "stderr") => Promise<void>;

/** Identical output once, under its folded hosts, largest group first; meanwhile a counter on a terminal. */
export function presentFolded(
  world: PresentWorld,
  options: PresentOptions,
  print: PrintFolded = printTo(world),
): RunPresenter {
  const model = createCommandModel();
  const folders = { stdout: createOutputFolder(), stderr: createOutputFolder() };
  const counter =
    isLive(world.stderr, world.environment) && !options.quiet
      ? createLiveScreen(world.stderr, world.clock, options.turn)
      : undefined;
  const bringing = createBringingTeller(options.quiet, (lines) =>
    counter === undefined ? void print(lines, "stderr") : counter.print(lines),
  );
  return {
    event(event) {
      applyCommandEvent(model, event);
      if (event.event === "deploying") bringing.tell(event, world.clock.now());
      if (event.event === "output") folders[event.stream].push(event.host, textWithGaps(event));
      else if (model.hosts > 0) counter?.status([`plush: ${model.ended.size}/${model.hosts} hosts done`]);
    },
    tick: () => bringing.tick(world.clock.now()),
    message(text, isLast = false) {
      if (counter === undefined) void print([text], "stderr");
      else counter.print([text]);
      if (isLast) counter?.leave();
    },
    async end(result) {
      await counter?.close();
      await print(
        folders.stdout.groups().flatMap((group) => renderGroup(group, options.style.cyan)),
        "stdout",
      );
      await print(
        [
          ...folders.stderr.groups().flatMap((group) => renderGroup(group, options.errorStyle.red, "stderr")),
          ...endLines(model, result, options),
        ],
        "stderr",
      );
    },
  };
}

function printTo(world: PresentWorld): PrintFolded {
  return async (lines, stream) => {
    const screen = createPlainScreen(world[stream]);
    screen.print(lines);
    await screen.close();
  };
}

/** One object at the end: folded groups, exits and failures. */
export function presentCommandObject(world: PresentWorld, command: string): RunPresenter {
  const model = createCommandModel();
  const folders = { stdout: createOutputFolder(), stderr: createOutputFolder() };
  return {
    event(event) {
      applyCommandEvent(model, event);
      if (event.event === "output") folders[event.stream].push(event.host, textWithGaps(event));
    },
    tick: () => {
      // All is said at the end.
    },
    message: (text) => void world.stderr.write(`${text}\n`),
    async end(result) {
      const object =
        result.kind === "refused" ? refusalObject(result) : commandObject(model, result, command, folders);
      world.stdout.write(`${JSON.stringify(object, null, 2)}\n`);
      await written(world.stdout);
    },
  };
}

function commandObject(
  model: CommandModel,
  result: Extract<RunResult, { kind: "ended" }>,
  command: string,
  folders: {
    readonly stdout: { groups(): readonly OutputGroup[] };
    readonly stderr: { groups(): readonly OutputGroup[] };
  },
): Record<string, unknown> {
  const groups = (found: readonly OutputGroup[]) =>
    found.map(({ folded, hosts, lines }) => ({
      hosts: folded,
      count: hosts.length,
      text: `${lines.join("\n")}\n`,
    }));
  const reasons = (found: ReadonlyMap<string, Set<string>>) =>
    [...found].map(([reason, hosts]) => ({ hosts: foldNames(hosts), count: hosts.size, reason }));
  return {
    version: RUN_EVENTS_VERSION,
    run: result.run,
    command,
    exitCode: result.verdict.exitCode,
    reason: result.verdict.reason,
    results: result.results,
    stdout: groups(folders.stdout.groups()),
    stderr: groups(folders.stderr.groups()),
    exits: reasons(model.exits),
    failures: reasons(model.failures).map((failure) => ({
      ...failure,
      remedy: model.remedies.get(failure.reason) ?? "",
    })),
    problems: [...model.problems],
  };
}
