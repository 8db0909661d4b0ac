// The chosen hosts, folded, and what can be done with them; there only while some are chosen.
import { IconCheckbox, IconX } from "@tabler/icons-react";
import type { JSX } from "react";
import { useStore } from "zustand";
import { StateGlyph } from "../marks/StateGlyph.tsx";
import { countText, plural, shortSet } from "../marks/words.ts";
import { countMarks, HOST_MARKS } from "#shared/host-query/host-mark.ts";
import { hostsStore } from "../state/hosts-store.ts";
import { clearSelection, selectionStore } from "../state/selection-store.ts";
import { HOST_ACTS, type HostAct } from "./host-acts.tsx";

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
      {HOST_ACTS.map((act) => (
        <Act key={act.command.id} act={act} />
      ))}
      <button type="button" className="button ghost" onClick={clearSelection}>
        <IconX size={14} /> Clear <kbd>Esc</kbd>
      </button>
    </section>
  );
}

function Act({ act: { label, icon, command, isDangerous } }: { readonly act: HostAct }): JSX.Element {
  const reason = command.whyNot?.();
  return (
    <button
      type="button"
      className={`button ghost ${isDangerous ? "danger" : ""}`}
      disabled={reason !== undefined}
      title={reason}
      onClick={() => command.run()}
    >
      {icon} {label}
    </button>
  );
}
