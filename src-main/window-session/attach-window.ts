// Gives a window its session: what it is welcomed with, and the files and terminals that it may have.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ControllerApi } from "#shared/controller-api/controller-api.ts";
import type { Downloads } from "./downloads.ts";
import { FilePool } from "./file-pool.ts";
import { ForwardPool } from "./forward-pool.ts";
import type { DetachedTabs } from "./detached-tabs.ts";
import type { RecentFiles } from "./recent-files.ts";
import { TerminalPool } from "./terminal-pool.ts";
import type { WindowDocuments } from "./window-documents.ts";
import type { WindowPort } from "./window-port.ts";
import { WindowSession, type WindowPreferences } from "./window-session.ts";
import type { WindowStateFile } from "./window-state-file.ts";

export interface WindowSurroundings {
  readonly api: ControllerApi;
  readonly target: "electron" | "browser";
  /** `Nebula 0.1.0`. */
  readonly program: string;
  readonly platform: string;
  readonly windowState: WindowStateFile;
  /** Undefined: none have come with this installation. */
  readonly examplesDirectory: string | undefined;
  readonly documents: WindowDocuments;
  readonly recent: RecentFiles;
  readonly downloads: Downloads;
  readonly preferences: WindowPreferences;
  readonly tabs: DetachedTabs;
  readonly chooseFile: (kind: "application" | "directory") => Promise<string | null>;
  readonly log: (text: string) => void;
}

export async function attachWindow(
  port: WindowPort,
  surroundings: WindowSurroundings,
  tab?: string,
): Promise<WindowSession> {
  const {
    api,
    target,
    program,
    platform,
    windowState,
    documents,
    recent,
    preferences,
    tabs,
    chooseFile,
    log,
  } = surroundings;
  const shows = tab === undefined ? undefined : tabs.attached(tab);
  return new WindowSession({
    api,
    port,
    terminals: new TerminalPool(api.openTerminal.bind(api), (update) => port.send(update)),
    files: new FilePool(api.openFiles.bind(api), surroundings.downloads, (update) => port.send(update)),
    forwards: new ForwardPool(api.openForward.bind(api), (update) => port.send(update)),
    welcome: {
      program,
      platform,
      target,
      examples: await examplesIn(surroundings.examplesDirectory),
      windowState: await windowState.read(),
      recent: await recent.files(),
      shows,
    },
    documents,
    onRecent: (listener) => recent.onChange(listener),
    chooseFile,
    keepWindowState: (state) => windowState.keep(state),
    preferences,
    tabs,
    tab: shows === undefined ? undefined : tab,
    log,
  });
}

export async function examplesIn(directory: string | undefined): Promise<{ name: string; folder: string }[]> {
  if (directory === undefined) return [];
  const entries = await readdir(directory, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ name, folder: join(directory, name) }))
    .sort((left, right) => left.name.localeCompare(right.name));
}
