// What runs, how far, and for how long; Run and what ends it.
import {
  IconBan,
  IconChevronRight,
  IconPlayerPlayFilled,
  IconPlayerStopFilled,
  IconSearch,
} from "@tabler/icons-react";
import type { JSX } from "react";
import { useStore } from "zustand";
import type { RunState } from "#shared/controller-api/run-events.ts";
import type { RunView } from "#shared/controller-api/controller-api.ts";
import { StackedBar } from "../marks/StackedBar.tsx";
import { StateGlyph } from "../marks/StateGlyph.tsx";
import { useNow } from "../marks/use-now.ts";
import { clockText, countText, plural } from "../marks/words.ts";
import { endRun, startRun, whyNotRun } from "../state/actions.ts";
import { documentsStore } from "../state/documents-store.ts";
import { countMarks, HOST_MARKS, type HostMark } from "#shared/host-query/host-mark.ts";
import { hostsStore } from "../state/hosts-store.ts";
import { isOver, runsStore } from "../state/runs-store.ts";
import { showDialog } from "./dialog-store.ts";

const STAGES = ["Match", "Deploy", "Install", "Execute", "Clean up"] as const;
const STAGE_OF: Readonly<Record<RunState, number>> = {
  matching: 0,
  connecting: 1,
  preparing: 2,
  running: 3,
  stopping: 3,
  collecting: 4,
  "cleaning up": 4,
  finished: 5,
  failed: 5,
  aborted: 5,
};

export function RunBar(): JSX.Element {
  const run = useStore(runsStore, (state) => state.current);
  const isGoing = run !== undefined && !isOver(run);
  return (
    <div className="run-bar" role="toolbar" aria-label="Run">
      {isGoing ? <EndButtons run={run} /> : <RunButton again={run !== undefined} />}
      <span className="vsep" />
      {run === undefined ? <Ready /> : <Stages run={run} />}
      <span className="grow" />
      {run === undefined ? null : <Counts run={run} />}
      <button type="button" className="button search" onClick={() => showDialog({ kind: "palette" })}>
        <IconSearch size={14} /> <span>Search</span> <kbd>Ctrl</kbd> <kbd>K</kbd>
      </button>
    </div>
  );
}

function RunButton({ again }: { readonly again: boolean }): JSX.Element {
  useStore(documentsStore);
  const reason = whyNotRun();
  return (
    <button
      type="button"
      className="button main"
      disabled={reason !== undefined}
      title={reason}
      onClick={() => void startRun()}
    >
      <IconPlayerPlayFilled size={14} /> {again ? "Run again" : "Run"}
    </button>
  );
}

function EndButtons({ run }: { readonly run: RunView }): JSX.Element {
  const isEnding = ["stopping", "collecting", "cleaning up"].includes(run.state);
  return (
    <>
      <button type="button" className="button" disabled={isEnding} onClick={() => endRun(run, "stop")}>
        <IconPlayerStopFilled size={14} /> Stop
      </button>
      <button type="button" className="button ghost" onClick={() => endRun(run, "abort")}>
        <IconBan size={14} /> Abort
      </button>
    </>
  );
}

function Ready(): JSX.Element {
  useStore(documentsStore);
  const count = useStore(hostsStore, (state) => state.sorted.length);
  const reason = whyNotRun();
  return (
    <span className="run-words">{reason ?? `Ready to run on the directory's ${plural(count, "host")}`}</span>
  );
}

function Stages({ run }: { readonly run: RunView }): JSX.Element {
  const at = STAGE_OF[run.state];
  const hasFailed = run.state === "failed" || run.state === "aborted";
  if (isOver(run) && run.verdict !== undefined) {
    const mark: HostMark = hasFailed ? "failed" : "finished";
    return (
      <span className="run-words verdict" title={run.verdict.reason}>
        <StateGlyph mark={mark} />
        <b style={{ color: `var(--ink-${mark})` }}>{run.state}</b>
        <span>{run.verdict.reason}</span>
      </span>
    );
  }
  return (
    <ol className="stages" aria-label={`Stage: ${run.state}`}>
      {STAGES.map((name, index) => (
        <li key={name} className={index === at ? "now" : index < at ? "done" : ""}>
          <StateGlyph mark={index < at ? "finished" : index === at ? "executing" : "unused"} />
          {index === at && run.state === "stopping" ? "Stopping" : name}
          {index < STAGES.length - 1 ? <IconChevronRight size={12} className="between" /> : null}
        </li>
      ))}
    </ol>
  );
}

/** Of the hosts that take part. */
function Counts({ run }: { readonly run: RunView }): JSX.Element {
  const sorted = useStore(hostsStore, (state) => state.sorted);
  const part = sorted.filter((row) => row.component !== undefined);
  const counts = countMarks(part.map((row) => row.mark));
  const shown = [...HOST_MARKS].reverse().filter((mark) => (counts.get(mark) ?? 0) > 0 && mark !== "unused");
  return (
    <div className="run-counts">
      <div className="run-progress">
        <div className="words">
          {shown.slice(0, 5).map((mark) => (
            <span key={mark} style={{ color: `var(--ink-${mark})` }}>
              <b>{countText(counts.get(mark) ?? 0)}</b> {mark}
            </span>
          ))}
        </div>
        <StackedBar counts={counts} total={part.length} />
      </div>
      <div className="run-time">
        <Elapsed run={run} />
        <span className="sub">{plural(part.length, "host")}</span>
      </div>
    </div>
  );
}

function Elapsed({ run }: { readonly run: RunView }): JSX.Element {
  const now = useNow();
  const end = run.endedAt === undefined ? now : Date.parse(run.endedAt);
  return (
    <span>
      <b className="numbers">{clockText(end - Date.parse(run.startedAt))}</b>{" "}
      {run.endedAt === undefined ? "elapsed" : "in all"}
    </span>
  );
}
