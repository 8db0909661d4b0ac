// One field for everything: commands, hosts and examples, by the first letters of their words.
import { Modal } from "@mantine/core";
import { useMemo, useState, type JSX, type KeyboardEvent } from "react";
import { openExample } from "../state/actions.ts";
import { hostsStore } from "../state/hosts-store.ts";
import { setCurrentHost, selectHosts } from "../state/selection-store.ts";
import { windowStore } from "../state/window-store.ts";
import { COMMANDS } from "./window-commands.ts";
import { closeDialog } from "./dialog-store.ts";
import { openTerminal, showView } from "./dock-store.ts";
import { keysText } from "./keys.ts";

interface Entry {
  readonly id: string;
  readonly title: string;
  readonly kind: string;
  readonly keys?: string;
  readonly whyNot?: string;
  readonly run: () => void;
}

/** A screenful. */
const SHOWN_MAX = 12;

export function Palette({ opened }: { readonly opened: boolean }): JSX.Element {
  return (
    <Modal
      opened={opened}
      onClose={closeDialog}
      withCloseButton={false}
      yOffset="12vh"
      size={560}
      transitionProps={{ duration: 0 }}
      classNames={{ content: "dialog palette", body: "palette-body" }}
      attributes={{ content: { "aria-label": "Search" } }}
    >
      {opened ? <Search /> : null}
    </Modal>
  );
}

function Search(): JSX.Element {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const entries = useMemo(() => matching(text), [text]);
  const chosen = Math.min(at, entries.length - 1);
  const run = (entry: Entry | undefined): void => {
    if (entry === undefined || entry.whyNot !== undefined) return;
    closeDialog();
    entry.run();
  };
  const onKey = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      setAt(Math.max(0, Math.min(entries.length - 1, chosen + step)));
    }
    if (event.key === "Enter") run(entries[chosen]);
  };
  return (
    <>
      <input
        className="field palette-field"
        data-autofocus
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={entries[chosen] === undefined ? undefined : `palette-${entries[chosen].id}`}
        aria-label="Search commands, hosts, examples"
        placeholder="Commands, hosts, examples"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKey}
      />
      <ul id="palette-list" role="listbox" className="palette-list" aria-label="Found">
        {entries.map((entry, index) => (
          <li
            key={entry.id}
            id={`palette-${entry.id}`}
            role="option"
            aria-selected={index === chosen}
            aria-disabled={entry.whyNot !== undefined}
            title={entry.whyNot}
            className={index === chosen ? "chosen" : ""}
            onPointerMove={() => setAt(index)}
            onClick={() => run(entry)}
          >
            <span>{entry.title}</span>
            <span className="kind">{entry.kind}</span>
            {entry.keys === undefined ? null : <kbd>{keysText(entry.keys)}</kbd>}
          </li>
        ))}
        {entries.length === 0 ? <li className="none">Nothing is called that.</li> : null}
      </ul>
    </>
  );
}

function matching(text: string): readonly Entry[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (title: string): boolean => words.every((word) => title.toLowerCase().includes(word));
  const commands = COMMANDS.filter((command) => command.id !== "palette" && fits(command.title)).map(
    (command): Entry => {
      const whyNot = command.whyNot?.();
      return {
        id: command.id,
        title: command.title,
        kind: command.menu,
        run: command.run,
        ...(command.keys === undefined ? {} : { keys: command.keys }),
        ...(whyNot === undefined ? {} : { whyNot }),
      };
    },
  );
  if (words.length === 0) return commands.slice(0, SHOWN_MAX);
  const hosts = hostsStore
    .getState()
    .sorted.filter((row) => fits(row.name))
    .slice(0, SHOWN_MAX)
    .flatMap(({ name, mark }): Entry[] => [
      {
        id: `host-${name}`,
        title: name,
        kind: `host, ${mark}`,
        run: () => {
          selectHosts([name], name);
          setCurrentHost(name);
          showView("host");
        },
      },
      {
        id: `terminal-${name}`,
        title: `Terminal on ${name}`,
        kind: "terminal",
        run: () => openTerminal(name),
      },
    ]);
  const examples = (windowStore.getState().welcome?.examples ?? [])
    .filter(({ name }) => fits(name))
    .map(({ name }): Entry => ({
      id: `example-${name}`,
      title: name,
      kind: "example",
      run: () => void openExample(name),
    }));
  return [...commands, ...examples, ...hosts].slice(0, SHOWN_MAX);
}
