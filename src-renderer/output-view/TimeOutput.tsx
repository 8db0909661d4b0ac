// The output of all hosts in the order in which they printed it; follows the end while one looks at it.
import { IconArrowDown, IconDownload } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState, type JSX } from "react";
import { hostMenu } from "../marks/host-menu.ts";
import { countText, dayTimeText } from "../marks/words.ts";
import type { OutputStream } from "../state/output-texts-store.ts";
import { requestTerminal } from "../state/requests.ts";
import { setCurrentHost } from "../state/selection-store.ts";
import { blockName, type FoldChoice } from "./fold-streams-layout.ts";
import { mergeStreams, type MergedLine } from "./merge-streams-layout.ts";
import { safeLines } from "./safe-lines.ts";
import { saveText } from "./save-text.ts";

const LINES_SHOWN_MAX = 5000;
/** As much as the window keeps. */
const LINES_SAVED_MAX = 5_000_000;
const ROW_PX = 18;
/** At the end, near enough to mean it. */
const NEAR_PX = 30;

interface TimeOutputProps {
  readonly streams: readonly OutputStream[];
  readonly choice: FoldChoice;
}

export function TimeOutput({ streams, choice }: TimeOutputProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const [follows, setFollows] = useState(true);
  const { lines, isCut } = useMemo(() => mergeStreams(streams, choice, LINES_SHOWN_MAX), [streams, choice]);
  const hosts = useMemo(() => new Set(lines.map((line) => line.host)), [lines]);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => place.current,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => lines[index]?.key ?? index,
    overscan: 20,
  });
  useEffect(() => {
    if (follows && lines.length > 0) virtual.scrollToIndex(lines.length - 1);
  }, [lines, follows, virtual]);
  return (
    <div className="time-output">
      <p className="time-note sub">
        {isCut ? `The last ${countText(lines.length)} lines` : `${countText(lines.length)} lines`} of{" "}
        {countText(hosts.size)} {hosts.size === 1 ? "host" : "hosts"}, in the order in which they were printed
        <span className="grow" />
        {follows ? null : (
          <button type="button" className="button ghost" onClick={() => setFollows(true)}>
            <IconArrowDown size={14} /> Follow
          </button>
        )}
        <button
          type="button"
          className="button ghost"
          onClick={() => exportLines(mergeStreams(streams, choice, LINES_SAVED_MAX).lines)}
        >
          <IconDownload size={14} /> Export
        </button>
      </p>
      <div
        ref={place}
        className="scroll time-lines"
        tabIndex={0}
        role="log"
        aria-label="Output by time"
        aria-live="off"
        onScroll={({ currentTarget }) => {
          const { scrollTop, scrollHeight, clientHeight } = currentTarget;
          setFollows(scrollHeight - scrollTop - clientHeight < NEAR_PX);
        }}
      >
        <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {virtual.getVirtualItems().map(({ key, index, start }) => {
            const line = lines[index];
            return line === undefined ? null : <Line key={key} line={line} top={start} />;
          })}
        </div>
      </div>
    </div>
  );
}

function Line({ line, top }: { readonly line: MergedLine; readonly top: number }): JSX.Element {
  const { host, block, stream, timeMs, text } = line;
  return (
    <div className="time-line" style={{ transform: `translateY(${String(top)}px)` }}>
      <span className="numbers sub">{dayTimeText(timeMs, true)}</span>
      <button
        type="button"
        className="link mono where"
        tabIndex={-1}
        title={`${host}, ${blockName(block)}`}
        onClick={() => setCurrentHost(host)}
        onDoubleClick={() => requestTerminal(host)}
        {...hostMenu(() => [host])}
      >
        {host}
      </button>
      <span className={`stream ${stream}`}>{stream === "stdout" ? "out" : "err"}</span>
      <span className="mono what">{safeLines(text).join(" ")}</span>
    </div>
  );
}

/** `14:03:07.250`, as the person's clock has it. */
function exportLines(lines: readonly MergedLine[]): void {
  const text = lines.map(({ timeMs, host, block, stream, text: words }) =>
    [new Date(timeMs).toISOString(), host, blockName(block), stream, safeLines(words).join(" ")].join("\t"),
  );
  saveText("output-by-time.tsv", `${text.join("\n")}\n`);
}
