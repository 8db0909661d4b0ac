// The hosts that the person has chosen: one set, wherever they were chosen, shown everywhere.
import { createStore } from "zustand/vanilla";
import { foldNames } from "#shared/node-set/node-set.ts";

export interface SelectionState {
  readonly hosts: ReadonlySet<string>;
  /** The one whose page is shown, and from which a range is extended; it need not be among the chosen ones. */
  readonly current: string | undefined;
}

const NONE: ReadonlySet<string> = new Set();

export const selectionStore = createStore<SelectionState>(() => ({ hosts: NONE, current: undefined }));

export function selectHosts(names: Iterable<string>, current?: string): void {
  const hosts = new Set(names);
  selectionStore.setState({ hosts, current: current ?? selectionStore.getState().current });
}

export function toggleHost(name: string): void {
  const hosts = new Set(selectionStore.getState().hosts);
  if (!hosts.delete(name)) hosts.add(name);
  selectionStore.setState({ hosts, current: name });
}

export function addHosts(names: Iterable<string>): void {
  selectionStore.setState({ hosts: new Set([...selectionStore.getState().hosts, ...names]) });
}

export function setCurrentHost(name: string | undefined): void {
  selectionStore.setState({ current: name });
}

export function clearSelection(): void {
  selectionStore.setState({ hosts: NONE });
}

export function foldSelection(): string {
  return foldNames(selectionStore.getState().hosts);
}
