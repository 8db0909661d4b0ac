// Looks up plush.prefs in the working directory and in the user's configuration, and adds the environment.
import { dirname, isAbsolute, join, resolve } from "node:path";
import {
  mergePreferences,
  parsePreferences,
  preferencesOfEnvironment,
  PREFERENCES_BYTES_MAX,
  PREFERENCES_FILE_NAME,
  type Preferences,
  type PreferencesResult,
} from "./preferences.ts";
import { readDocument } from "./read-document.ts";

/** An absent file is no problem; an unreadable one is a warning, because the command may well do without it. */
export async function loadPreferences(
  workingDirectory: string,
  configDirectory: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<PreferencesResult> {
  const fromEnvironment = preferencesOfEnvironment(environment);
  const project = await loadFile(join(workingDirectory, PREFERENCES_FILE_NAME), PREFERENCES_FILE_NAME);
  const userPath = join(configDirectory, PREFERENCES_FILE_NAME);
  const user = await loadFile(userPath, userPath);
  return {
    preferences: mergePreferences(fromEnvironment.preferences, project.preferences, user.preferences),
    problems: [...fromEnvironment.problems, ...project.problems, ...user.problems],
  };
}

/** The values of one file; `source` is how messages call it. */
export async function loadFile(path: string, source: string): Promise<PreferencesResult> {
  const document = await readDocument(path, PREFERENCES_BYTES_MAX);
  if (document.kind === "ok") {
    const { preferences, problems } = parsePreferences(document.text, source);
    return { preferences: resolvePaths(preferences, dirname(path)), problems };
  }
  if (document.message === "there is no such file") return { preferences: {}, problems: [] };
  return {
    preferences: {},
    problems: [{ severity: "warning", source, line: 0, message: document.message, remedy: document.remedy }],
  };
}

function isUrl(text: string): boolean {
  return /^https?:\/\//iu.test(text);
}

/** Paths in a file are relative to that file, wherever the command is started. */
function resolvePaths(preferences: Preferences, directory: string): Preferences {
  const against = (path: string): string => (isAbsolute(path) ? path : resolve(directory, path));
  return {
    ...preferences,
    ...(preferences.directory === undefined ? {} : { directory: against(preferences.directory) }),
    ...(preferences.node_runtime === undefined || isUrl(preferences.node_runtime)
      ? {}
      : { node_runtime: against(preferences.node_runtime) }),
    ...(preferences.ssh_identity === undefined || preferences.ssh_identity.startsWith("~/")
      ? {}
      : { ssh_identity: against(preferences.ssh_identity) }),
    ...(preferences.results === undefined ? {} : { results: against(preferences.results) }),
  };
}
