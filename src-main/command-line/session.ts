// What every command needs first: preferences, style, the controller, and the documents a person named.
import { dirname, join, resolve } from "node:path";
import { DEFAULTS } from "#shared/application/application-limits.ts";
import type { ControllerApi, LoadResult } from "#shared/controller-api/controller-api.ts";
import { foldNames } from "#shared/node-set/node-set.ts";
import { controllerSettingsOf } from "../documents/controller-settings.ts";
import { loadPreferences } from "../documents/load-preferences.ts";
import type { OutputFormat, Preferences } from "../documents/preferences.ts";
import { errorCodeOf, readDocument, readStandardInput } from "../documents/read-document.ts";
import { answerQuestions, terminalOf } from "./answer-questions.ts";
import { CommandFailure } from "./command-failure.ts";
import { EXIT } from "./exit-codes.ts";
import { leftText } from "./follow-run.ts";
import { neutraliseLine } from "#shared/output-text/neutralise-output.ts";
import { quoteForShell } from "./shell-words.ts";
import { effectivePreferences, type DeployFlags, type OutputFlags } from "./options.ts";
import { renderProblems, type DocumentProblems } from "./render-problems.ts";
import { styleFor, type Style } from "./style.ts";
import { createTerminalTurn, type TerminalTurn } from "./terminal-turn.ts";
import { cutToWidth } from "./text-width.ts";
import type { Output, World } from "./world.ts";

/** Directory file that is used when nobody names one: the original's own name for it. */
const DIRECTORY_FILE_NAME = "directory.xml";
/** Some lines: of thousands of hosts with names of their own, the first say enough. */
const REMEDY_COLUMNS_MAX = 300;

/** The key at a question, among the names of signals. */
export const CTRL_C = "Ctrl-C";

export interface Session {
  readonly world: World;
  readonly preferences: Preferences;
  readonly output: OutputFormat;
  readonly style: Style;
  readonly errorStyle: Style;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly turn: TerminalTurn;
  /** A person may be asked, if there is one at a terminal. */
  readonly mayAsk: boolean;
  /** What a signal would do: Ctrl-C is a key while a question is open. */
  interrupt(signal: string): void;
}

/** A file that a person named, with its text. */
export interface NamedDocument {
  /** As the person wrote it. */
  readonly shown: string;
  /** Absolute: relative paths inside the document start from its folder. */
  readonly path: string;
  readonly text: string;
}

export async function openSession(world: World, flags: OutputFlags & DeployFlags): Promise<Session> {
  const loaded = await loadPreferences(world.workingDirectory, world.paths.config, world.environment);
  const preferences = effectivePreferences(flags, loaded.preferences);
  const style = (output: Output): Style =>
    styleFor({
      refused: flags.color === false,
      environment: world.environment,
      preference: preferences.colour,
      isTerminal: output.isTTY === true,
    });
  const errorStyle = style(world.stderr);
  for (const { severity, source, line, message, remedy } of loaded.problems) {
    const place = line > 0 ? `${source}:${line}` : source;
    const word = severity === "error" ? errorStyle.red("error:") : errorStyle.yellow("warning:");
    world.stderr.write(
      `${neutraliseLine(place)}: ${word} ${neutraliseLine(message)}\n  ${errorStyle.cyan("help:")} ${neutraliseLine(remedy)}\n`,
    );
  }
  if (loaded.problems.some((problem) => problem.severity === "error"))
    throw new CommandFailure(EXIT.usage, "");
  const output = preferences.output ?? "text";
  const signals = withKeys(world);
  return {
    world: { ...world, onSignal: signals.onSignal },
    preferences,
    output,
    turn: createTerminalTurn(),
    // What a program reads stands alone on the terminal, if it is on one at all.
    mayAsk: flags.input !== false && output === "text",
    interrupt: signals.raise,
    style: style(world.stdout),
    errorStyle,
    quiet: flags.quiet === true,
    verbose: flags.verbose === true,
  };
}

/** Signals of the system, and keys that stand for one. */
function withKeys(world: World): Pick<World, "onSignal"> & { raise(this: void, signal: string): void } {
  const listeners = new Set<(signal: string) => void>();
  return {
    onSignal(listener) {
      listeners.add(listener);
      const stop = world.onSignal(listener);
      return () => {
        listeners.delete(listener);
        stop();
      };
    },
    raise(signal) {
      for (const listener of [...listeners]) listener(signal);
    },
  };
}

/** Starts the controller, and ends it whatever happens; a signal while it ends leaves at once. */
export async function withController(
  session: Session,
  action: (api: ControllerApi) => Promise<number>,
): Promise<number> {
  const { world, preferences, verbose } = session;
  const log = (text: string): void => {
    if (verbose) world.stderr.write(`${neutraliseLine(text)}\n`);
  };
  const starting = world.startController(controllerSettingsOf(preferences, world.paths, log));
  const api = await starting.catch((error: unknown) => {
    throw startFailure(error, world.paths.state);
  });
  const stopAsking = askAtTerminal(api, session);
  try {
    return await action(api);
  } finally {
    stopAsking();
    const stop = world.onSignal(() => {
      world.stderr.write(`${leftText(absenceOf(api))}\n`);
      world.leave(EXIT.interrupted);
    });
    try {
      await api.quit();
    } finally {
      stop();
    }
  }
}

function askAtTerminal(api: ControllerApi, session: Session): () => void {
  const { world, turn, mayAsk } = session;
  const terminal = mayAsk ? terminalOf(world) : undefined;
  if (terminal === undefined) return () => undefined;
  const interrupt = (): void => {
    session.interrupt(CTRL_C);
  };
  return answerQuestions({ api, turn, stdin: world.stdin, terminal, interrupt });
}

/** Every run may have asked its hosts for another patience. */
function absenceOf(api: ControllerApi): number {
  const all = api.runs().map((run) => run.controllerAbsenceMs);
  return all.length === 0 ? DEFAULTS.controllerAbsenceMs : Math.max(...all);
}

/** What the system refuses is not a bug of ours: a port that is taken, a state directory that cannot be written. */
function startFailure(error: unknown, stateDirectory: string): unknown {
  const code = errorCodeOf(error);
  if (!(error instanceof Error) || code === undefined) return error;
  const remedy = ["EADDRINUSE", "EADDRNOTAVAIL"].includes(code)
    ? "Choose another controller_port, or leave it out for any free one."
    : `Logs and results go to ${stateDirectory}: make that writable, or set XDG_STATE_HOME to another folder.`;
  return new CommandFailure(EXIT.error, `the controller cannot be started: ${error.message}`, remedy);
}

/** "-" is standard input. */
export async function readNamed(world: World, name: string, what: string): Promise<NamedDocument> {
  const isInput = name === "-";
  const path = resolve(world.workingDirectory, name);
  const document = isInput ? await readStandardInput(world.stdin) : await readDocument(path);
  const shown = isInput ? "standard input" : name;
  if (document.kind === "ok") return { shown, path, text: document.text };
  throw new CommandFailure(
    EXIT.invalid,
    `cannot read ${what} ${shown}: ${document.message}`,
    document.remedy,
  );
}

/** The directory named by flag, environment or preferences, else ./directory.xml when there is one. */
export async function findDirectory(session: Session): Promise<NamedDocument | undefined> {
  const { world, preferences } = session;
  if (preferences.directory !== undefined)
    return readNamed(world, preferences.directory, "the resource directory");
  const found = await readDocument(resolve(world.workingDirectory, DIRECTORY_FILE_NAME));
  if (found.kind !== "ok") return undefined;
  return {
    shown: DIRECTORY_FILE_NAME,
    path: resolve(world.workingDirectory, DIRECTORY_FILE_NAME),
    text: found.text,
  };
}

/** `application`: whatever lies beside it is pointed at, and never taken unasked. */
export async function requireDirectory(
  session: Session,
  application?: NamedDocument,
): Promise<NamedDocument> {
  const directory = await findDirectory(session);
  if (directory !== undefined) return directory;
  const beside = application === undefined ? undefined : await directoryBeside(session.world, application);
  throw new CommandFailure(
    EXIT.usage,
    "no resource directory: it says which hosts there are",
    beside === undefined
      ? `Name one with -d DIRECTORY.xml, or write a first one with: ${session.world.programName} init`
      : `There is one beside the application: -d ${quoteForShell(beside, "")}`,
  );
}

async function directoryBeside(world: World, { shown, path }: NamedDocument): Promise<string | undefined> {
  const found = await readDocument(join(dirname(path), DIRECTORY_FILE_NAME));
  // Of standard input, the path is no place.
  const isFile = resolve(world.workingDirectory, shown) === path;
  return found.kind === "ok" && isFile ? join(dirname(shown), DIRECTORY_FILE_NAME) : undefined;
}

/** What can be named instead of hosts or groups that are not there. */
export function hostsRemedy(api: ControllerApi): string {
  const hosts = api.hosts();
  if (hosts.length === 0) return "The resource directory lists no hosts.";
  const folded = foldNames(hosts.map((host) => host.host));
  const groups = [...new Set(hosts.flatMap((host) => host.groups))];
  const all = groups.length === 0 ? "" : `; its groups: ${groups.join(", ")}`;
  return cutToWidth(`The directory's hosts are ${folded}${all}.`, REMEDY_COLUMNS_MAX);
}

export interface LoadedDocuments {
  readonly loaded: boolean;
  readonly documents: readonly DocumentProblems[];
}

/** The directory goes first, so that the specification is checked against it. */
export async function loadDocuments(
  api: ControllerApi,
  directory: NamedDocument,
  application: NamedDocument | undefined,
): Promise<LoadedDocuments> {
  const documents: DocumentProblems[] = [];
  const keep = (document: NamedDocument, result: LoadResult): boolean => {
    documents.push({ path: document.shown, text: document.text, problems: result.problems });
    return result.loaded;
  };
  let loaded = keep(directory, await api.loadDirectory(directory));
  if (application !== undefined) loaded = keep(application, await api.loadApplication(application)) && loaded;
  return { loaded, documents };
}

/** Nobody is to take what they print for what machines have done. */
export function tellSimulated(session: Session, api: ControllerApi): void {
  const simulated = api.hosts().filter(({ managerType }) => managerType === "simulated");
  if (simulated.length === 0 || session.quiet) return;
  const hosts = cutToWidth(foldNames(simulated.map(({ host }) => host)), REMEDY_COLUMNS_MAX);
  session.world.stderr.write(`simulated hosts: ${hosts}: no program runs anywhere\n`);
}

/** Text goes to standard error: the data of a command is on standard output. */
export function tellProblems(session: Session, documents: readonly DocumentProblems[]): void {
  const shown = session.quiet
    ? documents.map((document) => ({
        ...document,
        problems: document.problems.filter((problem) => problem.severity === "error"),
      }))
    : documents;
  const lines = renderProblems(shown, session.errorStyle);
  if (lines.length > 0) session.world.stderr.write(`${lines.join("\n")}\n`);
}
