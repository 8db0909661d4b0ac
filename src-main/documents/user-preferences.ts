// The preferences of a person as a window shows and changes them: what counts, where it is from, and the file that is edited.
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import type {
  PreferenceEntry,
  PreferencesView,
  WrittenPreferences,
} from "#shared/controller-api/window-messages.ts";
import { makeFolders } from "#shared/node/make-folders.ts";
import { editPreferences, preferenceText } from "./edit-preferences.ts";
import { loadFile } from "./load-preferences.ts";
import { PREFERENCE_FACTS } from "./preference-facts.ts";
import {
  environmentNameOf,
  parsePreferenceValue,
  parsePreferences,
  PREFERENCES_BYTES_MAX,
  PREFERENCES_FILE_NAME,
  preferencesOfEnvironment,
  type PreferenceKey,
  type PreferencesResult,
} from "./preferences.ts";
import { readDocument } from "./read-document.ts";
import { writeDocument } from "./write-document.ts";

export interface UserPreferencesSettings {
  readonly workingDirectory: string;
  readonly configDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

interface Sources {
  readonly environment: PreferencesResult;
  readonly project: PreferencesResult;
  readonly user: PreferencesResult;
}

const KEYS = Object.keys(PREFERENCE_FACTS) as readonly PreferenceKey[];
/** Other people have no business in it, as with the other files of the person's configuration. */
const PRIVATE_FOLDER = 0o700;

export class UserPreferences {
  readonly #settings: UserPreferencesSettings;
  readonly #projectPath: string;
  readonly #path: string;
  /** What counted when the program started. */
  readonly #started: Promise<ReadonlyMap<PreferenceKey, string>>;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(settings: UserPreferencesSettings) {
    this.#settings = settings;
    this.#projectPath = join(settings.workingDirectory, PREFERENCES_FILE_NAME);
    this.#path = join(settings.configDirectory, PREFERENCES_FILE_NAME);
    this.#started = this.#sources().then((sources) => {
      const counted = KEYS.map((key) => [key, this.#counted(sources, key)?.text] as const);
      return new Map(counted.flatMap(([key, text]) => (text === undefined ? [] : [[key, text] as const])));
    });
  }

  async read(): Promise<PreferencesView> {
    const [started, sources, text] = [await this.#started, await this.#sources(), await this.#text()];
    const own = text.kind === "ok" ? parsePreferences(text.text, "").preferences : {};
    const problems = [sources.environment, sources.project, sources.user]
      .flatMap((source) => source.problems)
      .map(
        ({ source, line, message, remedy }) =>
          `${source}${line > 0 ? `:${String(line)}` : ""}: ${message}. ${remedy}`,
      );
    const entries = KEYS.map((key): PreferenceEntry => {
      const { choices, ...facts } = PREFERENCE_FACTS[key];
      const counted = this.#counted(sources, key);
      const counts = counted?.text;
      return {
        ...facts,
        key,
        choices: choices ?? [],
        own: own[key] === undefined ? undefined : preferenceText(key, own[key]),
        counts,
        from: counted?.from,
        wantsRestart: facts.applies === "next start" && started.get(key) !== counts,
      };
    });
    return { path: this.#path, problems, entries };
  }

  /** All of it or nothing: refused when one value is wrong. One after the other, whoever asks. */
  write(changes: Readonly<Record<string, string | null>>): Promise<WrittenPreferences> {
    const written = this.#writing.then(() => this.#write(changes));
    this.#writing = written.catch((error: unknown) => error); // whoever asked for it is told
    return written;
  }

  async #write(changes: Readonly<Record<string, string | null>>): Promise<WrittenPreferences> {
    const wrong = Object.entries(changes).flatMap(([key, value]) => problemWith(key, value));
    if (wrong.length > 0) return { kind: "refused", problems: wrong };
    const text = await this.#text();
    if (text.kind === "failed") return refused(`${this.#path} cannot be read: ${text.message}`);
    const edited = editPreferences(text.text, changes);
    if (edited.kind === "refused")
      return { kind: "refused", problems: [{ key: edited.key, message: edited.message }] };
    try {
      await makeFolders(this.#settings.configDirectory, PRIVATE_FOLDER);
    } catch (error) {
      return refused(`${this.#settings.configDirectory} cannot be made: ${String(error)}`);
    }
    // Where the file is a link to somewhere else (a folder of dotfiles), that is what changes, and not the link.
    const path = await realpath(this.#path).catch(() => this.#path);
    const result = await writeDocument(path, edited.text, true);
    if (result.kind === "failed") return refused(`${path} cannot be written: ${result.message}`);
    return { kind: "written", preferences: await this.read() };
  }

  async #sources(): Promise<Sources> {
    return {
      environment: preferencesOfEnvironment(this.#settings.environment),
      project: await loadFile(this.#projectPath, this.#projectPath),
      user: await loadFile(this.#path, this.#path),
    };
  }

  async #text(): Promise<
    { readonly kind: "ok"; readonly text: string } | { readonly kind: "failed"; readonly message: string }
  > {
    const document = await readDocument(this.#path, PREFERENCES_BYTES_MAX);
    if (document.kind === "ok") return { kind: "ok", text: document.text };
    return document.message === "there is no such file"
      ? { kind: "ok", text: "" }
      : { kind: "failed", message: document.message };
  }

  /** The strongest source that mentions it; `from` is undefined for the person's own file, which is the weakest. */
  #counted(
    { environment, project, user }: Sources,
    key: PreferenceKey,
  ): { readonly text: string; readonly from: string | undefined } | undefined {
    const found = (
      { preferences }: PreferencesResult,
      from: string | undefined,
    ): { readonly text: string; readonly from: string | undefined } | undefined => {
      const value = preferences[key];
      return value === undefined ? undefined : { text: preferenceText(key, value), from };
    };
    return (
      found(environment, environmentNameOf(key)) ??
      found(project, this.#projectPath) ??
      found(user, undefined)
    );
  }
}

/** The parser of the file and of the flags says what is right. */
function problemWith(
  key: string,
  value: string | null,
): readonly { readonly key: string; readonly message: string }[] {
  const known = KEYS.find((one) => one === key);
  if (known === undefined) return [{ key, message: `there is no preference '${key}'` }];
  if (value === null) return [];
  const parsed = parsePreferenceValue(known, value);
  return parsed.kind === "ok" ? [] : [{ key, message: `must be ${parsed.expected}` }];
}

function refused(message: string): WrittenPreferences {
  return { kind: "refused", problems: [{ key: undefined, message }] };
}
