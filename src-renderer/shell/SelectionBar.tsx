// The chosen hosts, folded, and what can be done with them; there only while some are chosen.
import { IconCheckbox, IconCopy, IconSquareX, IconTerminal, IconTerminal2, IconX } from "@tabler/icons-react";
import type { JSX, ReactNode } from "react";
import { useStore } from "zustand";
import { StateGlyph } from "../marks/StateGlyph.tsx";
import { countText, plural, shortSet } from "../marks/words.ts";
import { countMarks, HOST_MARKS } from "#shared/host-query/host-mark.ts";
import { hostsStore } from "../state/hosts-store.ts";
import { clearSelection, selectionStore } from "../state/selection-store.ts";
import { COMMANDS } from "./window-commands.ts";

export function SelectionBar(): JSX.Element | null {
  const hosts = useStore(selectionStore, (state) => state.hosts);
  const rows = useStore(hostsStore, (state) => state.rows);
  if (hosts.size === 0) return null;
  const counts = countMarks([...hosts].flatMap((name) => rows.get(name)?.mark ?? []));
  return (
    <section className="selection-bar" aria-label="Selected hosts">
      <span className="chip">
        <IconCheckbox size={15} /> {plural(hosts.size, "host")}
      </span>
      <span className="mono set">{shortSet(hosts)}</span>
      {HOST_MARKS.filter((mark) => counts.has(mark)).map((mark) => (
        <span key={mark} className="state-word" style={{ color: `var(--ink-${mark})` }}>
          <StateGlyph mark={mark} /> {countText(counts.get(mark) ?? 0)} {mark}
        </span>
      ))}
      <span className="grow" />
      <Act id="terminals" label="Open terminals" icon={<IconTerminal size={14} />} />
      <Act id="command" label="Run command..." icon={<IconTerminal2 size={14} />} />
      <Act id="fail" label="Fail..." icon={<IconSquareX size={14} />} danger />
      <Act id="copy-hosts" label="Copy" icon={<IconCopy size={14} />} />
      <button type="button" className="button ghost" onClick={clearSelection}>
        <IconX size={14} /> Clear <kbd>Esc</kbd>
      </button>
    </section>
  );
}

interface ActProps {
  readonly id: string;
  readonly label: string;
  readonly icon: ReactNode;
  readonly danger?: boolean;
}

function Act({ id, label, icon, danger = false }: ActProps): JSX.Element {
  const command = COMMANDS.find((one) => one.id === id);
  const reason = command?.whyNot?.();
  return (
    <button
      type="button"
      className={`button ghost ${danger ? "danger" : ""}`}
      disabled={reason !== undefined}
      title={reason}
      onClick={() => command?.run()}
    >
      {icon} {label}
    </button>
  );
}
