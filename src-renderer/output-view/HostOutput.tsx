// The output of one host after the other, as each has written it; follows the end while one looks at it.
import { IconArrowDown } from "@tabler/icons-react";
import { useEffect, useMemo, useRef, useState, type JSX } from "react";
import { useStore } from "zustand";
import { compareNames } from "#shared/node-set/node-set.ts";
import { hostMenu } from "../marks/host-menu.ts";
import type { OutputStream } from "../state/output-texts-store.ts";
import { requestTerminal } from "../state/requests.ts";
import { selectionStore } from "../state/selection-store.ts";
import { blockName, type FoldChoice } from "./fold-streams-layout.ts";
import { safeLines } from "./safe-lines.ts";

const LINES_SHOWN_MAX = 2000;
/** At the end, near enough to mean it. */
const NEAR_PX = 30;

interface HostOutputProps {
  readonly streams: readonly OutputStream[];
  readonly choice: FoldChoice;
}

export function HostOutput({ streams, choice }: HostOutputProps): JSX.Element {
  const current = useStore(selectionStore, (state) => state.current);
  const hosts = useMemo(
    () => [...new Set(streams.map((stream) => stream.host))].sort(compareNames),
    [streams],
  );
  const [picked, setPicked] = useState<string | undefined>(undefined);
  const host = picked ?? (current !== undefined && hosts.includes(current) ? current : hosts[0]);
  const own = streams.filter(
    (one) =>
      one.host === host &&
      (choice.block === undefined || one.block === choice.block) &&
      (choice.stream === "both" || one.stream === choice.stream),
  );
  return (
    <div className="host-output">
      <ul className="scroll" aria-label="Hosts with output">
        {hosts.map((name) => (
          <li key={name}>
            <button
              type="button"
              aria-pressed={name === host}
              className="mono"
              onClick={() => setPicked(name)}
              onDoubleClick={() => requestTerminal(name)}
              {...hostMenu(() => [name])}
            >
              {name}
            </button>
          </li>
        ))}
      </ul>
      <Text key={host} streams={own} search={choice.search} />
    </div>
  );
}

function Text({
  streams,
  search,
}: {
  readonly streams: readonly OutputStream[];
  readonly search: string;
}): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const [follows, setFollows] = useState(true);
  useEffect(() => {
    if (follows && place.current !== null) place.current.scrollTop = place.current.scrollHeight;
  }, [streams, follows]);
  return (
    <div
      ref={place}
      className="scroll texts"
      tabIndex={0}
      role="log"
      aria-label="Output of the host"
      onScroll={({ currentTarget }) => {
        const { scrollTop, scrollHeight, clientHeight } = currentTarget;
        setFollows(scrollHeight - scrollTop - clientHeight < NEAR_PX);
      }}
    >
      {streams.map((stream) => (
        <section key={`${stream.block}:${String(stream.attempt)}:${stream.stream}`}>
          <h3>
            {blockName(stream.block)}, {stream.process}
            {stream.attempt > 1 ? `, start ${String(stream.attempt)}` : ""}{" "}
            <span className={`stream ${stream.stream}`}>{stream.stream === "stdout" ? "out" : "err"}</span>
          </h3>
          {stream.cut > 0 ? (
            <p className="sub">{stream.cut} characters before this are in the results.</p>
          ) : null}
          <pre>{textOf(stream, search)}</pre>
        </section>
      ))}
      {follows ? null : (
        <button type="button" className="button follow" onClick={() => setFollows(true)}>
          <IconArrowDown size={14} /> Follow
        </button>
      )}
    </div>
  );
}

function textOf(stream: OutputStream, search: string): string {
  const lines = safeLines(stream.text);
  const wanted = search === "" ? lines : lines.filter((line) => line.toLowerCase().includes(search));
  return wanted.slice(-LINES_SHOWN_MAX).join("\n");
}
