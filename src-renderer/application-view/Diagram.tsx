// The diagram: lanes of components, blocks with state, counts and bars, gates that fill as hosts arrive, wires between.
import { IconFence, IconStack2, IconTerminal2 } from "@tabler/icons-react";
import { useEffect, useRef, useState, type JSX } from "react";
import type { RunView } from "#shared/controller-api/controller-api.ts";
import { StackedBar } from "../marks/StackedBar.tsx";
import { hostMenu } from "../marks/host-menu.ts";
import { StateGlyph } from "../marks/StateGlyph.tsx";
import { plural } from "../marks/words.ts";
import { hostsStore } from "../state/hosts-store.ts";
import type { Chosen } from "./chosen.ts";
import {
  BLOCK_HEIGHT,
  BLOCK_WIDTH,
  GATE_WIDTH,
  type BlockBox,
  type DiagramPlaces,
  type GateBox,
  type LaneBox,
  type Wire,
} from "./block-layout.ts";
import { blockStateOf, gateStateOf } from "./block-state.ts";

interface DiagramProps {
  readonly places: DiagramPlaces;
  readonly run: RunView | undefined;
  readonly chosen: Chosen | undefined;
  readonly onChoose: (chosen: Chosen | undefined) => void;
}

const LANE_INSET = 14;
/** Below it, words can no longer be read: then it is scrolled. */
const SCALE_MIN = 0.62;

export function Diagram({ places, run, chosen, onChoose }: DiagramProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (place.current === null) return undefined;
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 0));
    observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  const scale = width === 0 ? 1 : Math.max(SCALE_MIN, Math.min(1, width / places.width));
  const inner = Math.max(places.width, width / scale);
  return (
    <div
      ref={place}
      className="scroll diagram"
      role="group"
      aria-label="The application's blocks"
      tabIndex={0}
      onClick={() => onChoose(undefined)}
    >
      <div style={{ height: places.height * scale }}>
        <div
          className="diagram-inner"
          style={{ width: inner, height: places.height, transform: `scale(${String(scale)})` }}
        >
          {places.lanes.map((lane) => (
            <Lane key={lane.name} lane={lane} width={inner - 2 * LANE_INSET} run={run} />
          ))}
          <svg width={inner} height={places.height} className="wires" aria-hidden="true">
            {places.wires.map((wire) => (
              <WirePath
                key={`${wire.from}>${wire.to}:${String(wire.y1)}`}
                wire={wire}
                places={places}
                run={run}
              />
            ))}
          </svg>
          {places.blocks.map((box) => (
            <BlockCard
              key={box.path}
              box={box}
              lane={places.lanes.find((lane) => lane.component === box.component)}
              run={run}
              isChosen={chosen?.kind === "block" && chosen.path === box.path}
              onChoose={() => onChoose({ kind: "block", path: box.path })}
            />
          ))}
          {places.gates.map((gate) => (
            <Gate
              key={gate.name}
              gate={gate}
              lanes={places.lanes}
              run={run}
              isChosen={chosen?.kind === "gate" && chosen.name === gate.name}
              onChoose={() => onChoose({ kind: "gate", name: gate.name })}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

/** Those of the run that goes on, or of the last one. */
function hostsOfComponent(component: string): readonly string[] {
  const { sorted } = hostsStore.getState();
  return sorted.filter((row) => row.component === component).map((row) => row.name);
}

interface LaneProps {
  readonly lane: LaneBox;
  readonly width: number;
  readonly run: RunView | undefined;
}

function Lane({ lane, width, run }: LaneProps): JSX.Element {
  const { min, max } = lane.hosts;
  const component = run?.components.find((one) => one.name === lane.component);
  return (
    <div
      className="lane"
      style={{ left: LANE_INSET, top: lane.y, width, height: lane.height }}
      {...hostMenu(() => hostsOfComponent(lane.component))}
    >
      <header>
        <IconStack2 size={15} aria-hidden="true" />
        <b>{lane.component}</b>
        <span className="badge">
          {min === max ? plural(max, "host") : `${String(min)} to ${plural(max, "host")}`}
        </span>
        {lane.groups.length === 0 ? null : <span className="sub">group {lane.groups.join(", ")}</span>}
        <span className="grow" />
        <span className="mono sub">{component?.hosts ?? ""}</span>
      </header>
    </div>
  );
}

interface BlockCardProps {
  readonly box: BlockBox;
  readonly lane: LaneBox | undefined;
  readonly run: RunView | undefined;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}

function BlockCard({ box, lane, run, isChosen, onChoose }: BlockCardProps): JSX.Element {
  const { mark, words, done, total, counts } = blockStateOf(box, lane, run);
  return (
    <button
      type="button"
      className={`block ${mark ?? ""} ${isChosen ? "chosen" : ""}`}
      style={{ left: box.x, top: box.y, width: BLOCK_WIDTH, height: BLOCK_HEIGHT }}
      aria-pressed={isChosen}
      title={box.process}
      {...hostMenu(() => hostsOfComponent(box.component))}
      onClick={(event) => {
        event.stopPropagation();
        onChoose();
      }}
    >
      <span className="row">
        <IconTerminal2 size={14} aria-hidden="true" />
        <b className="name">{box.name}</b>
        <span className="grow" />
        <span className="numbers">
          <b>{done}</b>
          <span className="sub">/{total}</span>
        </span>
      </span>
      <span className="row">
        {mark === undefined ? null : <StateGlyph mark={mark} size={12} />}
        <span className="words" style={mark === undefined ? undefined : { color: `var(--ink-${mark})` }}>
          {words || box.process}
        </span>
      </span>
      <StackedBar counts={counts} total={total} height={4} />
    </button>
  );
}

interface GateProps {
  readonly gate: GateBox;
  readonly lanes: readonly LaneBox[];
  readonly run: RunView | undefined;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}

function Gate({ gate, lanes, run, isChosen, onChoose }: GateProps): JSX.Element {
  const { mark, arrived, max, isReleased, words } = gateStateOf(gate, lanes, run);
  const share = isReleased ? 1 : max === 0 ? 0 : Math.min(1, arrived / max);
  return (
    <button
      type="button"
      className={`gate ${isReleased ? "released" : ""} ${isChosen ? "chosen" : ""}`}
      style={{ left: gate.x, top: gate.y, width: GATE_WIDTH, height: gate.height }}
      aria-pressed={isChosen}
      aria-label={`Barrier ${gate.name}: ${String(arrived)} of ${String(max)} ${words}`}
      {...hostMenu(() => gate.lanes.flatMap(hostsOfComponent))}
      onClick={(event) => {
        event.stopPropagation();
        onChoose();
      }}
    >
      <i style={{ height: `${String(share * 100)}%` }} />
      <span className="gate-card" style={{ top: gate.cardY }}>
        <span className="row">
          <IconFence size={14} aria-hidden="true" />
          <b className="name">{gate.name}</b>
        </span>
        <span className="row">
          {mark === undefined ? null : <StateGlyph mark={mark} size={12} />}
          <b className="numbers">
            {arrived}
            <span className="sub">/{max}</span>
          </b>
          <span className="sub">{words}</span>
        </span>
      </span>
    </button>
  );
}

interface WirePathProps {
  readonly wire: Wire;
  readonly places: DiagramPlaces;
  readonly run: RunView | undefined;
}

function WirePath({ wire, places, run }: WirePathProps): JSX.Element {
  const { x1, y1, x2, y2 } = wire;
  const bend = Math.max(18, (x2 - x1) / 2);
  const gate = places.gates.find((one) => `gate:${one.name}` === wire.from);
  const box = places.blocks.find((one) => one.x + BLOCK_WIDTH === x1 && one.y + BLOCK_HEIGHT / 2 === y1);
  const lane = places.lanes.find((one) => one.component === box?.component);
  const isDone =
    gate === undefined
      ? box !== undefined && blockStateOf(box, lane, run).mark === "finished"
      : gateStateOf(gate, places.lanes, run).isReleased;
  return (
    <>
      <path
        className={isDone ? "done" : ""}
        d={`M${String(x1)} ${String(y1)}C${String(x1 + bend)} ${String(y1)} ${String(x2 - bend)} ${String(y2)} ${String(x2 - 6)} ${String(y2)}`}
      />
      <path className={`arrow ${isDone ? "done" : ""}`} d={`M${String(x2)} ${String(y2)}l-7-3.5v7z`} />
    </>
  );
}
