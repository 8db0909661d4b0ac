// What a window and its controller say to each other, over a MessagePort (Electron) or a WebSocket (browser): plain data.
import type {
  ActionResult,
  ApplicationSummary,
  CommandOptions,
  DocumentSource,
  EndCause,
  HostView,
  LoadResult,
  MeshMember,
  MeshView,
  RunOptions,
  RunView,
  StartResult,
} from "./controller-api.ts";
import type { ChangedHostKey } from "./changed-host-key.ts";
import type { BlockSpan } from "./block-spans.ts";
import type { FileAnswer, FileEntry, FileList, ForwardTarget } from "./host-files.ts";
import type { HostHistory } from "./host-metrics.ts";
import type { LookedAtKey, SeenHostKey } from "./host-key-list.ts";
import type { HostTest, HostTestOptions, HostTestResult } from "./host-tests.ts";
import type { Question } from "./questions.ts";
import type { RunWait } from "./run-waits.ts";
import type { RunEvent } from "./run-events.ts";

/** Raised when a window of an older build could misread what it is sent. */
export const WINDOW_MESSAGES_VERSION = 1;

/** Bytes of one message from a window at most: a large specification fits, and a page gone wild does not fill memory. */
export const WINDOW_MESSAGE_BYTES_MAX = 48 * 1024 * 1024;

/** By name: what is asked with, and what is answered. */
export interface WindowRequests {
  /** Reads and checks; with `text`, that text under this path. */
  readonly loadApplication: Ask<DocumentSource, LoadedDocument>;
  readonly loadDirectory: Ask<DocumentSource, LoadedDocument>;
  readonly openExample: Ask<{ readonly name: string }, OpenedExample>;
  readonly startRun: Ask<RunOptions, StartResult>;
  readonly startCommand: Ask<CommandOptions, StartResult>;
  readonly endRun: Ask<
    { readonly run: string; readonly cause: EndCause; readonly reason: string },
    ActionResult
  >;
  readonly failHosts: Ask<
    { readonly hosts: readonly string[]; readonly reason: string },
    readonly ActionResult[]
  >;
  readonly force: Ask<{ readonly run: string; readonly name: string }, ActionResult>;
  readonly connect: Ask<{ readonly hosts: string | undefined; readonly fanout: number }, ActionResult>;
  readonly disconnect: Ask<{ readonly hosts: string | undefined }, ActionResult>;
  /** Each host is told by the update `hostTest` when it is done. */
  readonly testHosts: Ask<HostTestOptions, HostTestResult>;
  readonly answer: Ask<{ readonly question: string; readonly answer: string | undefined }, ActionResult>;
  readonly openTerminal: Ask<
    { readonly host: string; readonly columns: number; readonly rows: number },
    OpenedTerminal
  >;
  readonly writeTerminal: Ask<{ readonly terminal: number; readonly bytes: Uint8Array }, null>;
  readonly resizeTerminal: Ask<
    { readonly terminal: number; readonly columns: number; readonly rows: number },
    null
  >;
  /** The window has shown so many bytes: as many more may come. */
  readonly seenTerminal: Ask<{ readonly terminal: number; readonly bytes: number }, null>;
  readonly closeTerminal: Ask<{ readonly terminal: number }, null>;
  /** A person has seen both keys and wants the new one; edits known_hosts, and keeps it as it was. */
  readonly readHostKeys: Ask<Readonly<Record<string, never>>, readonly SeenHostKey[]>;
  readonly decideHostKeys: Ask<
    { readonly decision: "accept" | "refuse"; readonly keys: readonly LookedAtKey[] },
    ActionResult
  >;
  readonly replaceHostKey: Ask<{ readonly review: string }, ActionResult>;
  readonly openFiles: Ask<{ readonly host: string }, OpenedFiles>;
  readonly listFiles: Ask<{ readonly files: number; readonly path: string }, FileAnswer<FileList>>;
  readonly makeFileDirectory: Ask<{ readonly files: number; readonly path: string }, FileAnswer<null>>;
  readonly renameFile: Ask<
    { readonly files: number; readonly from: string; readonly to: string },
    FileAnswer<null>
  >;
  readonly removeFile: Ask<
    { readonly files: number; readonly path: string; readonly kind: FileEntry["kind"] },
    FileAnswer<null>
  >;
  /** The page fetches it from the address, once. `whole`: a directory with all that is in it, as a tar archive. */
  readonly startDownload: Ask<
    { readonly files: number; readonly path: string; readonly whole?: boolean | undefined },
    StartedDownload
  >;
  readonly startUpload: Ask<
    { readonly files: number; readonly path: string; readonly replace: boolean },
    StartedUpload
  >;
  /** In order; the answer says that more may come. */
  readonly putBytes: Ask<{ readonly transfer: number; readonly bytes: Uint8Array }, FileAnswer<null>>;
  readonly endUpload: Ask<{ readonly transfer: number }, FileAnswer<null>>;
  readonly cancelTransfer: Ask<{ readonly transfer: number }, null>;
  readonly closeFiles: Ask<{ readonly files: number }, null>;
  readonly openForward: Ask<{ readonly host: string } & ForwardTarget, OpenedForward>;
  readonly closeForward: Ask<{ readonly forward: number }, null>;
  /** What the window wants to find again: layout, theme, filters. A JSON text that only windows understand. */
  readonly keepWindowState: Ask<{ readonly state: string }, null>;
  /** These are on screen: they are measured more often. To be asked again while they are; gives their past. */
  readonly watchHosts: Ask<{ readonly hosts: readonly string[] }, readonly HostHistory[]>;
  /** State up to this number has been taken in: the next may come. */
  readonly seenState: Ask<{ readonly sequence: number }, null>;
  readonly runWaits: Ask<{ readonly run: string }, readonly RunWait[]>;
  /** For a window that has not seen the run from its beginning. */
  readonly runSpans: Ask<{ readonly run: string }, readonly BlockSpan[]>;
  /** Adds hosts to a group of the directory that is open, usable at once; `write`: in its file, too. */
  readonly saveGroup: Ask<
    { readonly group: string; readonly hosts: readonly string[]; readonly write: boolean },
    SavedGroup
  >;
  /** A file chosen in the system's own dialog; null where the window has none (browser), or nothing was chosen. */
  readonly chooseFile: Ask<{ readonly kind: DocumentKind }, string | null>;
  /** Gives a tab a window of its own; `terminal`: the shell in it, which moves along. */
  readonly detachTab: Ask<
    { readonly tab: Omit<DetachedTab, "shell">; readonly terminal: number | undefined },
    DetachResult
  >;
  /** Takes over a shell that has come from another window, with what was on its screen. */
  readonly adoptTerminal: Ask<
    { readonly shell: string; readonly columns: number; readonly rows: number },
    OpenedTerminal
  >;
  readonly readPreferences: Ask<Readonly<Record<string, never>>, PreferencesView>;
  /** By key, as it would stand in plush.prefs; null: back to the default. All of them, or none. */
  readonly writePreferences: Ask<
    { readonly changes: Readonly<Record<string, string | null>> },
    WrittenPreferences
  >;
}

interface Ask<Arguments, Answer> {
  readonly arguments: Arguments;
  readonly answer: Answer;
}

export type WindowRequestName = keyof WindowRequests;

/** What was loaded, with its text and what it gives the window to draw. */
export interface LoadedDocument {
  readonly result: LoadResult;
  readonly path: string;
  /** Undefined when the file could not be read; `result.problems` says why. */
  readonly text: string | undefined;
}

export type OpenedExample =
  | { readonly kind: "opened"; readonly application: LoadedDocument; readonly directory: LoadedDocument }
  | { readonly kind: "refused"; readonly message: string };

export type SavedGroup =
  | { readonly kind: "saved"; readonly directory: LoadedDocument; readonly hosts: number }
  | { readonly kind: "refused"; readonly message: string };

export type OpenedTerminal = { readonly kind: "opened"; readonly terminal: number } | RefusedOpening;

export interface RefusedOpening {
  readonly kind: "refused";
  readonly reason: string;
  readonly remedy: string;
  /** Nobody has answered: it may go better a moment later. */
  readonly mayRetry: boolean;
  /** The host shows another key than the known ones: to be looked at. */
  readonly changedKey?: ChangedHostKey;
}

export type OpenedFiles =
  | { readonly kind: "opened"; readonly files: number; readonly start: string }
  | RefusedOpening;

export type OpenedForward =
  | { readonly kind: "opened"; readonly forward: number; readonly localPort: number }
  | RefusedOpening;

export type StartedDownload = FileAnswer<{
  readonly transfer: number;
  /** Of the page's own server. */
  readonly address: string;
  readonly size: number | undefined;
}>;

export type StartedUpload = FileAnswer<{ readonly transfer: number }> | { readonly kind: "exists" };

/** A view or a terminal in a window of its own. */
export interface DetachedTab {
  /** As the window's docks call it: `world`, `terminal` ... */
  readonly component: string;
  readonly title: string;
  /** Of a terminal. */
  readonly host?: string | undefined;
  /** The shell that waits to be taken over. */
  readonly shell?: string | undefined;
}

export interface TabPlace {
  /** Names it to whoever opens the window. */
  readonly id: string;
  readonly title: string;
}

export type DetachResult =
  | { readonly kind: "opened" }
  /** To be opened by the page: it works once. */
  | { readonly kind: "address"; readonly address: string }
  | { readonly kind: "refused"; readonly message: string };

/** The values of plush.prefs: what the person's file says, and what counts. */
export interface PreferencesView {
  /** The person's file: the one that is changed. */
  readonly path: string;
  /** What could not be used, of all files and of the environment. */
  readonly problems: readonly string[];
  readonly entries: readonly PreferenceEntry[];
}

export interface PreferenceEntry {
  readonly key: string;
  readonly group: "SSH" | "Controller and overlay" | "Runs" | "Command line";
  readonly title: string;
  readonly meaning: string;
  /** None: anything that the parser takes. */
  readonly choices: readonly string[];
  /** The default, in words. */
  readonly fallback: string;
  readonly applies: "next run" | "next start" | "command line";
  /** In the person's file; undefined: not there. */
  readonly own: string | undefined;
  /** What counts; undefined: the default. */
  readonly counts: string | undefined;
  /** A stronger source than the person's file, that says so: a variable, or the project's file. */
  readonly from: string | undefined;
  /** What counts is not what this program was started with. */
  readonly wantsRestart: boolean;
}

export type WrittenPreferences =
  | { readonly kind: "written"; readonly preferences: PreferencesView }
  | {
      readonly kind: "refused";
      /** `key` undefined: it is about the file. */
      readonly problems: readonly { readonly key: string | undefined; readonly message: string }[];
    };

/** From the window. */
export interface WindowRequest<Name extends WindowRequestName = WindowRequestName> {
  readonly kind: "request";
  /** Chosen by the window; named by the answer. */
  readonly id: number;
  readonly name: Name;
  readonly arguments: WindowRequests[Name]["arguments"];
}

/** To the window. */
export type WindowMessage = WindowAnswer | WindowRefusal | WindowUpdate;

export interface WindowAnswer {
  readonly kind: "answer";
  readonly id: number;
  readonly value: unknown;
}

/** A request that is malformed, or failed by a bug: its words are for the developer. */
export interface WindowRefusal {
  readonly kind: "refusal";
  readonly id: number;
  readonly message: string;
}

export type WindowUpdate =
  | WelcomeUpdate
  | StateUpdate
  /** In order, bounded; `missed`: so many events were too many for this window (their effect is in the state). */
  | { readonly kind: "events"; readonly events: readonly RunEvent[]; readonly missed: number }
  | { readonly kind: "question"; readonly question: Question | undefined }
  | { readonly kind: "hostTest"; readonly test: HostTest }
  /**
   * Chosen in the system's own menu, or a file that was opened from the desktop. `name`: that of a command of the
   * window; `argument`: the path for open-application and open-directory, which without one ask for it.
   */
  | { readonly kind: "command"; readonly name: string; readonly argument: string | undefined }
  | { readonly kind: "notice"; readonly severity: "error" | "warning" | "note"; readonly text: string }
  /** What was opened last, the newest first; in the welcome, too. */
  | { readonly kind: "recent"; readonly files: readonly RecentFile[] }
  /** The window of a tab was closed: it comes back into the docks. */
  | { readonly kind: "tabBack"; readonly tab: DetachedTab }
  | { readonly kind: "terminalData"; readonly terminal: number; readonly bytes: Uint8Array }
  | { readonly kind: "filesClosed"; readonly files: number; readonly reason: string }
  /** Of a download: so much of it has been taken. */
  | {
      readonly kind: "transfer";
      readonly transfer: number;
      readonly bytes: number;
      /** Undefined while it goes on. */
      readonly end: TransferEnd | undefined;
    }
  | {
      readonly kind: "forward";
      readonly forward: number;
      readonly connections: number;
      readonly problem: string | undefined;
    }
  | { readonly kind: "forwardClosed"; readonly forward: number; readonly reason: string }
  | {
      readonly kind: "terminalClosed";
      readonly terminal: number;
      readonly reason: string;
      readonly isLost: boolean;
    };

export type TransferEnd =
  | { readonly kind: "done" }
  | { readonly kind: "cancelled" }
  | { readonly kind: "failed"; readonly reason: string };

/** First of all. */
export interface WelcomeUpdate {
  readonly kind: "welcome";
  readonly version: number;
  readonly program: string;
  readonly platform: string;
  /** Which target the window runs in. */
  readonly target: "electron" | "browser";
  readonly examples: readonly { readonly name: string; readonly folder: string }[];
  /** What keepWindowState kept last; null when there is none. */
  readonly windowState: string | null;
  /** As some window loaded it last, with errors if it has any. */
  readonly application: LoadedDocument | undefined;
  readonly directory: LoadedDocument | undefined;
  readonly recent: readonly RecentFile[];
  /** The tab that this window shows alone; undefined: it has docks. */
  readonly shows: DetachedTab | undefined;
}

export interface RecentFile {
  readonly kind: DocumentKind;
  readonly path: string;
}

export type DocumentKind = "application" | "directory";

/** What has changed since the last one; at most ten a second, and none before the last one was taken in. */
export interface StateUpdate {
  readonly kind: "state";
  readonly sequence: number;
  /** The controller's clock, ISO 8601. */
  readonly time: string;
  readonly hosts: readonly Changed<WindowHost>[];
  readonly hostsGone: readonly string[];
  readonly runs: readonly RunView[];
  readonly members: readonly Changed<WindowMember>[];
  readonly membersGone: readonly string[];
  readonly mesh: Omit<MeshView, "members"> | undefined;
  readonly loaded: LoadedNames | undefined;
}

/** Of one that the window holds: what is new of it; of any other: all. */
export type Changed<View extends { readonly host: string }> = Pick<View, "host"> & Partial<View>;

export interface LoadedNames {
  readonly application: ApplicationSummary | undefined;
  readonly directory: string | undefined;
}

/** A host as windows hold it: when it came into its state, instead of how long ago, so that it changes seldom. */
export type WindowHost = Omit<HostView, "sinceMs"> & {
  /** Milliseconds since 1970; 0 when nothing was ever asked of it. */
  readonly since: number;
};

/** The host's place in the overlay. */
export type WindowMember = Omit<MeshMember, "sinceMs"> & { readonly since: number };
