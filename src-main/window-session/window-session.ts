// One window that is attached to the controller: performs what it asks, and tells it what changes, at its own pace.
import type { ControllerApi, DocumentSource } from "#shared/controller-api/controller-api.ts";
import type { HostTestOptions, HostTestResult } from "#shared/controller-api/host-tests.ts";
import type { RunEvent } from "#shared/controller-api/run-events.ts";
import {
  WINDOW_MESSAGES_VERSION,
  type DetachedTab,
  type DetachResult,
  type PreferencesView,
  type RecentFile,
  type WelcomeUpdate,
  type WrittenPreferences,
} from "#shared/controller-api/window-messages.ts";
import { checkWindowRequest, type AnyWindowRequest } from "./check-window-request.ts";
import type { FilePool } from "./file-pool.ts";
import type { ForwardPool } from "./forward-pool.ts";
import { performOnFiles } from "./perform-on-files.ts";
import { performOnHostKeys, performOnRuns } from "./perform-on-controller.ts";
import { performOnTerminals } from "./perform-on-terminals.ts";
import type { DetachedTabs } from "./detached-tabs.ts";
import { StateFeed } from "./state-feed.ts";
import type { TerminalPool } from "./terminal-pool.ts";
import type { WindowDocuments } from "./window-documents.ts";
import type { WindowPort } from "./window-port.ts";

/** Ten times a second: faster is not seen, slower looks as if nothing happened. */
export const STATE_INTERVAL_MS = 100;
/** Nothing happened, as far as is known: what has no event (round trips, a link's way) is looked at this often. */
const IDLE_INTERVAL_MS = 1000;
/** Events kept for a window that is slow to take them; beyond, they are counted as missed. */
const EVENTS_WAITING_MAX = 20_000;
/** Characters of output in one update: what a page takes in within a frame or two. */
const EVENT_CHARACTERS_MAX = 512 * 1024;

/** The person's plush.prefs. */
export interface WindowPreferences {
  read(): Promise<PreferencesView>;
  write(changes: Readonly<Record<string, string | null>>): Promise<WrittenPreferences>;
}

export interface WindowSessionParts {
  readonly api: ControllerApi;
  readonly port: WindowPort;
  readonly terminals: TerminalPool;
  readonly files: FilePool;
  readonly forwards: ForwardPool;
  readonly welcome: Omit<WelcomeUpdate, "kind" | "version" | "application" | "directory">;
  readonly documents: WindowDocuments;
  readonly onRecent: (listener: (files: readonly RecentFile[]) => void) => () => void;
  readonly chooseFile: (kind: "application" | "directory") => Promise<string | null>;
  readonly keepWindowState: (state: string) => void;
  readonly preferences: WindowPreferences;
  readonly tabs: DetachedTabs;
  /** The number of the tab that the window shows alone. */
  readonly tab: string | undefined;
  readonly log: (text: string) => void;
}

export class WindowSession {
  readonly #parts: WindowSessionParts;
  readonly #feed = new StateFeed();
  readonly #stops = new Set<() => void>();
  #events: RunEvent[] = [];
  #missed = 0;
  #dirty = true;
  #lastMs = 0;
  /** The window has not said yet that it took in the last state. */
  #awaited = 0;
  #closed = false;

  constructor(parts: WindowSessionParts) {
    this.#parts = parts;
    const { api, documents, port, welcome, onRecent } = parts;
    port.onMessage((message) => void this.#message(message));
    port.onClose(() => this.close());
    port.send({
      kind: "welcome",
      version: WINDOW_MESSAGES_VERSION,
      application: documents.application,
      directory: documents.directory,
      ...welcome,
    });
    const stops = [
      api.subscribe((event) => this.#event(event)),
      onRecent((files) => port.send({ kind: "recent", files })),
      api.onQuestion((change) => {
        port.send({ kind: "question", question: change.kind === "asked" ? change.question : undefined });
      }),
    ];
    for (const stop of stops) this.#stops.add(stop);
    const open = api.question();
    if (open !== undefined) port.send({ kind: "question", question: open });
    const timer = setInterval(() => this.#tick(), STATE_INTERVAL_MS);
    this.#stops.add(() => clearInterval(timer));
    this.#tick();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const stop of this.#stops) stop();
    const { terminals, files, forwards, tabs, tab } = this.#parts;
    if (tab !== undefined) {
      // What runs in it goes on in the docks, or in the page that is loaded anew.
      const { last } = terminals;
      tabs.gone(tab, last === undefined ? undefined : terminals.release(last));
    }
    terminals.close();
    files.close();
    forwards.close();
  }

  #event(event: RunEvent): void {
    this.#dirty = true;
    if (this.#events.length >= EVENTS_WAITING_MAX) this.#missed += 1;
    else this.#events.push(event);
  }

  #tick(): void {
    // One that has not taken in the last is not given more: what has changed meanwhile comes at once, later.
    if (this.#awaited > 0) return;
    this.#sendEvents();
    const nowMs = Date.now();
    if (!this.#dirty && nowMs - this.#lastMs < IDLE_INTERVAL_MS) return;
    this.#dirty = this.#events.length > 0;
    this.#lastMs = nowMs;
    const { api, port } = this.#parts;
    const { application, directory } = api.loaded();
    const update = this.#feed.update({
      hosts: api.hosts(),
      mesh: api.mesh(),
      runs: api.runs(),
      loaded: { application, directory },
      nowMs,
    });
    if (update === undefined) return;
    this.#awaited = update.sequence;
    port.send(update);
  }

  #sendEvents(): void {
    if (this.#events.length === 0 && this.#missed === 0) return;
    let characters = 0;
    let count = 0;
    for (const event of this.#events) {
      characters += event.event === "output" ? event.text.length : 0;
      if (count > 0 && characters > EVENT_CHARACTERS_MAX) break;
      count += 1;
    }
    this.#parts.port.send({ kind: "events", events: this.#events.slice(0, count), missed: this.#missed });
    this.#events = this.#events.slice(count);
    this.#missed = 0;
  }

  async #message(message: unknown): Promise<void> {
    const { port, log } = this.#parts;
    const checked = checkWindowRequest(message);
    if (checked.kind === "refused") {
      log(`window: refused a message: ${checked.message}`);
      if (checked.id !== undefined) port.send({ kind: "refusal", id: checked.id, message: checked.message });
      return;
    }
    const { request } = checked;
    try {
      const value = await this.#perform(request);
      if (!this.#closed) port.send({ kind: "answer", id: request.id, value });
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      log(`window: ${request.name} failed: ${error instanceof Error ? (error.stack ?? words) : words}`);
      if (!this.#closed) port.send({ kind: "refusal", id: request.id, message: words });
    }
    this.#dirty = true;
  }

  /** Ends with the window that wants to know. */
  #testHosts(options: HostTestOptions): Promise<HostTestResult> {
    const { api, port } = this.#parts;
    const testing = api.testHosts(options, (test) => port.send({ kind: "hostTest", test }));
    const stop = (): void => testing.stop();
    this.#stops.add(stop);
    return testing.ended.finally(() => this.#stops.delete(stop));
  }

  async #detach({
    tab,
    terminal,
  }: {
    readonly tab: DetachedTab;
    readonly terminal: number | undefined;
  }): Promise<DetachResult> {
    const { port, tabs, terminals } = this.#parts;
    // Its shell would be gone from a tab that stays.
    const { refusal } = tabs;
    if (refusal !== undefined) return refusal;
    const moved = terminal === undefined ? undefined : terminals.release(terminal);
    const wanted = moved === undefined ? tab : { ...tab, shell: tabs.keep(moved) };
    return tabs.detach(wanted, (back) => {
      // A window that is gone has its tabs in its layout, and opens them when it comes again.
      if (!this.#closed) port.send({ kind: "tabBack", tab: back });
    });
  }

  #perform(request: AnyWindowRequest): unknown {
    const { api, documents, chooseFile, keepWindowState, preferences } = this.#parts;
    switch (request.name) {
      case "loadApplication":
        return documents.loadApplication(sourceOf(request.arguments));
      case "loadDirectory":
        return documents.loadDirectory(sourceOf(request.arguments));
      case "openExample":
        return documents.openExample(request.arguments.name);
      case "startRun":
      case "startCommand":
      case "endRun":
      case "failHosts":
      case "force":
      case "connect":
      case "disconnect":
      case "runWaits":
      case "runSpans":
      case "answer":
        return performOnRuns(api, request);
      case "testHosts":
        return this.#testHosts(request.arguments);
      case "openTerminal":
      case "adoptTerminal":
      case "writeTerminal":
      case "resizeTerminal":
      case "seenTerminal":
      case "closeTerminal":
        return performOnTerminals(this.#parts.terminals, this.#parts.tabs, request);
      case "readHostKeys":
      case "decideHostKeys":
      case "replaceHostKey":
        return performOnHostKeys(api, request);
      case "openFiles":
      case "listFiles":
      case "makeFileDirectory":
      case "renameFile":
      case "removeFile":
      case "startDownload":
      case "startUpload":
      case "putBytes":
      case "endUpload":
      case "cancelTransfer":
      case "closeFiles":
        return performOnFiles(this.#parts.files, request);
      case "openForward":
        return this.#parts.forwards.open(request.arguments);
      case "closeForward":
        return this.#parts.forwards.closeOne(request.arguments.forward);
      case "keepWindowState":
        keepWindowState(request.arguments.state);
        return null;
      case "watchHosts":
        return api.watchHosts(request.arguments.hosts);
      case "seenState":
        if (request.arguments.sequence >= this.#awaited) this.#awaited = 0;
        return null;
      case "saveGroup":
        return documents.saveGroup(request.arguments);
      case "chooseFile":
        return chooseFile(request.arguments.kind);
      case "detachTab":
        return this.#detach(request.arguments);
      case "readPreferences":
        return preferences.read();
      case "writePreferences":
        return preferences.write(request.arguments.changes);
    }
  }
}

function sourceOf({
  path,
  text,
}: {
  readonly path: string;
  readonly text?: string | undefined;
}): DocumentSource {
  return text === undefined ? { path } : { path, text };
}
