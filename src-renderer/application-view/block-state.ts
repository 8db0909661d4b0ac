// How a block and a gate are in a run: counts, the mark for all of it, and the words. Pure.
import type { RunView } from "#shared/controller-api/controller-api.ts";
import type { HostMark } from "#shared/host-query/host-mark.ts";
import type { BlockBox, GateBox, LaneBox } from "./block-layout.ts";

export interface BlockState {
  /** Undefined: it has not begun. */
  readonly mark: HostMark | undefined;
  readonly words: string;
  readonly done: number;
  readonly total: number;
  readonly counts: ReadonlyMap<HostMark, number>;
}

export function blockStateOf(box: BlockBox, lane: LaneBox | undefined, run: RunView | undefined): BlockState {
  const component = run?.components.find((one) => one.name === box.component);
  const counted = run?.blocks.find((one) => one.block === box.path)?.counts ?? {};
  const of = (...states: readonly string[]): number =>
    states.reduce((sum, state) => sum + (counted[state] ?? 0), 0);
  const [executing, succeeded, failed] = [
    of("running", "restarting"),
    of("succeeded", "stopped"),
    of("failed"),
  ];
  const known = component === undefined ? 0 : hostsOf(component);
  const total = Math.max(known, executing + succeeded + failed) || (lane?.hosts.max ?? 0);
  const counts = new Map<HostMark, number>([
    ["finished", succeeded],
    ["executing", executing],
    ["failed", failed],
  ]);
  const begun = executing + succeeded + failed > 0;
  const base = { done: succeeded, total, counts };
  if (!begun) return { ...base, mark: undefined, words: run === undefined ? "" : waitsFor(box, run) };
  const parts = [
    executing > 0 ? `${String(executing)} ${box.isService ? "serving" : "executing"}` : "",
    failed > 0 ? `${String(failed)} failed` : "",
  ].filter(Boolean);
  if (run?.verdict !== undefined && executing === 0 && failed === 0 && succeeded < total)
    return { ...base, mark: "finished", words: `${String(total - succeeded)} did not begin` };
  const mark: HostMark =
    failed > 0 ? "failed" : executing > 0 ? "executing" : succeeded >= total ? "finished" : "executing";
  const words =
    parts.length > 0
      ? parts.join(", ")
      : succeeded >= total
        ? "finished"
        : `${String(total - succeeded)} to come`;
  return { ...base, mark, words };
}

function hostsOf(component: RunView["components"][number]): number {
  return Math.max(component.connected, component.ended, component.prepared, component.wanted.min);
}

function waitsFor(box: BlockBox, run: RunView): string {
  if (run.verdict !== undefined) return "did not begin";
  if (["matching", "connecting", "preparing"].includes(run.state)) return run.state;
  const [first] = box.predecessors;
  return first === undefined ? "about to start" : `waits for ${box.predecessors.join(", ")}`;
}

export interface GateState {
  readonly mark: HostMark | undefined;
  readonly arrived: number;
  readonly max: number;
  readonly isReleased: boolean;
  readonly words: string;
}

export function gateStateOf(gate: GateBox, lanes: readonly LaneBox[], run: RunView | undefined): GateState {
  const told = run?.barriers.find((one) => one.name === gate.name);
  const all = lanes
    .filter((lane) => gate.lanes.includes(lane.component))
    .reduce((sum, lane) => sum + lane.hosts.max, 0);
  const max = told?.max ?? (gate.max === "all" ? all : gate.max);
  const arrived = told?.arrived ?? 0;
  const isReleased = told?.released ?? false;
  if (isReleased) return { mark: "finished", arrived, max, isReleased, words: "released" };
  const isOpen = run !== undefined && run.verdict === undefined && arrived > 0;
  const words = isOpen
    ? `${String(max - arrived)} missing`
    : run?.verdict === undefined
      ? ""
      : "not released";
  return { mark: isOpen ? "executing" : undefined, arrived, max, isReleased, words };
}
