// What windows want to find again (layout, theme, filters): one file, written whole, the last one wins.
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** Dragging a divider changes it many times a second. */
const WRITE_DELAY_MS = 300;

export class WindowStateFile {
  readonly #path: string;
  readonly #onProblem: (text: string) => void;
  #wanted: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string, onProblem: (text: string) => void) {
    this.#path = path;
    this.#onProblem = onProblem;
  }

  /** Null: there is none yet, or it cannot be read (then a window starts as new). */
  async read(): Promise<string | null> {
    if (this.#wanted !== undefined) return this.#wanted;
    try {
      return await readFile(this.#path, "utf8");
    } catch {
      // The first start; anything else is told when it is written.
      return null;
    }
  }

  keep(state: string): void {
    this.#wanted = state;
    this.#timer ??= setTimeout(() => {
      this.#write();
    }, WRITE_DELAY_MS);
  }

  /** Resolves when all that was to be kept is on disk. */
  async close(): Promise<void> {
    if (this.#timer !== undefined) this.#write();
    await this.#writing;
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#wanted;
    if (text === undefined) return;
    this.#writing = this.#writing.then(() => this.#replace(text));
  }

  async #replace(text: string): Promise<void> {
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      await writeFile(`${this.#path}.new`, text, { mode: 0o600 });
      await rename(`${this.#path}.new`, this.#path);
    } catch (error) {
      this.#onProblem(`the window's layout cannot be kept in ${this.#path}: ${String(error)}`);
    }
  }
}
