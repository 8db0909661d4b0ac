// The files that were opened last, for the menus of all windows: kept from one start to the next.
import { z } from "zod";
import type { DocumentKind, RecentFile } from "#shared/controller-api/window-messages.ts";
import type { WindowStateFile } from "./window-state-file.ts";

/** What a menu shows without scrolling. */
export const RECENT_FILES_MAX = 12;

const schema = z.array(z.object({ kind: z.enum(["application", "directory"]), path: z.string().min(1) }));

export class RecentFiles {
  readonly #file: WindowStateFile;
  readonly #listeners = new Set<(files: readonly RecentFile[]) => void>();
  #files: Promise<readonly RecentFile[]> | undefined;

  constructor(file: WindowStateFile) {
    this.#file = file;
  }

  /** The newest first. */
  files(): Promise<readonly RecentFile[]> {
    return (this.#files ??= this.#read());
  }

  add(kind: DocumentKind, path: string): void {
    this.#change((files) => [{ kind, path }, ...files.filter((file) => file.path !== path)]);
  }

  clear(): void {
    this.#change(() => []);
  }

  onChange(listener: (files: readonly RecentFile[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    await this.#files;
    await this.#file.close();
  }

  #change(change: (files: readonly RecentFile[]) => readonly RecentFile[]): void {
    const changed = this.files().then((files) => change(files).slice(0, RECENT_FILES_MAX));
    this.#files = changed.then((files) => {
      this.#file.keep(JSON.stringify(files));
      for (const listener of this.#listeners) listener(files);
      return files;
    });
  }

  async #read(): Promise<readonly RecentFile[]> {
    try {
      const checked = schema.safeParse(JSON.parse((await this.#file.read()) ?? "[]"));
      return checked.success ? checked.data.slice(0, RECENT_FILES_MAX) : [];
    } catch {
      return []; // no JSON: somebody has edited it, and it is no loss
    }
  }
}
