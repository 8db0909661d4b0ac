// Where Nebula keeps its files on each system: one resolver, pure over the environment and the platform.
import { posix, win32 } from "node:path";

/** Each program's own folder below is called this. */
const FOLDER = "nebula";

/** What the resolver needs to know of the computer. */
export interface PathsContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly homeDirectory: string;
  readonly temporaryDirectory: string;
  /** Numeric user id, so that two users' fall-back runtime folders differ; undefined on Windows. */
  readonly userId: number | undefined;
}

/** Absolute folders of our own; none of them need exist yet. */
export interface Paths {
  /** plush.prefs of the user. */
  readonly config: string;
  /** Results of runs, history of the shell, logs. */
  readonly state: string;
  /** What can be fetched again. */
  readonly cache: string;
  /** What the user has made and that is no document of a project. */
  readonly data: string;
  /** Sockets and locks: gone after a restart, only for this user. */
  readonly runtime: string;
}

/** Linux and other Unix: the XDG base directories. macOS: ~/Library. Windows: %APPDATA% and %LOCALAPPDATA%. */
export function pathsOf(context: PathsContext): Paths {
  switch (context.platform) {
    case "win32":
      return windowsPaths(context);
    case "darwin":
      return macPaths(context);
    default:
      return xdgPaths(context);
  }
}

function xdgPaths(context: PathsContext): Paths {
  const { homeDirectory } = context;
  const base = (name: string, ...fallback: readonly string[]): string =>
    posix.join(absolute(context, name) ?? posix.join(homeDirectory, ...fallback), FOLDER);
  return {
    config: base("XDG_CONFIG_HOME", ".config"),
    state: base("XDG_STATE_HOME", ".local", "state"),
    cache: base("XDG_CACHE_HOME", ".cache"),
    data: base("XDG_DATA_HOME", ".local", "share"),
    runtime: xdgRuntime(context),
  };
}

/** Without a login session there is no XDG_RUNTIME_DIR; the temporary folder is shared, so the user is in the name. */
function xdgRuntime(context: PathsContext): string {
  const directory = absolute(context, "XDG_RUNTIME_DIR");
  if (directory !== undefined) return posix.join(directory, FOLDER);
  return posix.join(context.temporaryDirectory, `${FOLDER}-${context.userId ?? "user"}`);
}

/** Explicit XDG variables count on macOS too: who sets them means them. */
function macPaths(context: PathsContext): Paths {
  const library = posix.join(context.homeDirectory, "Library");
  const base = (name: string, ...fallback: readonly string[]): string => {
    const directory = absolute(context, name);
    return directory === undefined ? posix.join(library, ...fallback) : posix.join(directory, FOLDER);
  };
  return {
    config: base("XDG_CONFIG_HOME", "Preferences", FOLDER),
    state: base("XDG_STATE_HOME", "Application Support", FOLDER, "State"),
    cache: base("XDG_CACHE_HOME", "Caches", FOLDER),
    data: base("XDG_DATA_HOME", "Application Support", FOLDER),
    runtime: xdgRuntime(context),
  };
}

function windowsPaths(context: PathsContext): Paths {
  const { environment, homeDirectory } = context;
  const roaming = environment["APPDATA"] ?? win32.join(homeDirectory, "AppData", "Roaming");
  const local = environment["LOCALAPPDATA"] ?? win32.join(homeDirectory, "AppData", "Local");
  return {
    config: win32.join(roaming, FOLDER),
    state: win32.join(local, FOLDER, "State"),
    cache: win32.join(local, FOLDER, "Cache"),
    data: win32.join(local, FOLDER, "Data"),
    runtime: win32.join(context.temporaryDirectory, FOLDER),
  };
}

/** "All paths set in these variables must be absolute; relative ones are to be ignored" (XDG Base Directory 0.8). */
function absolute(context: PathsContext, name: string): string | undefined {
  const value = context.environment[name];
  return value !== undefined && posix.isAbsolute(value) ? value : undefined;
}
