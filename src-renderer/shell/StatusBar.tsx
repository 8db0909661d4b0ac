// One line: how the run is, how the hosts hang in the overlay, what is waited for; each part leads to its view.
import type { JSX } from "react";
import { useStore } from "zustand";
import { StateGlyph } from "../marks/StateGlyph.tsx";
import { useNow } from "../marks/use-now.ts";
import { clockText, countText, plural } from "../marks/words.ts";
import { documentProblems, documentsStore } from "../state/documents-store.ts";
import { eventsStore } from "../state/events-store.ts";
import { hostsStore } from "../state/hosts-store.ts";
import { isOver, runsStore } from "../state/runs-store.ts";
import { windowStore } from "../state/window-store.ts";
import { showView } from "./dock-store.ts";

export function StatusBar(): JSX.Element {
  const run = useStore(runsStore, (state) => state.current);
  const mesh = useStore(hostsStore, (state) => state.mesh);
  const ofRuns = useStore(eventsStore, (state) => state.problems.length);
  const ofDocuments = documentProblems(useStore(documentsStore)).length;
  const problems = ofRuns + ofDocuments;
  const isWelcome = useStore(windowStore, (state) => state.welcome !== undefined);
  const isGoing = run !== undefined && !isOver(run);
  const failed = run?.state === "failed" || run?.state === "aborted";
  return (
    <footer className="status-bar" aria-label="Status">
      <button type="button" onClick={() => showView("application")}>
        <StateGlyph
          mark={isGoing ? "executing" : run === undefined ? "unused" : failed ? "failed" : "finished"}
        />
        {run?.state ?? (isWelcome ? "not running" : "connecting")}
      </button>
      {run === undefined ? null : <span className="mono">{run.run}</span>}
      <HostCounts />
      <Waiting />
      <span className="grow" />
      <button type="button" onClick={() => showView("problems")}>
        {problems === 0 ? "No problems" : plural(problems, "problem")}
      </button>
      <button type="button" onClick={() => showView("overlay")}>
        {mesh === undefined ? "" : `${mesh.overlay}, controller ${mesh.address}`}
      </button>
    </footer>
  );
}

function HostCounts(): JSX.Element {
  const sorted = useStore(hostsStore, (state) => state.sorted);
  const simulated = sorted.filter(({ host }) => host.managerType === "simulated").length;
  const count = (wanted: string): number => sorted.filter((row) => row.member?.state === wanted).length;
  const failed = sorted.filter((row) => row.mark === "failed").length;
  const [attached, orphaned, lost] = [count("attached"), count("orphaned"), count("lost")];
  return (
    <button type="button" onClick={() => showView("host")}>
      <span>
        {plural(sorted.length, "host")}: {countText(attached)} attached
        {orphaned > 0 ? (
          <span style={{ color: "var(--ink-orphaned)" }}>, {countText(orphaned)} orphaned</span>
        ) : null}
        {lost > 0 ? <span style={{ color: "var(--ink-lost)" }}>, {countText(lost)} lost</span> : null}
        {failed > 0 ? <span style={{ color: "var(--ink-failed)" }}>, {countText(failed)} failed</span> : null}
        {simulated > 0 ? (
          <span title="No program runs on them: there are no machines." className="badge">
            {simulated === sorted.length ? "simulated" : `${countText(simulated)} simulated`}
          </span>
        ) : null}
      </span>
    </button>
  );
}

/** The next deadline as a sentence, or what is waited for without one. */
function Waiting(): JSX.Element | null {
  const waiting = useStore(eventsStore, (state) => state.waiting);
  const now = useNow();
  const [first] = waiting.toSorted(
    (left, right) => (left.deadlineMs ?? Infinity) - (right.deadlineMs ?? Infinity),
  );
  if (first === undefined) return null;
  const gone = now - Date.parse(first.time);
  const left = first.deadlineMs === null ? "" : `, gives up in ${clockText(first.deadlineMs - gone)}`;
  return (
    <button type="button" onClick={() => showView("waiting")} title={first.hosts}>
      Waiting for {first.for} since {clockText(first.sinceMs + gone)}
      {left}
    </button>
  );
}
