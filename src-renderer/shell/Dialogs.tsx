// The dialogs that commands open; one at a time, Esc closes it, and whatever is dangerous is asked first.
import { Modal } from "@mantine/core";
import { useState, type FormEvent, type JSX } from "react";
import { useStore } from "zustand";
import { plural, shortSet } from "../marks/words.ts";
import { openExample, openFile, runCommand } from "../state/actions.ts";
import { ask } from "../state/controller-updates.ts";
import { tell, windowStore } from "../state/window-store.ts";
import { COMMANDS } from "./window-commands.ts";
import { closeDialog, dialogStore, type OpenDialog } from "./dialog-store.ts";
import { showView } from "./dock-store.ts";
import { keysText } from "./keys.ts";
import { Palette } from "./Palette.tsx";
import { SaveGroup } from "./SaveGroup.tsx";
import { PreferencesDialog } from "./PreferencesDialog.tsx";

const TITLES: Readonly<Record<OpenDialog["kind"], string>> = {
  open: "Open",
  examples: "Open example",
  preferences: "Preferences",
  palette: "Search",
  keys: "Keyboard shortcuts",
  about: "About Nebula",
  command: "Run command",
  fail: "Fail hosts?",
  group: "Save as group",
};

export function Dialogs(): JSX.Element {
  const open = useStore(dialogStore, (state) => state.open);
  return (
    <>
      <Palette opened={open?.kind === "palette"} />
      <Modal
        opened={open !== undefined && open.kind !== "palette"}
        onClose={closeDialog}
        title={open === undefined ? "" : titleOf(open)}
        closeButtonProps={{ "aria-label": "Close" }}
        centered
        size={open?.kind === "preferences" ? 720 : 560}
        transitionProps={{ duration: 0 }}
        classNames={{ content: "dialog", header: "dialog-head", body: "dialog-body" }}
      >
        {open === undefined ? null : <Content open={open} />}
      </Modal>
    </>
  );
}

function titleOf(open: OpenDialog): string {
  if (open.kind === "open")
    return open.what === "application" ? "Open application" : "Open resource directory";
  if (open.kind === "fail") return `Fail ${plural(open.hosts.length, "host")}?`;
  if (open.kind === "group") return `Save ${plural(open.hosts.length, "host")} as a group`;
  if (open.kind === "command") return `Run command on ${plural(open.hosts.length, "host")}`;
  return TITLES[open.kind];
}

function Content({ open }: { readonly open: OpenDialog }): JSX.Element | null {
  switch (open.kind) {
    case "open":
      return <OpenByPath what={open.what} />;
    case "examples":
      return <Examples />;
    case "preferences":
      return <PreferencesDialog />;
    case "palette":
      return null;
    case "keys":
      return <Keys />;
    case "about":
      return <About />;
    case "command":
      return <Command hosts={open.hosts} />;
    case "group":
      return <SaveGroup hosts={open.hosts} />;
    case "fail":
      return <Fail hosts={open.hosts} act={open.act} />;
  }
}

function OpenByPath({ what }: { readonly what: "application" | "directory" }): JSX.Element {
  const [path, setPath] = useState("");
  const target = useStore(windowStore, (state) => state.welcome?.target);
  const open = (wanted: string): void => {
    closeDialog();
    void openFile(what, wanted);
  };
  const choose = async (): Promise<void> => {
    const chosen = await ask("chooseFile", { kind: what });
    if (chosen !== null) open(chosen);
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (path.trim() !== "") open(path.trim());
  };
  return (
    <form onSubmit={submit}>
      <label className="label" htmlFor="open-path">
        Path on the controller's computer
      </label>
      <input
        id="open-path"
        className="field mono"
        data-autofocus
        value={path}
        onChange={(event) => setPath(event.target.value)}
      />
      <div className="dialog-acts">
        {target === "electron" ? (
          <button type="button" className="button" onClick={() => void choose()}>
            Choose...
          </button>
        ) : null}
        <button type="submit" className="button main" disabled={path.trim() === ""}>
          Open
        </button>
      </div>
    </form>
  );
}

function Examples(): JSX.Element {
  const examples = useStore(windowStore, (state) => state.welcome?.examples);
  if (examples === undefined || examples.length === 0)
    return <p>No examples have come with this installation.</p>;
  return (
    <ul className="choices">
      {examples.map(({ name, folder }) => (
        <li key={name}>
          <button
            type="button"
            onClick={() => {
              closeDialog();
              void openExample(name);
              showView("application");
            }}
          >
            <b>{name}</b>
            <span className="mono">{folder}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Keys(): JSX.Element {
  return (
    <table className="keys">
      <tbody>
        {COMMANDS.filter((command) => command.keys !== undefined).map((command) => (
          <tr key={command.id}>
            <td>{command.title}</td>
            <td>
              <kbd>{keysText(command.keys ?? "")}</kbd>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function About(): JSX.Element {
  const welcome = useStore(windowStore, (state) => state.welcome);
  return (
    <>
      <p>{welcome?.program ?? "Nebula"}: deploys, runs, monitors and cleans up a distributed application.</p>
      <p className="sub">
        {welcome?.platform}, in {welcome?.target === "electron" ? "its own window" : "a browser"}
      </p>
    </>
  );
}

function Command({ hosts }: { readonly hosts: readonly string[] }): JSX.Element {
  const [command, setCommand] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (command.trim() === "") return;
    closeDialog();
    showView("output");
    runCommand(hosts, command).catch((error: unknown) =>
      tell("error", "The command was not run", String(error)),
    );
  };
  return (
    <form onSubmit={submit}>
      <p className="mono set">{shortSet(hosts, 400)}</p>
      <label className="label" htmlFor="command-text">
        By sh -c on every host
      </label>
      <input
        id="command-text"
        className="field mono"
        data-autofocus
        value={command}
        onChange={(event) => setCommand(event.target.value)}
      />
      <div className="dialog-acts">
        <button type="button" className="button" onClick={closeDialog}>
          Cancel
        </button>
        <button type="submit" className="button main" disabled={command.trim() === ""}>
          Run on {plural(hosts.length, "host")}
        </button>
      </div>
    </form>
  );
}

/** Above so many, the count must be typed. */
const TYPED_ABOVE = 50;

function Fail({ hosts, act }: { readonly hosts: readonly string[]; readonly act: () => void }): JSX.Element {
  const [typed, setTyped] = useState("");
  const mustType = hosts.length > TYPED_ABOVE;
  return (
    <>
      <p className="mono set">{shortSet(hosts, 400)}</p>
      <p>
        They are given up in the runs that they take part in; their processes are ended, and other hosts take
        their place where there are any. This cannot be undone.
      </p>
      {mustType ? (
        <label className="label">
          Type {hosts.length} to go on
          <input className="field" value={typed} onChange={(event) => setTyped(event.target.value)} />
        </label>
      ) : null}
      <div className="dialog-acts">
        <button type="button" className="button" data-autofocus onClick={closeDialog}>
          Cancel
        </button>
        <button
          type="button"
          className="button danger filled"
          disabled={mustType && typed !== String(hosts.length)}
          onClick={() => {
            closeDialog();
            act();
          }}
        >
          Fail {plural(hosts.length, "host")}
        </button>
      </div>
    </>
  );
}
