// One distinct output: how many hosts, which ones, which stream, and the line that stands for it.
import type { JSX, ReactNode } from "react";
import { hostMenu } from "../marks/host-menu.ts";
import { countText, shortSet } from "../marks/words.ts";
import { masked, MASK, type OutputGroup } from "./fold-streams-layout.ts";

interface GroupRowProps {
  readonly group: OutputGroup;
  readonly isChosen: boolean;
  readonly masks: boolean;
  readonly onChoose: () => void;
}

export function GroupRow({ group, isChosen, masks, onChoose }: GroupRowProps): JSX.Element {
  const { hosts, texts, stream, summary, lines } = group;
  return (
    <div role="listitem">
      <button
        type="button"
        className={`group-row ${isChosen ? "chosen" : ""}`}
        aria-pressed={isChosen}
        onClick={onChoose}
        {...hostMenu(() => hosts)}
      >
        <b className="numbers">{countText(hosts.length)}</b>
        <span className="mono where">{shortSet(hosts, 30)}</span>
        <span className={`stream ${stream}`}>{stream === "stdout" ? "out" : "err"}</span>
        <span className="mono what">
          {masks && texts.length > 1 ? withMasks(masked(summary, texts[0]?.hosts[0] ?? "")) : summary}
        </span>
        {lines.length > 1 ? <span className="sub">{lines.length} lines</span> : null}
      </button>
    </div>
  );
}

/** What was masked is a small hatched box. */
function withMasks(text: string): readonly ReactNode[] {
  return text.split(MASK).flatMap((part, index): ReactNode[] =>
    // The parts of one text never move.
    index === 0
      ? [part]
      : [<i key={`mask-${String(index)}`} className="mask" title="differs from host to host" />, part],
  );
}
