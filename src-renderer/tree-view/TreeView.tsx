// The live overlay: who hangs below whom, how each host is, and every time that the tree had to mend.
import { IconFocusCentered, IconSearch } from "@tabler/icons-react";
import { useState, type JSX } from "react";
import { useStore } from "zustand";
import { Empty } from "../marks/Empty.tsx";
import { QueryField } from "../marks/QueryField.tsx";
import { StateWord } from "../marks/StateGlyph.tsx";
import { countText, durationText, plural } from "../marks/words.ts";
import { useMatchingHosts } from "../marks/use-matching-hosts.ts";
import { countMarks, HOST_MARKS } from "#shared/host-query/host-mark.ts";
import type { HostRow } from "#shared/host-query/host-row.ts";
import { hopStep, hopStepWords } from "#shared/host-query/metric-scale.ts";
import { hostsStore } from "../state/hosts-store.ts";
import { keepViewSetting, settingsStore } from "../state/settings-store.ts";
import { treeHistoryStore } from "../state/tree-history-store.ts";
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
  const matching = useMatchingHosts(text);
  if (sorted.length === 0)
    return (
      <Empty title="No overlay yet">
        In a run the hosts join a tree under the controller. You see it grow here, and mend when a host is
        lost.
      </Empty>
    );
  return (
    <section className="view tree-view">
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
      <div className="tree-place">
        {layout === "list" ? (
          <TreeList rows={sorted} matching={matching} />
        ) : (
          <>
            <TreeCanvas rows={sorted} layout={layout} matching={matching} fit={fit} />
            <Legend rows={sorted} />
            <EdgeLegend rows={sorted} />
            <Figures />
          </>
        )}
      </div>
      <TimeStrip />
    </section>
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

/** The talk's figures, for this run: how long the tree took to build, and to mend. */
function Figures(): JSX.Element | null {
  const { constructionMs, reconfigurations } = useStore(treeHistoryStore);
  const over = reconfigurations.filter((one) => one.endMs !== undefined);
  const last = over.at(-1);
  if (constructionMs === undefined && last === undefined) return null;
  return (
    <dl className="tree-figures">
      {constructionMs === undefined ? null : (
        <div>
          <dt>Construction</dt>
          <dd>{durationText(constructionMs)}</dd>
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
