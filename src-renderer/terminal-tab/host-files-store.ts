// The files of one host as a panel shows them: where it looks, what is there, and what is on its way.
import { createStore, type StoreApi } from "zustand/vanilla";
import type { FileAnswer, FileEntry, FileList } from "#shared/controller-api/host-files.ts";
import type { TransferEnd } from "#shared/controller-api/window-messages.ts";
import { ask, followDoors, type DoorUpdate } from "../state/controller-updates.ts";
import { windowStore } from "../state/window-store.ts";
import { joined, shownName } from "./file-rows.ts";
import { upload, type UploadedFile } from "./upload-file.ts";
import type { UploadedTree } from "./uploaded-tree.ts";

export interface Transfer {
  readonly transfer: number;
  readonly name: string;
  readonly direction: "get" | "put";
  readonly bytes: number;
  readonly size: number | undefined;
  readonly end: TransferEnd | undefined;
}

export interface HostFilesState {
  readonly link:
    | { readonly kind: "opening" }
    | { readonly kind: "open"; readonly files: number }
    | { readonly kind: "closed"; readonly reason: string; readonly remedy: string };
  readonly list: FileList | undefined;
  readonly isBusy: boolean;
  /** What did not work last, in the host's words. */
  readonly problem: string | undefined;
  readonly transfers: readonly Transfer[];
  /** A file that is put where there is one already. */
  readonly replacing: { readonly name: string; readonly answer: (yes: boolean) => void } | undefined;
}

export interface HostFilesActions {
  readonly open: () => void;
  readonly go: (path: string) => void;
  readonly refresh: () => void;
  readonly get: (entry: FileEntry) => void;
  readonly put: (files: readonly UploadedFile[], trees?: readonly UploadedTree[]) => void;
  readonly makeDirectory: (name: string) => void;
  readonly rename: (entry: FileEntry, name: string) => void;
  readonly remove: (entry: FileEntry) => void;
  readonly cancel: (transfer: number) => void;
  /** Takes those that are over from the list. */
  readonly forget: () => void;
  readonly dispose: () => void;
}

const EMPTY: HostFilesState = {
  link: { kind: "opening" },
  list: undefined,
  isBusy: false,
  problem: undefined,
  transfers: [],
  replacing: undefined,
};
/** Of those that are over. */
const TRANSFERS_KEPT = 20;

export function createHostFiles(host: string): StoreApi<HostFilesState> & HostFilesActions {
  const store = createStore<HostFilesState>(() => EMPTY);
  const panel = new HostFilesPanel(host, store);
  return Object.assign(store, {
    open: () => void panel.open(),
    go: (path: string) => void panel.go(path),
    refresh: () => void panel.refresh(),
    get: (entry: FileEntry) => void panel.get(entry),
    put: (files: readonly UploadedFile[], trees?: readonly UploadedTree[]) => void panel.put(files, trees),
    makeDirectory: (name: string) =>
      void panel.change("makeFileDirectory", (files, at) => ({ files, path: joined(at, name) })),
    rename: (entry: FileEntry, name: string) =>
      void panel.change("renameFile", (files, at) => ({
        files,
        from: joined(at, entry.name),
        to: joined(at, name),
      })),
    remove: (entry: FileEntry) =>
      void panel.change("removeFile", (files, at) => ({
        files,
        path: joined(at, entry.name),
        kind: entry.kind,
      })),
    cancel: (transfer: number) => void panel.cancel(transfer),
    forget: () =>
      store.setState(({ transfers }) => ({ transfers: transfers.filter(({ end }) => end === undefined) })),
    dispose: () => panel.dispose(),
  });
}

class HostFilesPanel {
  readonly #host: string;
  readonly #store: StoreApi<HostFilesState>;
  readonly #stops: (() => void)[];
  readonly #cancelled = new Set<number>();
  #isOver = false;

  constructor(host: string, store: StoreApi<HostFilesState>) {
    this.#host = host;
    this.#store = store;
    this.#stops = [
      followDoors((update) => this.#take(update)),
      windowStore.subscribe(({ gone }) => {
        if (gone !== undefined && this.#files !== undefined) this.#closed("the controller is gone", "");
      }),
    ];
  }

  async open(): Promise<void> {
    this.#store.setState({ link: { kind: "opening" }, problem: undefined });
    const at = this.#store.getState().list?.path;
    try {
      const opened = await ask("openFiles", { host: this.#host });
      if (opened.kind === "refused") return this.#closed(opened.reason, opened.remedy);
      if (this.#isOver) return void ask("closeFiles", { files: opened.files });
      this.#store.setState({ link: { kind: "open", files: opened.files } });
      return await this.go(at ?? opened.start);
    } catch (error) {
      return this.#closed(error instanceof Error ? error.message : String(error), "");
    }
  }

  async go(path: string): Promise<void> {
    const answer = await this.#do((files) => ask("listFiles", { files, path }));
    if (answer !== undefined) this.#store.setState({ list: answer.value });
  }

  async refresh(): Promise<void> {
    const { list } = this.#store.getState();
    if (list !== undefined) await this.go(list.path);
  }

  async change<Name extends "makeFileDirectory" | "renameFile" | "removeFile">(
    name: Name,
    given: (files: number, at: string) => Parameters<typeof ask<Name>>[1],
  ): Promise<void> {
    const at = this.#store.getState().list?.path;
    if (at === undefined) return;
    const done = await this.#do((files) => ask(name, given(files, at)) as Promise<FileAnswer<null>>);
    if (done !== undefined) await this.refresh();
  }

  async get({ name, kind }: FileEntry): Promise<void> {
    const at = this.#store.getState().list?.path;
    if (at === undefined) return;
    const whole = kind === "directory";
    const started = await this.#do((files) => ask("startDownload", { files, path: joined(at, name), whole }));
    if (started === undefined) return;
    const { transfer, address, size } = started.value;
    const shown = whole ? `${shownName(name)}.tar` : shownName(name);
    this.#add({ transfer, name: shown, direction: "get", bytes: 0, size, end: undefined });
    const anchor = document.createElement("a");
    anchor.href = address;
    anchor.download = "";
    anchor.click();
  }

  /** Directories with all that is in them; what is there already is asked about file by file. */
  async put(chosen: readonly UploadedFile[], trees: readonly UploadedTree[] = []): Promise<void> {
    const at = this.#store.getState().list?.path;
    for (const tree of trees) if (at !== undefined) await this.#putTree(tree, joined(at, tree.name));
    // One after the other: several at once would only share the same way.
    for (const file of chosen) {
      if (at !== undefined && this.#files !== undefined) await this.#putOne(file, joined(at, file.name));
    }
    await this.refresh();
  }

  async cancel(transfer: number): Promise<void> {
    this.#cancelled.add(transfer);
    await ask("cancelTransfer", { transfer });
  }

  dispose(): void {
    this.#isOver = true;
    for (const stop of this.#stops) stop();
    const files = this.#files;
    if (files !== undefined) void ask("closeFiles", { files }).catch(() => "gone with the controller");
  }

  get #files(): number | undefined {
    const { link } = this.#store.getState();
    return link.kind === "open" ? link.files : undefined;
  }

  async #putTree(tree: UploadedTree, path: string): Promise<void> {
    const files = this.#files;
    if (files === undefined) return;
    try {
      // One that is there is added to; whatever else is in the way is told with the first file.
      const made = await ask("makeFileDirectory", { files, path });
      const { own, trees } = await tree.read();
      if (made.kind === "failed" && own.length + trees.length === 0)
        this.#store.setState({ problem: `${shownName(tree.name)}: ${made.reason}` });
      for (const file of own)
        if (this.#files !== undefined) await this.#putOne(file, joined(path, file.name));
      for (const one of trees) await this.#putTree(one, joined(path, one.name));
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      this.#store.setState({ problem: `${shownName(tree.name)}: ${words}` });
    }
  }

  async #putOne(file: UploadedFile, path: string): Promise<void> {
    const files = this.#files;
    if (files === undefined) return;
    let transfer: number | undefined;
    const end = await upload(
      file,
      {
        start: (replace) => ask("startUpload", { files, path, replace }),
        put: (to, bytes) => ask("putBytes", { transfer: to, bytes }),
        finish: (to) => ask("endUpload", { transfer: to }),
        isCancelled: (to) => this.#cancelled.has(to),
        mayReplace: () => this.#mayReplace(file.name),
      },
      (to, bytes) => {
        if (transfer === undefined) {
          transfer = to;
          const { name, size } = file;
          this.#add({ transfer, name: shownName(name), direction: "put", bytes, size, end: undefined });
        } else this.#update(to, { bytes });
      },
    );
    if (transfer !== undefined) this.#update(transfer, { end });
    else if (end.kind === "failed")
      this.#store.setState({ problem: `${shownName(file.name)}: ${end.reason}` });
  }

  #mayReplace(name: string): Promise<boolean> {
    return new Promise((resolve) => {
      const answer = (yes: boolean): void => {
        this.#store.setState({ replacing: undefined });
        resolve(yes);
      };
      this.#store.setState({ replacing: { name: shownName(name), answer } });
    });
  }

  /** Undefined: it did not work, and the panel says why. */
  async #do<Value>(
    act: (files: number) => Promise<FileAnswer<Value>>,
  ): Promise<{ readonly value: Value } | undefined> {
    const files = this.#files;
    if (files === undefined) return undefined;
    this.#store.setState({ isBusy: true, problem: undefined });
    try {
      const answer = await act(files);
      this.#store.setState({
        isBusy: false,
        problem: answer.kind === "failed" ? answer.reason : undefined,
      });
      return answer.kind === "failed" ? undefined : { value: answer.value };
    } catch (error) {
      this.#store.setState({
        isBusy: false,
        problem: error instanceof Error ? error.message : String(error),
      });
      return undefined;
    }
  }

  #take(update: DoorUpdate): void {
    if (update.kind === "filesClosed" && update.files === this.#files) this.#closed(update.reason, "");
    if (update.kind !== "transfer") return;
    const { transfer, bytes, end } = update;
    this.#update(transfer, end === undefined || bytes > 0 ? { bytes, end } : { end });
  }

  #add(transfer: Transfer): void {
    this.#store.setState(({ transfers }) => {
      const over = transfers.filter(({ end }) => end !== undefined).slice(-TRANSFERS_KEPT);
      return { transfers: [...over, ...transfers.filter(({ end }) => end === undefined), transfer] };
    });
  }

  #update(transfer: number, change: Partial<Transfer>): void {
    this.#store.setState(({ transfers }) => ({
      transfers: transfers.map((one) => (one.transfer === transfer ? { ...one, ...change } : one)),
    }));
  }

  #closed(reason: string, remedy: string): void {
    const ended = (one: Transfer): Transfer =>
      one.end === undefined ? { ...one, end: { kind: "failed", reason } } : one;
    this.#store.setState(({ transfers }) => ({
      link: { kind: "closed", reason, remedy },
      isBusy: false,
      transfers: transfers.map(ended),
    }));
  }
}
