// What a person can do with an application, a run and hosts, from wherever in the window.
import type { EndCause, RunView, StartResult } from "#shared/controller-api/controller-api.ts";
import type { DocumentKind, LoadedDocument } from "#shared/controller-api/window-messages.ts";
import { parseDuration } from "#shared/application/durations.ts";
import { foldNames } from "#shared/node-set/node-set.ts";
import { act, ask } from "./controller-updates.ts";
import { documentsStore, fileNameOf, takeApplication, takeDirectory } from "./documents-store.ts";
import { isOver, runsStore } from "./runs-store.ts";
import { tell } from "./window-store.ts";

/** As `plush run` has it. */
const FANOUT = 64;

/** By the preferences as they are now; what they do not say is as on the command line. */
async function wantedOfRuns(): Promise<{ readonly fanout: number; readonly deadlineMs: number | undefined }> {
  const { entries } = await ask("readPreferences", {});
  const counts = (key: string): string | undefined => entries.find((entry) => entry.key === key)?.counts;
  const deadlineMs = parseDuration(counts("timeout") ?? "0") ?? 0;
  return {
    fanout: Number(counts("fanout") ?? FANOUT),
    deadlineMs: deadlineMs === 0 ? undefined : deadlineMs,
  };
}

export async function openExample(name: string): Promise<boolean> {
  const opened = await ask("openExample", { name });
  if (opened.kind === "refused") {
    tell("error", "The example cannot be opened", opened.message);
    return false;
  }
  takeDirectory(opened.directory);
  takeApplication(opened.application);
  tellProblems(opened.directory);
  tellProblems(opened.application);
  return opened.application.result.loaded && opened.directory.result.loaded;
}

export async function openFile(kind: "application" | "directory", path: string): Promise<void> {
  const document = await ask(kind === "application" ? "loadApplication" : "loadDirectory", { path });
  if (kind === "application") takeApplication(document);
  else takeDirectory(document);
  tellProblems(document);
}

/** Of a file whose place the browser does not tell. */
export async function openText(kind: DocumentKind, name: string, text: string): Promise<void> {
  const document = await ask(kind === "application" ? "loadApplication" : "loadDirectory", {
    path: name,
    text,
  });
  if (kind === "application") takeApplication(document);
  else takeDirectory(document);
  tellProblems(document);
  if (document.result.loaded && kind === "application")
    tell("note", `${name} is open`, "Files that it names are looked for in the controller's working folder.");
}

function tellProblems({ result, path }: LoadedDocument): void {
  const errors = result.problems.filter((problem) => problem.severity === "error");
  const [first] = errors;
  if (first === undefined) return;
  const more = errors.length > 1 ? ` and ${String(errors.length - 1)} more` : "";
  const place = `line ${String(first.line)}`;
  tell("error", `${fileNameOf(path)} has an error${more}`, `${place}: ${first.message}. ${first.remedy}`);
}

/** Undefined when it can run; else why not. */
export function whyNotRun(): string | undefined {
  const { application, directory } = documentsStore.getState();
  const { current } = runsStore.getState();
  if (application === undefined) return "Open an application, or choose an example";
  if (!application.result.loaded) return `${fileNameOf(application.path)} has errors`;
  if (directory === undefined) return "Open a resource directory: it says which hosts there are";
  if (!directory.result.loaded) return `${fileNameOf(directory.path)} has errors`;
  if (current !== undefined && !isOver(current)) return "A run is going on";
  return undefined;
}

export async function startRun(): Promise<StartResult | undefined> {
  const reason = whyNotRun();
  if (reason !== undefined) {
    tell("error", "This cannot run yet", reason);
    return undefined;
  }
  const started = await ask("startRun", {
    ...(await wantedOfRuns()),
    keep: true,
    stayConnected: true,
    results: undefined,
    variables: {},
  });
  if (started.kind === "refused") tell("error", started.reason, started.remedy ?? "");
  return started;
}

export function endRun(run: RunView, cause: EndCause): void {
  const reason = cause === "stop" ? "stopped in the window" : "aborted in the window";
  act("endRun", { run: run.run, cause, reason }, tellRefusal);
}

export function force(run: RunView, name: string): void {
  act("force", { run: run.run, name }, tellRefusal);
}

export function failHosts(hosts: readonly string[]): void {
  act("failHosts", { hosts, reason: "failed in the window" }, (answers) => {
    const refused = answers.filter((answer) => answer.kind === "refused");
    if (refused[0] !== undefined)
      tell(
        "error",
        `${String(refused.length)} of ${String(hosts.length)} hosts cannot be failed`,
        refused[0].message,
      );
  });
}

export function connectHosts(hosts: readonly string[] | undefined): void {
  wantedOfRuns().then(
    ({ fanout }) =>
      act("connect", { hosts: hosts === undefined ? undefined : foldNames(hosts), fanout }, tellRefusal),
    (error: unknown) => tell("error", "The hosts were not connected", String(error)),
  );
}

export function disconnectHosts(hosts: readonly string[] | undefined): void {
  act("disconnect", { hosts: hosts === undefined ? undefined : foldNames(hosts) }, tellRefusal);
}

/** Resolves with the run's name, or undefined when it was refused (and told). */
export async function runCommand(hosts: readonly string[], command: string): Promise<string | undefined> {
  const { fanout } = await wantedOfRuns();
  const started = await ask("startCommand", {
    fanout,
    command,
    hosts: foldNames(hosts),
    group: undefined,
    exclude: undefined,
    connectedOnly: false,
    stayConnected: true,
    wantsInput: false,
    deadlineMs: undefined,
    results: undefined,
    keep: false,
  });
  if (started.kind === "started") return started.run;
  tell("error", started.reason, started.remedy ?? "");
  return undefined;
}

/** Resolves with why not, for people; undefined when it was saved. */
export async function saveGroup(
  group: string,
  hosts: readonly string[],
  write: boolean,
): Promise<string | undefined> {
  const saved = await ask("saveGroup", { group, hosts, write });
  if (saved.kind === "refused") return saved.message;
  takeDirectory(saved.directory);
  const where = write ? fileNameOf(saved.directory.path) : "until the directory is opened again";
  tell("note", `@${group} has ${String(saved.hosts)} ${saved.hosts === 1 ? "host" : "hosts"}`, where);
  return undefined;
}

function tellRefusal(answer: { readonly kind: string; readonly message: string }): void {
  if (answer.kind === "refused") tell("error", answer.message);
}
