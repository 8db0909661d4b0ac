// The live overlay: who hangs below whom, how each host is, and every time that the tree had to mend.
import { IconFocusCentered, IconHistory, IconSearch } from "@tabler/icons-react";
import { useMemo, useState, type JSX } from "react";
import { useStore } from "zustand";
import { Empty } from "../marks/Empty.tsx";
import { QueryField } from "../marks/QueryField.tsx";
import { StateWord } from "../marks/StateGlyph.tsx";
import { clockText, countText, durationText, plural } from "../marks/words.ts";
import { useMatchingHosts } from "../marks/use-matching-hosts.ts";
import { countMarks, HOST_MARKS } from "#shared/host-query/host-mark.ts";
import type { HostRow } from "#shared/host-query/host-row.ts";
import { hopStep, hopStepWords } from "#shared/host-query/metric-scale.ts";
import { hostsStore } from "../state/hosts-store.ts";
import { keepViewSetting, settingsStore } from "../state/settings-store.ts";
import { treeHistoryStore, treePast } from "../state/tree-history-store.ts";
import { TimeStrip } from "./TimeStrip.tsx";
import { TreeCanvas } from "./TreeCanvas.tsx";
import { LAYOUTS, type LayoutName } from "./tree-layout.ts";
import { TreeList } from "./TreeList.tsx";

type Shown = LayoutName | "list";
const TITLES: Readonly<Record<Shown, string>> = {
  tidy: "Tidy",
  radial: "Radial",
  grid: "Grid",
  list: "List",
};

export function TreeView(): JSX.Element {
  const sorted = useStore(hostsStore, (state) => state.sorted);
  const mesh = useStore(hostsStore, (state) => state.mesh);
  const kept = useStore(settingsStore, (state) => state.views["overlay"]) as Shown | undefined;
  const [layout, setLayout] = useState<Shown>(kept !== undefined && kept in TITLES ? kept : "radial");
  const [text, setText] = useState("");
  const [isSearching, setSearching] = useState(false);
  const [fit, setFit] = useState(0);
  const [pastMs, setPastMs] = useState<number | undefined>(undefined);
  const matching = useMatchingHosts(text);
  const shown = useMemo(
    () => (pastMs === undefined ? sorted : sortedLike(sorted, treePast.at(pastMs))),
    [pastMs, sorted],
  );
  if (sorted.length === 0)
    return (
      <Empty title="No overlay yet">
        In a run the hosts join a tree under the controller. You see it grow here, and mend when a host is
        lost.
      </Empty>
    );
  return (
    <section
      className={`view tree-view ${pastMs === undefined ? "" : "past"}`}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || pastMs === undefined) return;
        event.stopPropagation();
        setPastMs(undefined);
      }}
    >
      <div className="toolbar">
        <div className="segments" role="group" aria-label="Layout">
          {[...LAYOUTS, "list" as const].map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={layout === one}
              onClick={() => {
                setLayout(one);
                keepViewSetting("overlay", one);
              }}
            >
              {TITLES[one]}
            </button>
          ))}
        </div>
        {isSearching || text !== "" ? (
          <QueryField
            text={text}
            onText={setText}
            found={`${countText(matching?.size ?? sorted.length)} of ${plural(sorted.length, "host")}`}
          />
        ) : (
          <>
            <span className="grow" />
            <span className="sub mesh-words">{mesh === undefined ? "" : `${mesh.overlay}`}</span>
            <button
              type="button"
              className="icon-button"
              aria-label="Find hosts"
              onClick={() => setSearching(true)}
            >
              <IconSearch size={15} />
            </button>
          </>
        )}
        {layout === "list" ? null : (
          <button
            type="button"
            className="icon-button"
            aria-label="Show the whole tree"
            onClick={() => setFit(fit + 1)}
          >
            <IconFocusCentered size={15} />
          </button>
        )}
      </div>
      {pastMs === undefined ? <Figures /> : null}
      <div className="tree-place">
        {layout === "list" ? (
          <TreeList rows={shown} matching={matching} />
        ) : (
          <>
            <TreeCanvas rows={shown} layout={layout} matching={matching} fit={fit} />
            <Legend rows={shown} />
            {pastMs === undefined ? <EdgeLegend rows={sorted} /> : null}
          </>
        )}
        {pastMs === undefined ? null : <PastMark pastMs={pastMs} onLive={() => setPastMs(undefined)} />}
      </div>
      <TimeStrip pastMs={pastMs} onPast={setPastMs} />
    </section>
  );
}

/** In the order in which they stand now; who has gone since comes last. */
function sortedLike(now: readonly HostRow[], then: ReadonlyMap<string, HostRow>): readonly HostRow[] {
  const names = new Set([...now.map((row) => row.name), ...then.keys()]);
  return [...names].flatMap((name) => then.get(name) ?? []);
}

interface PastMarkProps {
  readonly pastMs: number;
  readonly onLive: () => void;
}

/** Nobody should take it for the present. */
function PastMark({ pastMs, onLive }: PastMarkProps): JSX.Element {
  const first = useStore(treeHistoryStore, (state) => state.growth[0]?.timeMs ?? pastMs);
  return (
    <p className="past-mark" role="status">
      <IconHistory size={15} aria-hidden="true" />
      <b>Past</b> <span className="numbers">{clockText(pastMs - first)}</span>
      <span className="sub numbers">{new Date(pastMs).toLocaleTimeString()}</span>
      <button type="button" className="button" onClick={onLive}>
        Live <kbd>Esc</kbd>
      </button>
    </p>
  );
}

function Legend({ rows }: { readonly rows: readonly HostRow[] }): JSX.Element {
  const counts = countMarks(rows.map((row) => row.mark));
  return (
    <dl className="tree-legend" aria-label="Hosts by state">
      {HOST_MARKS.filter((mark) => counts.has(mark)).map((mark) => (
        <div key={mark}>
          <dt>
            <StateWord mark={mark} />
          </dt>
          <dd className="numbers">{countText(counts.get(mark) ?? 0)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Only of what there is: on one computer all hops are short. */
function EdgeLegend({ rows }: { readonly rows: readonly HostRow[] }): JSX.Element | null {
  const counts = new Map<number, number>();
  for (const { host } of rows) {
    const rttMs = host.metrics?.rttMs;
    if (rttMs !== undefined) counts.set(hopStep(rttMs), (counts.get(hopStep(rttMs)) ?? 0) + 1);
  }
  if (counts.size === 0) return null;
  return (
    <dl className="edge-legend" aria-label="Hops by round trip">
      {hopStepWords().map((words, step) =>
        counts.has(step) ? (
          <div key={words}>
            <dt>
              <span
                className="edge-swatch"
                style={{ background: `var(--r${String(step)})`, height: 1 + 0.5 * step }}
              />
              {words}
            </dt>
            <dd className="numbers">{countText(counts.get(step) ?? 0)}</dd>
          </div>
        ) : null,
      )}
    </dl>
  );
}

/** The talk's figures, for this run: how long the tree took to build, to pass on the last command, and to mend. */
function Figures(): JSX.Element | null {
  const { constructionMs, reconfigurations } = useStore(treeHistoryStore);
  const propagation = useStore(hostsStore, (state) => state.mesh?.propagation);
  const over = reconfigurations.filter((one) => one.endMs !== undefined);
  const last = over.at(-1);
  if (constructionMs === undefined && last === undefined && propagation === undefined) return null;
  return (
    <dl className="tree-figures">
      {constructionMs === undefined ? null : (
        <div>
          <dt>Construction</dt>
          <dd>{durationText(constructionMs)}</dd>
        </div>
      )}
      {propagation === undefined ? null : (
        <div title="From the sending of the last command until all whom it was for had acknowledged it">
          <dt>Propagation</dt>
          <dd>{durationText(propagation.ms)}</dd>
          <dd className="sub">to {plural(propagation.hosts, "host")}</dd>
        </div>
      )}
      {last?.endMs === undefined ? null : (
        <div>
          <dt>Reconfiguration</dt>
          <dd>{durationText(last.endMs - last.startMs)}</dd>
          <dd className="sub">last of {over.length}</dd>
        </div>
      )}
    </dl>
  );
}
