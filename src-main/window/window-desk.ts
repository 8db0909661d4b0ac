// What stands behind the window, with or without one: the controller, the documents, and what is kept between starts.
import type { ControllerApi } from "#shared/controller-api/controller-api.ts";
import type { DetachResult, DocumentKind, TabPlace } from "#shared/controller-api/window-messages.ts";
import { controllerSettingsOf, type ControllerSettings } from "../documents/controller-settings.ts";
import { loadPreferences } from "../documents/load-preferences.ts";
import type { Paths } from "../documents/paths.ts";
import type { Preferences } from "../documents/preferences.ts";
import { UserPreferences } from "../documents/user-preferences.ts";
import { attachWindow, examplesIn, type WindowSurroundings } from "../window-session/attach-window.ts";
import type { Downloads } from "../window-session/downloads.ts";
import type { RecentFiles } from "../window-session/recent-files.ts";
import type { WindowPort } from "../window-session/window-port.ts";

export interface DeskParts {
  readonly startController: (settings: ControllerSettings) => Promise<ControllerApi>;
  readonly surroundings: (settings: DeskSurroundings) => Promise<WindowSurroundings>;
  readonly paths: Paths;
  readonly programDirectory: string;
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly chooseFile: (kind: DocumentKind) => Promise<string | null>;
  readonly openTab: (place: TabPlace) => Promise<DetachResult>;
  readonly tell: (text: string) => void;
  readonly log: (text: string) => void;
}

/** What the window's surroundings are made of. */
export interface DeskSurroundings {
  readonly api: ControllerApi;
  readonly stateDirectory: string;
  readonly preferences: UserPreferences;
  readonly programDirectory: string;
  readonly version: string;
  readonly open: { readonly directory?: string };
  readonly chooseFile: (kind: DocumentKind) => Promise<string | null>;
  readonly openTab: (place: TabPlace) => Promise<DetachResult>;
  readonly log: (text: string) => void;
}

export interface WindowDesk {
  readonly api: ControllerApi;
  readonly recent: RecentFiles;
  readonly downloads: Downloads;
  readonly examples: readonly string[];
  readonly attach: (port: WindowPort, tab: string | undefined) => Promise<void>;
  /** Ends the controller, and writes what is to be kept. */
  readonly close: () => Promise<void>;
}

export async function openWindowDesk(parts: DeskParts): Promise<WindowDesk> {
  const { paths, programDirectory, version, chooseFile, openTab, log } = parts;
  const preferences = await readPreferences(parts);
  // What the controller has to say is in its own log.
  const api = await parts.startController(controllerSettingsOf(preferences, paths, () => undefined));
  const { directory } = preferences;
  const { workingDirectory, environment } = parts;
  const surroundings = await parts.surroundings({
    preferences: new UserPreferences({ workingDirectory, configDirectory: paths.config, environment }),
    ...{ api, stateDirectory: paths.state, programDirectory, version, chooseFile, openTab, log },
    open: directory === undefined ? {} : { directory },
  });
  const { recent, downloads, windowState, examplesDirectory } = surroundings;
  return {
    api,
    recent,
    downloads,
    examples: (await examplesIn(examplesDirectory)).map(({ name }) => name),
    attach: async (port, tab) => void (await attachWindow(port, surroundings, tab)),
    async close() {
      await api.quit();
      await Promise.all([windowState.close(), recent.close()]);
    },
  };
}

/** As in a terminal, a preference that cannot be understood is no reason to guess. */
async function readPreferences(parts: DeskParts): Promise<Preferences> {
  const { workingDirectory, paths, environment, tell } = parts;
  const { preferences, problems } = await loadPreferences(workingDirectory, paths.config, environment);
  const lines = problems.map(({ source, line, message, remedy }) => {
    const place = line > 0 ? `${source}:${String(line)}` : source;
    return `${place}: ${message}\n${remedy}`;
  });
  if (problems.some(({ severity }) => severity === "error")) throw new Error(lines.join("\n\n"));
  for (const line of lines) tell(line);
  return preferences;
}
