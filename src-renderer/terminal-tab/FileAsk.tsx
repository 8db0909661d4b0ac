// What is asked before a host's files are changed: a name, or whether it is meant.
import { useState, type FormEvent, type JSX } from "react";
import type { FileEntry } from "#shared/controller-api/host-files.ts";
import { nameProblem, shownName } from "./file-rows.ts";
import type { HostFilesActions } from "./host-files-store.ts";

export type AskedOfFile =
  | { readonly kind: "make" }
  | { readonly kind: "rename"; readonly entry: FileEntry }
  | { readonly kind: "remove"; readonly entry: FileEntry }
  | { readonly kind: "replace"; readonly name: string; readonly answer: (yes: boolean) => void };

interface FileAskProps {
  readonly asked: AskedOfFile;
  readonly files: HostFilesActions;
  readonly onClose: () => void;
}

export function FileAsk({ asked, files, onClose }: FileAskProps): JSX.Element {
  const words = wordsOf(asked);
  const [name, setName] = useState(asked.kind === "rename" ? asked.entry.name : "");
  const needsName = asked.kind === "make" || asked.kind === "rename";
  const problem = needsName ? nameProblem(name) : undefined;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (problem !== undefined) return;
    if (asked.kind === "replace") {
      asked.answer(true);
      return;
    }
    onClose();
    if (asked.kind === "make") files.makeDirectory(name);
    else if (asked.kind === "rename") files.rename(asked.entry, name);
    else files.remove(asked.entry);
  };
  return (
    <form
      className="file-ask"
      role="alertdialog"
      aria-label={words.title}
      onSubmit={submit}
      onKeyDown={(event) => {
        if (event.key === "Escape") onClose();
      }}
    >
      <b>{words.title}</b>
      {words.detail === "" ? null : <p className="sub">{words.detail}</p>}
      {needsName ? (
        <input
          className="field mono"
          autoFocus
          aria-label="Name"
          value={name}
          onChange={({ target }) => setName(target.value)}
        />
      ) : null}
      <div className="dialog-acts">
        <button type="button" className="button" autoFocus={!needsName} onClick={onClose}>
          {asked.kind === "replace" ? "Keep it" : "Cancel"}
        </button>
        <button
          type="submit"
          className={`button ${asked.kind === "remove" || asked.kind === "replace" ? "danger filled" : "main"}`}
          disabled={problem !== undefined}
        >
          {words.act}
        </button>
      </div>
    </form>
  );
}

function wordsOf(asked: AskedOfFile): {
  readonly title: string;
  readonly detail: string;
  readonly act: string;
} {
  switch (asked.kind) {
    case "make":
      return { title: "New directory", detail: "", act: "Make" };
    case "rename":
      return { title: `Rename ${shownName(asked.entry.name)}`, detail: "", act: "Rename" };
    case "remove": {
      const isDirectory = asked.entry.kind === "directory";
      const detail = isDirectory ? "Only an empty directory is deleted." : "This cannot be undone.";
      return { title: `Delete ${shownName(asked.entry.name)}?`, detail, act: "Delete" };
    }
    case "replace":
      return {
        title: `Replace ${asked.name}?`,
        detail: "There is a file of that name on the host.",
        act: "Replace",
      };
  }
}
