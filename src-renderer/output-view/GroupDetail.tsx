// One distinct output in whole, and where it differs from what most hosts have written.
import { IconDownload } from "@tabler/icons-react";
import { diffLines } from "diff";
import { useMemo, type JSX } from "react";
import { foldNames } from "#shared/node-set/node-set.ts";
import { hostMenu } from "../marks/host-menu.ts";
import { plural } from "../marks/words.ts";
import { selectHosts } from "../state/selection-store.ts";
import type { OutputGroup } from "./fold-streams-layout.ts";

/** Comparing longer texts takes longer than anybody reads. */
const DIFF_LINES_MAX = 2000;
const SHOWN_LINES_MAX = 2000;

interface GroupDetailProps {
  readonly group: OutputGroup;
  readonly compared: OutputGroup | undefined;
  readonly onExport: () => void;
}

interface DetailLine {
  readonly sign: " " | "+" | "-";
  readonly text: string;
}

export function GroupDetail({ group, compared, onExport }: GroupDetailProps): JSX.Element {
  const lines = useMemo(() => detailLines(group, compared), [group, compared]);
  const isCompared = compared !== undefined && lines.some((line) => line.sign !== " ");
  return (
    <section className="group-detail" aria-label="One output">
      <header>
        <button
          type="button"
          className="link"
          onClick={() => selectHosts(group.hosts)}
          title="Select these hosts"
          {...hostMenu(() => group.hosts)}
        >
          <b>{plural(group.hosts.length, "host")}</b> <span className="mono">{foldNames(group.hosts)}</span>
        </button>
        <span className="grow" />
        {isCompared ? <span className="sub">compared with the largest group</span> : null}
        <button type="button" className="button ghost" onClick={onExport}>
          <IconDownload size={14} /> Export
        </button>
      </header>
      {group.cut > 0 ? (
        <p className="sub">{group.cut} characters before this are in the results, not here.</p>
      ) : null}
      <pre className="scroll" tabIndex={0}>
        {lines.slice(-SHOWN_LINES_MAX).map(({ sign, text }, index) => (
          // Lines have no other name than their number, and are replaced as a whole.
          <span key={String(index)} className={sign === "+" ? "added" : sign === "-" ? "missing" : ""}>
            {isCompared ? `${sign} ` : ""}
            {text}
            {"\n"}
          </span>
        ))}
      </pre>
    </section>
  );
}

function detailLines(group: OutputGroup, compared: OutputGroup | undefined): readonly DetailLine[] {
  const own = group.lines.map((text): DetailLine => ({ sign: " ", text }));
  if (compared === undefined || group.lines.length + compared.lines.length > DIFF_LINES_MAX) return own;
  const parts = diffLines(textOf(compared), textOf(group));
  return parts.flatMap(({ value, added, removed }) =>
    value
      .replace(/\n$/, "")
      .split("\n")
      .map((text): DetailLine => ({ sign: added ? "+" : removed ? "-" : " ", text })),
  );
}

function textOf({ lines }: OutputGroup): string {
  return `${lines.join("\n")}\n`;
}
