// The window's end of the link: what the controller tells goes to the stores, what the person does goes to the controller.
import type { RunView } from "#shared/controller-api/controller-api.ts";
import type {
  DetachedTab,
  WindowRequestName,
  WindowRequests,
  WindowUpdate,
} from "#shared/controller-api/window-messages.ts";
import { connectController, type ControllerLink } from "./connect-controller.ts";
import { takeApplication, takeDirectory } from "./documents-store.ts";
import { forgetEvents, takeEvents } from "./events-store.ts";
import { forgetHosts, takeHosts } from "./hosts-store.ts";
import { forgetOutput, takeOutput } from "./output-texts-store.ts";
import { noteEvents } from "./past.ts";
import { forgetRuns, runsStore, takeRuns } from "./runs-store.ts";
import { settingsStore, takeWindowState, windowStateText } from "./settings-store.ts";
import { forgetSpans, spansStore, takeSpanEvents, takeSpans } from "./spans-store.ts";
import { forgetPastMetrics, startWatching, takeMetrics } from "./hosts-on-screen.ts";
import { tell, windowStore } from "./window-store.ts";

export interface TerminalEvents {
  data(bytes: Uint8Array): void;
  closed(reason: string, isLost: boolean): void;
}

const terminals = new Map<number, TerminalEvents>();
type SystemCommand = Extract<WindowUpdate, { kind: "command" }>;
export type DoorUpdate = Extract<
  WindowUpdate,
  { readonly kind: "filesClosed" | "transfer" | "forward" | "forwardClosed" }
>;
const commandListeners = new Set<(command: SystemCommand) => void>();
const tabListeners = new Set<(tab: DetachedTab) => void>();
const hostTestListeners = new Set<(update: Extract<WindowUpdate, { kind: "hostTest" }>) => void>();
const doorListeners = new Set<(update: DoorUpdate) => void>();
let link: ControllerLink | undefined;
let stateKept = "";

/** Once, at the start. */
export function startLink(): void {
  link = connectController({
    update: takeUpdate,
    gone(reason, retryMs) {
      windowStore.setState({ gone: { reason, retryMs }, question: undefined });
      const cutOff = [...terminals.values()];
      terminals.clear();
      for (const terminal of cutOff) terminal.closed("the controller is gone", true);
    },
  });
  startWatching((hosts) => ask("watchHosts", { hosts }));
  settingsStore.subscribe(() => {
    const state = windowStateText();
    const { welcome } = windowStore.getState();
    // A window that shows one tab alone has no layout to keep.
    if (welcome === undefined || welcome.shows !== undefined || state === stateKept) return;
    stateKept = state;
    // Once the controller is back, it is kept with the next change.
    void ask("keepWindowState", { state }).catch(() => (stateKept = ""));
  });
}

/** Rejects only for a bug, or when the controller is gone: what can go wrong is in the answer. */
export async function ask<Name extends WindowRequestName>(
  name: Name,
  given: WindowRequests[Name]["arguments"],
): Promise<WindowRequests[Name]["answer"]> {
  if (link === undefined) throw new Error("the window has no link yet");
  return link.ask(name, given);
}

/** For acts whose answer needs no more than a word: what fails is told. */
export function act<Name extends WindowRequestName>(
  name: Name,
  given: WindowRequests[Name]["arguments"],
  then?: (answer: WindowRequests[Name]["answer"]) => void,
): void {
  ask(name, given).then(then, (error: unknown) => {
    tell("error", `${name} did not work`, error instanceof Error ? error.message : String(error));
  });
}

export function followTerminal(terminal: number, events: TerminalEvents): () => void {
  terminals.set(terminal, events);
  return () => terminals.delete(terminal);
}

/** What becomes of hosts' files, transfers and ports. */
export function followDoors(listener: (update: DoorUpdate) => void): () => void {
  doorListeners.add(listener);
  return () => doorListeners.delete(listener);
}

export function followHostTests(
  listener: (update: Extract<WindowUpdate, { kind: "hostTest" }>) => void,
): () => void {
  hostTestListeners.add(listener);
  return () => hostTestListeners.delete(listener);
}

/** What is chosen in the system's own menus, and files that are opened from the desktop. */
export function followCommands(listener: (command: SystemCommand) => void): () => void {
  commandListeners.add(listener);
  return () => commandListeners.delete(listener);
}

let asked = "";

/** Of a run that began before this window: once. */
function askForUnknownSpans(): void {
  const { current } = runsStore.getState();
  if (current === undefined || current.run === asked || spansStore.getState().runs.has(current.run)) return;
  askForSpans(current);
}

function askForSpans(run: RunView | undefined): void {
  if (run === undefined) return;
  asked = run.run;
  void ask("runSpans", { run: run.run }).then(
    (spans) => takeSpans(run.run, spans),
    () => (asked = ""),
  );
}

/** Tabs whose windows were closed. */
export function followTabs(listener: (tab: DetachedTab) => void): () => void {
  tabListeners.add(listener);
  return () => tabListeners.delete(listener);
}

function takeUpdate(update: WindowUpdate): void {
  switch (update.kind) {
    case "welcome": {
      // A controller that was started anew knows nothing of what was shown before.
      forgetHosts();
      forgetRuns();
      forgetEvents();
      forgetOutput();
      forgetSpans();
      asked = "";
      forgetPastMetrics();
      takeWindowState(update.windowState);
      takeApplication(update.application);
      takeDirectory(update.directory);
      windowStore.setState({ welcome: update, recent: update.recent, gone: undefined, question: undefined });
      return;
    }
    case "state":
      takeRuns(update.runs);
      takeHosts(update, runsStore.getState().current);
      askForUnknownSpans();
      takeMetrics(update.hosts);
      void ask("seenState", { sequence: update.sequence }).catch(
        () => "the controller is gone, which is told",
      );
      return;
    case "events":
      noteEvents(update.events);
      takeEvents(update.events);
      takeOutput(update.events);
      takeSpanEvents(update.events);
      if (update.missed > 0) askForSpans(runsStore.getState().current);
      if (update.missed > 0) tell("note", `${String(update.missed)} events were too many for this window`);
      return;
    case "question":
      windowStore.setState({ question: update.question });
      return;
    case "command":
      for (const listener of commandListeners) listener(update);
      return;
    case "notice":
      tell(update.severity === "note" ? "note" : "error", update.text);
      return;
    case "recent":
      windowStore.setState({ recent: update.files });
      return;
    case "hostTest":
      for (const listener of hostTestListeners) listener(update);
      return;
    case "filesClosed":
    case "transfer":
    case "forward":
    case "forwardClosed":
      for (const listener of doorListeners) listener(update);
      return;
    case "tabBack":
      for (const listener of tabListeners) listener(update.tab);
      return;
    case "terminalData":
      terminals.get(update.terminal)?.data(update.bytes);
      return;
    case "terminalClosed":
      terminals.get(update.terminal)?.closed(update.reason, update.isLost);
      terminals.delete(update.terminal);
      return;
  }
}
