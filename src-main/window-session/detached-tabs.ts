// Tabs that were torn off into windows of their own: which they are, the shells that move with them, and how they come back.
import { randomBytes } from "node:crypto";
import type { DetachedTab, DetachResult, TabPlace } from "#shared/controller-api/window-messages.ts";
import type { MovedTerminal } from "./terminal-pool.ts";

export interface DetachedTabsParts {
  /** Opens a window for it, or says where a browser finds one. */
  readonly open: (place: TabPlace) => Promise<DetachResult>;
  readonly after: (delayMs: number, action: () => void) => () => void;
}

/** One that is loaded anew is there again within so long; one that is not was closed. */
const GONE_MS = 1500;
/** A shell on its way between two windows; whoever wants it is loading. */
const SHELL_MS = 30_000;
/** More windows than a person has screens for. */
export const DETACHED_MAX = 16;
const NAME_BYTES = 12;

interface Entry {
  tab: DetachedTab;
  readonly back: (tab: DetachedTab) => void;
  stopWaiting: () => void;
}

export class DetachedTabs {
  readonly #parts: DetachedTabsParts;
  readonly #entries = new Map<string, Entry>();
  readonly #shells = new Map<string, { readonly terminal: MovedTerminal; readonly stop: () => void }>();

  constructor(parts: DetachedTabsParts) {
    this.#parts = parts;
  }

  /** To be asked before a shell is taken out of its tab for the way. */
  get refusal(): Extract<DetachResult, { readonly kind: "refused" }> | undefined {
    if (this.#entries.size < DETACHED_MAX) return undefined;
    return { kind: "refused", message: `${String(DETACHED_MAX)} tabs have windows of their own already` };
  }

  /** `back`: the window was closed, and the tab wants to be where it came from. */
  async detach(tab: DetachedTab, back: (tab: DetachedTab) => void): Promise<DetachResult> {
    const { refusal } = this;
    if (refusal !== undefined) return refusal;
    const id = randomBytes(NAME_BYTES).toString("hex");
    const entry: Entry = { tab, back, stopWaiting: () => undefined };
    this.#entries.set(id, entry);
    const result = await this.#parts.open({ id, title: tab.title });
    if (result.kind === "refused") this.#entries.delete(id);
    // A browser may never open it.
    else entry.stopWaiting = this.#parts.after(SHELL_MS, () => this.#return(id, entry));
    return result;
  }

  /** Its page is there, perhaps again. Undefined: no such tab. */
  attached(id: string): DetachedTab | undefined {
    const entry = this.#entries.get(id);
    entry?.stopWaiting();
    return entry?.tab;
  }

  /** Its page is gone; `terminal`: the shell that was in it. */
  gone(id: string, terminal: MovedTerminal | undefined): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return terminal?.shell.close();
    const { shell: _old, ...tab } = entry.tab;
    entry.tab = terminal === undefined ? tab : { ...tab, shell: this.keep(terminal) };
    entry.stopWaiting();
    entry.stopWaiting = this.#parts.after(GONE_MS, () => this.#return(id, entry));
    return undefined;
  }

  /** Until it is taken, for half a minute; the name under which it is taken. */
  keep(terminal: MovedTerminal): string {
    const name = randomBytes(NAME_BYTES).toString("hex");
    const stop = this.#parts.after(SHELL_MS, () => this.take(name)?.shell.close());
    this.#shells.set(name, { terminal, stop });
    return name;
  }

  take(name: string): MovedTerminal | undefined {
    const kept = this.#shells.get(name);
    this.#shells.delete(name);
    kept?.stop();
    return kept?.terminal;
  }

  #return(id: string, entry: Entry): void {
    if (this.#entries.delete(id)) entry.back(entry.tab);
  }
}
