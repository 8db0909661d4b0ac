// Why it waits: what the run waits for now, for whom and since when, and what happens if it does not come.
import { IconClockHour4, IconPlayerSkipForward } from "@tabler/icons-react";
import { useEffect, useState, type JSX } from "react";
import { useStore } from "zustand";
import type { RunView } from "#shared/controller-api/controller-api.ts";
import type { RunWait } from "#shared/controller-api/run-waits.ts";
import { parseNodeSet } from "#shared/node-set/node-set.ts";
import { Empty } from "../marks/Empty.tsx";
import { hostMenu } from "../marks/host-menu.ts";
import { StateGlyph } from "../marks/StateGlyph.tsx";
import { useNow } from "../marks/use-now.ts";
import { clockText, plural, shortSet } from "../marks/words.ts";
import { force } from "../state/actions.ts";
import { ask } from "../state/controller-updates.ts";
import { isOver, runsStore } from "../state/runs-store.ts";
import { selectHosts } from "../state/selection-store.ts";
import { tell } from "../state/window-store.ts";

/** The controller is asked this often, while one looks. */
const ASK_MS = 1000;

interface Told {
  readonly waits: readonly RunWait[];
  /** When it was told, milliseconds since 1970. */
  readonly atMs: number;
}

export function WaitingView(): JSX.Element {
  const run = useStore(runsStore, (state) => state.current);
  const isOpen = run !== undefined && !isOver(run);
  const told = useWaits(isOpen ? run.run : undefined);
  if (!isOpen)
    return (
      <Empty title="Nothing waits">
        While a run goes on, it is told here what it waits for, for whom and since when, and what happens if
        that does not come.
      </Empty>
    );
  return (
    <div className="scroll waits" tabIndex={0} role="region" aria-label="What the run waits for">
      {told === undefined ? null : <Waits told={told} run={run} />}
    </div>
  );
}

function useWaits(run: string | undefined): Told | undefined {
  const [told, setTold] = useState<Told | undefined>(undefined);
  useEffect(() => {
    setTold(undefined);
    if (run === undefined) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isGone = false;
    const look = async (): Promise<void> => {
      const waits = await ask("runWaits", { run });
      if (isGone) return;
      setTold({ waits, atMs: Date.now() });
      timer = setTimeout(start, ASK_MS);
    };
    const start = (): void => {
      look().catch((error: unknown) => tell("error", "What the run waits for is not known", String(error)));
    };
    start();
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [run]);
  return told;
}

function Waits({ told, run }: { readonly told: Told; readonly run: RunView }): JSX.Element {
  const { waits, atMs } = told;
  const now = useNow();
  const goneMs = Math.max(0, now - atMs);
  const [next] = waits
    .filter((wait) => wait.deadlineMs !== null)
    .toSorted((left, right) => (left.deadlineMs ?? 0) - (right.deadlineMs ?? 0));
  return (
    <>
      {next?.deadlineMs === undefined || next.deadlineMs === null ? null : (
        <p className="next-deadline">
          <IconClockHour4 size={15} aria-hidden="true" />
          <span>
            Next deadline in <b className="numbers">{clockText(next.deadlineMs - goneMs)}</b>, of {next.what}.{" "}
            <span className="sub">{next.then}</span>
          </span>
        </p>
      )}
      {waits.map((wait) => (
        <Wait key={`${wait.kind} ${wait.what}`} wait={wait} goneMs={goneMs} run={run} />
      ))}
    </>
  );
}

interface WaitProps {
  readonly wait: RunWait;
  readonly goneMs: number;
  readonly run: RunView;
}

function Wait({ wait, goneMs, run }: WaitProps): JSX.Element {
  const { kind, what, name, hosts, count, doing, waiting, waitingCount, blocked, sinceMs, deadlineMs } = wait;
  return (
    <article className="wait">
      <header>
        <StateGlyph mark={kind === "link" ? "orphaned" : kind === "run" ? "executing" : "preparing"} />
        <h3>{what.charAt(0).toUpperCase() + what.slice(1)}</h3>
        <span className="sub numbers">since {clockText(sinceMs + goneMs)}</span>
        {deadlineMs === null ? null : (
          <span className="sub numbers">{clockText(deadlineMs - goneMs)} left</span>
        )}
        <span className="grow" />
        {name === "" ? null : (
          <button
            type="button"
            className="button"
            title="Goes on without what is missing"
            onClick={() => force(run, name)}
          >
            <IconPlayerSkipForward size={14} /> Force
          </button>
        )}
      </header>
      <dl>
        {count === 0 || doing.length > 0 ? null : (
          <div>
            <dt>Waits for</dt>
            <dd>
              <Hosts folded={hosts} count={count} />
            </dd>
          </div>
        )}
        {doing.map(({ words, hosts: some, count: number }, index) => (
          <div key={words}>
            <dt>{index === 0 ? "Missing" : ""}</dt>
            <dd>
              <Hosts folded={some} count={number} /> <span className="sub">{words}</span>
            </dd>
          </div>
        ))}
        {waitingCount === 0 ? null : (
          <div>
            <dt>Stand still</dt>
            <dd>
              <Hosts folded={waiting} count={waitingCount} />
            </dd>
          </div>
        )}
        {blocked.length === 0 ? null : (
          <div>
            <dt>After it</dt>
            <dd>{blocked.join(", ")}</dd>
          </div>
        )}
        {wait.then === "" ? null : (
          <div>
            <dt>Then</dt>
            <dd className="sub">{wait.then}</dd>
          </div>
        )}
      </dl>
    </article>
  );
}

function Hosts({ folded, count }: { readonly folded: string; readonly count: number }): JSX.Element {
  const names = (): readonly string[] => {
    const parsed = parseNodeSet(folded);
    return parsed.kind === "ok" ? parsed.set.names() : [];
  };
  return (
    <button type="button" className="link" onClick={() => selectHosts(names())} {...hostMenu(names)}>
      {plural(count, "host")}: <span className="mono">{shortSet(names(), 90)}</span>
    </button>
  );
}
