// What the chosen block or gate is about: its hosts by state, who is missing, since when; and what can be done.
import { IconPlayerSkipForward } from "@tabler/icons-react";
import type { JSX } from "react";
import { useStore } from "zustand";
import type { RunView } from "#shared/controller-api/controller-api.ts";
import { writeDuration } from "#shared/application/durations.ts";
import { StateWord } from "../marks/StateGlyph.tsx";
import { clockText, durationText, plural, shortSet } from "../marks/words.ts";
import { force } from "../state/actions.ts";
import { eventsStore, type TimedEvent } from "../state/events-store.ts";
import { hostsStore } from "../state/hosts-store.ts";
import { requestView } from "../state/requests.ts";
import { isOver } from "../state/runs-store.ts";
import { selectHosts } from "../state/selection-store.ts";
import type { Chosen } from "./chosen.ts";
import { ArrivalCurve } from "./ArrivalCurve.tsx";
import type { DiagramPlaces, GateBox } from "./block-layout.ts";
import { blockStateOf, gateStateOf } from "./block-state.ts";

interface InspectorProps {
  readonly chosen: Chosen;
  readonly places: DiagramPlaces;
  readonly run: RunView | undefined;
}

export function Inspector({ chosen, places, run }: InspectorProps): JSX.Element | null {
  if (chosen.kind === "gate") {
    const gate = places.gates.find((one) => one.name === chosen.name);
    return gate === undefined ? null : <GateInspector gate={gate} places={places} run={run} />;
  }
  return <BlockInspector path={chosen.path} places={places} run={run} />;
}

function BlockInspector({
  path,
  places,
  run,
}: {
  readonly path: string;
  readonly places: DiagramPlaces;
  readonly run: RunView | undefined;
}): JSX.Element | null {
  const sorted = useStore(hostsStore, (state) => state.sorted);
  const events = useStore(eventsStore, (state) => state.events);
  const box = places.blocks.find((one) => one.path === path);
  if (box === undefined) return null;
  const lane = places.lanes.find((one) => one.component === box.component);
  const state = blockStateOf(box, lane, run);
  const times = events.flatMap((event) =>
    event.event === "block" && event.block === path && event.run === run?.run ? [Date.parse(event.time)] : [],
  );
  const running = sorted.filter((row) =>
    row.host.processes.some((process) => process.block === path && process.state === "running"),
  );
  return (
    <section className="inspector" aria-label={`Block ${box.name}`}>
      <div>
        <h3>{box.name}</h3>
        {[...state.counts].map(([mark, count]) =>
          count === 0 ? null : (
            <p key={mark}>
              <StateWord mark={mark} word={`${String(count)} ${mark}`} />
            </p>
          ),
        )}
        <p className="sub">of {plural(state.total, "host")}</p>
      </div>
      <ArrivalCurve
        title="Hosts finished"
        times={times}
        total={state.total}
        startMs={run === undefined ? undefined : Date.parse(run.startedAt)}
      />
      <div className="grow">
        <h3>Command</h3>
        <p className="mono set">{box.process}</p>
        {running.length === 0 ? null : (
          <p>
            Executing on{" "}
            <button
              type="button"
              className="link mono"
              onClick={() => selectHosts(running.map((row) => row.name))}
            >
              {shortSet(running.map((row) => row.name))}
            </button>
          </p>
        )}
      </div>
      <div className="acts">
        <button type="button" className="button" onClick={() => requestView("output")}>
          Output
        </button>
        {run === undefined || isOver(run) ? null : (
          <button
            type="button"
            className="button"
            title="Counts as done on every host that executes it; what follows begins"
            onClick={() => force(run, box.name)}
          >
            <IconPlayerSkipForward size={14} /> Force
          </button>
        )}
      </div>
    </section>
  );
}

function GateInspector({
  gate,
  places,
  run,
}: {
  readonly gate: GateBox;
  readonly places: DiagramPlaces;
  readonly run: RunView | undefined;
}): JSX.Element {
  const sorted = useStore(hostsStore, (state) => state.sorted);
  const events = useStore(eventsStore, (state) => state.events);
  const state = gateStateOf(gate, places.lanes, run);
  const own = events.filter(
    (event): event is Extract<TimedEvent, { event: "barrier" }> =>
      event.event === "barrier" && event.barrier === gate.name && event.run === run?.run,
  );
  const arrivals = own.filter((event) => event.state === "reached");
  const arrived = new Set(arrivals.map((event) => event.host));
  const missing = sorted
    .filter(
      (row) => row.component !== undefined && gate.lanes.includes(row.component) && !arrived.has(row.name),
    )
    .map((row) => row.name);
  const release = own.find((event) => event.state === "released" || event.state === "forced");
  return (
    <section className="inspector" aria-label={`Barrier ${gate.name}`}>
      <div>
        <h3>{gate.name}</h3>
        <p>
          <b className="numbers">{state.arrived}</b> of {state.max} have arrived
        </p>
        {release?.waitedMs === undefined ? (
          <p className="sub">gives up {writeDuration(gate.deadlineMs)} after the first</p>
        ) : (
          <p className="sub">
            {release.state} {durationText(release.waitedMs)} after the first
          </p>
        )}
      </div>
      <ArrivalCurve
        title="Arrivals"
        times={arrivals.map((event) => Date.parse(event.time))}
        total={state.max}
        startMs={run === undefined ? undefined : Date.parse(run.startedAt)}
      />
      <div className="grow">
        <h3>Missing</h3>
        {state.isReleased || run === undefined ? (
          <p className="sub">{run === undefined ? "Not running." : "Nobody: it is released."}</p>
        ) : (
          <p>
            <button type="button" className="link mono" onClick={() => selectHosts(missing)}>
              {missing.length === 0 ? "-" : shortSet(missing, 120)}
            </button>
          </p>
        )}
        {arrivals[0] === undefined ? null : (
          <p className="sub">
            First at{" "}
            {clockText(Date.parse(arrivals[0].time) - Date.parse(run?.startedAt ?? arrivals[0].time))}
          </p>
        )}
      </div>
      <div className="acts">
        {run === undefined || isOver(run) || state.isReleased ? null : (
          <button type="button" className="button" onClick={() => force(run, gate.name)}>
            <IconPlayerSkipForward size={14} /> Release now
          </button>
        )}
      </div>
    </section>
  );
}
