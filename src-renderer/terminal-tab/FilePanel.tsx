// The files of a host beside its terminal: looked through, fetched, put by drag or button, made, renamed, deleted.
import { IconArrowUp, IconFolderPlus, IconRefresh, IconUpload } from "@tabler/icons-react";
import { useEffect, useRef, useState, type DragEvent, type JSX, type RefObject } from "react";
import { useStore } from "zustand";
import type { FileEntry } from "#shared/controller-api/host-files.ts";
import { countText } from "../marks/words.ts";
import { FileAsk, type AskedOfFile } from "./FileAsk.tsx";
import { FileRows } from "./FileRows.tsx";
import { parentPath, pathSteps } from "./file-rows.ts";
import { createHostFiles, type HostFilesActions, type HostFilesState } from "./host-files-store.ts";
import { TransferList } from "./TransferList.tsx";
import { isDirectory, treeOf } from "./uploaded-tree.ts";

type Files = ReturnType<typeof createHostFiles>;

export function FilePanel({ host }: { readonly host: string }): JSX.Element {
  const [files, setFiles] = useState<Files | undefined>(undefined);
  useEffect(() => {
    const made = createHostFiles(host);
    setFiles(made);
    made.open();
    return () => made.dispose();
  }, [host]);
  return (
    <section className="side-panel" aria-label={`Files of ${host}`}>
      {files === undefined ? null : <Opened host={host} files={files} />}
    </section>
  );
}

function Opened({ host, files }: { readonly host: string; readonly files: Files }): JSX.Element {
  const state = useStore(files);
  const [chosen, setChosen] = useState<FileEntry | undefined>(undefined);
  const [asked, setAsked] = useState<AskedOfFile | undefined>(undefined);
  const [isOver, setOver] = useState(false);
  const { link, list, problem, replacing } = state;
  if (link.kind === "opening" && list === undefined)
    return <p className="sub">Asking {host} for its files</p>;
  const entry = list?.entries.find(({ name }) => name === chosen?.name);
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    // Elsewhere in the window a dropped file is opened.
    event.stopPropagation();
    setOver(false);
    if (link.kind === "open") putDropped(files, event.dataTransfer);
  };
  return (
    <div
      className={`files ${isOver ? "dropping" : ""}`}
      data-takes-files=""
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        event.stopPropagation();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <PathBar files={files} state={state} onMake={() => setAsked({ kind: "make" })} />
      {link.kind === "closed" ? (
        <div className="note failed" role="alert">
          <b>{link.reason}.</b> {link.remedy}{" "}
          <button type="button" className="link" onClick={files.open}>
            Try again
          </button>
        </div>
      ) : null}
      {problem === undefined ? null : (
        <p className="note failed" role="alert">
          {problem}
        </p>
      )}
      {list === undefined ? null : (
        <FileRows
          key={list.path}
          list={list}
          chosen={entry?.name}
          onChoose={setChosen}
          onOpen={(one) => openEntry(files, list.path, one)}
          onAsk={(kind, one) => setAsked({ kind, entry: one })}
        />
      )}
      {list !== undefined && (list.isCut || list.unnamed > 0) ? <p className="sub">{leftOut(list)}</p> : null}
      {entry === undefined ? null : (
        <div className="file-acts">
          <button type="button" className="button" onClick={() => files.get(entry)} disabled={!canGet(entry)}>
            {entry.kind === "directory" ? "Get as .tar" : "Get"}
          </button>
          <button type="button" className="button" onClick={() => setAsked({ kind: "rename", entry })}>
            Rename...
          </button>
          <button type="button" className="button danger" onClick={() => setAsked({ kind: "remove", entry })}>
            Delete...
          </button>
        </div>
      )}
      <TransferList transfers={state.transfers} onCancel={files.cancel} onForget={files.forget} />
      {replacing === undefined ? null : (
        <FileAsk
          asked={{ kind: "replace", ...replacing }}
          files={files}
          onClose={() => replacing.answer(false)}
        />
      )}
      {asked === undefined ? null : (
        <FileAsk asked={asked} files={files} onClose={() => setAsked(undefined)} />
      )}
    </div>
  );
}

function canGet({ kind }: FileEntry): boolean {
  return kind !== "other";
}

function openEntry(files: HostFilesActions, at: string, entry: FileEntry): void {
  if (entry.kind === "file") files.get(entry);
  else if (entry.kind !== "other") files.go(at.endsWith("/") ? `${at}${entry.name}` : `${at}/${entry.name}`);
}

function leftOut({ isCut, unnamed, entries }: NonNullable<HostFilesState["list"]>): string {
  const cut = isCut
    ? `Only the first ${countText(entries.length)} are shown; look with ls in the terminal.`
    : "";
  const odd = unnamed > 0 ? `${countText(unnamed)} names that cannot be shown are left out.` : "";
  return `${cut} ${odd}`.trim();
}

interface PathBarProps {
  readonly files: Files;
  readonly state: HostFilesState;
  readonly onMake: () => void;
}

function PathBar({ files, state: { list, link, isBusy }, onMake }: PathBarProps): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const isOff = link.kind !== "open" || list === undefined;
  return (
    <div className="file-bar">
      <button
        type="button"
        className="icon-button"
        aria-label="Directory above"
        title="Directory above"
        disabled={isOff}
        onClick={() => list !== undefined && files.go(parentPath(list.path))}
      >
        <IconArrowUp size={14} />
      </button>
      <nav className="file-path mono" aria-label="Path">
        {pathSteps(list?.path ?? "/").map(({ name, path }) => (
          <button key={path} type="button" className="link" disabled={isOff} onClick={() => files.go(path)}>
            {name}
          </button>
        ))}
      </nav>
      {isBusy ? <span className="sub">...</span> : null}
      <button
        type="button"
        className="icon-button"
        aria-label="Look again"
        title="Look again"
        disabled={isOff}
        onClick={files.refresh}
      >
        <IconRefresh size={14} />
      </button>
      <button
        type="button"
        className="icon-button"
        aria-label="New directory"
        title="New directory"
        disabled={isOff}
        onClick={onMake}
      >
        <IconFolderPlus size={14} />
      </button>
      <button
        type="button"
        className="icon-button"
        aria-label="Put files here"
        title="Put files here"
        disabled={isOff}
        onClick={() => input.current?.click()}
      >
        <IconUpload size={14} />
      </button>
      <ChosenFiles input={input} onChosen={files.put} />
    </div>
  );
}

interface ChosenFilesProps {
  readonly input: RefObject<HTMLInputElement | null>;
  readonly onChosen: (files: readonly File[]) => void;
}

/** The browser's own way to choose files, behind a button of ours. */
function ChosenFiles({ input, onChosen }: ChosenFilesProps): JSX.Element {
  return (
    <input
      ref={input}
      type="file"
      multiple
      hidden
      aria-label="Files to put"
      onChange={({ target }) => {
        onChosen([...(target.files ?? [])]);
        // The same file may be chosen again.
        target.value = "";
      }}
    />
  );
}

function putDropped(files: HostFilesActions, data: DataTransfer): void {
  const items = [...data.items].filter(({ kind }) => kind === "file");
  // All at once: they are gone when the drop is over.
  const dropped = items.map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const trees = dropped.map(({ entry }) => entry).filter(isDirectory);
  files.put(
    dropped.flatMap(({ entry, file }) => (isDirectory(entry) || file === null ? [] : [file])),
    trees.map(treeOf),
  );
}
